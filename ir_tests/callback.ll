; A switch from inside a callback of a C library: three contexts sort with
; qsort at the same time, and each comparison suspends, so that the library's
; frames are part of the slices.

@numbers = global [3 x [12 x i32]] [[12 x i32] [i32 5, i32 3, i32 9, i32 1, i32 12, i32 7, i32 11, i32 2, i32 8, i32 4, i32 10, i32 6], [12 x i32] [i32 12, i32 11, i32 10, i32 9, i32 8, i32 7, i32 6, i32 5, i32 4, i32 3, i32 2, i32 1], [12 x i32] [i32 6, i32 7, i32 5, i32 8, i32 4, i32 9, i32 3, i32 10, i32 2, i32 11, i32 1, i32 12]]
@handles = global [3 x ptr] zeroinitializer

@number = private unnamed_addr constant [4 x i8] c" %d\00"
@line = private unnamed_addr constant [8 x i8] c"sorted:\00"
@end = private unnamed_addr constant [2 x i8] c"\0A\00"
@switched = private unnamed_addr constant [28 x i8] c"suspended inside qsort: %d\0A\00"

declare ptr @llvm.stackswitch.base.create(i64)
declare void @llvm.stackswitch.base.destroy(ptr)
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare i32 @llvm.stackswitch.status(ptr)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @printf(ptr, ...)
declare void @qsort(ptr, i64, i64, ptr)

define i32 @compare(ptr %a, ptr %b) {
  %x = load i32, ptr %a
  %y = load i32, ptr %b
  %v = call i64 @llvm.stackswitch.suspend.i64(i64 1)
  %less = icmp slt i32 %x, %y
  %more = icmp sgt i32 %x, %y
  %l = zext i1 %less to i32
  %m = zext i1 %more to i32
  %r = sub i32 %m, %l
  ret i32 %r
}

define i64 @body(ptr %array, i64 %first) {
  call void @qsort(ptr %array, i64 12, i64 4, ptr @compare)
  ret i64 0
}

define i32 @main() {
entry:
  %base = call ptr @llvm.stackswitch.base.create(i64 1048576)
  br label %start

start:
  %i = phi i64 [ 0, %entry ], [ %i.next, %start ]
  %array = getelementptr [3 x [12 x i32]], ptr @numbers, i64 0, i64 %i
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr %array)
  %at = getelementptr [3 x ptr], ptr @handles, i64 0, i64 %i
  store ptr %c, ptr %at
  %i.next = add i64 %i, 1
  %more = icmp ult i64 %i.next, 3
  br i1 %more, label %start, label %turns

; All three are resumed in turn until none is left.
turns:
  %t = phi i64 [ 0, %start ], [ %t.next, %turns.end ]
  %live = phi i64 [ 3, %start ], [ %live.next, %turns.end ]
  %suspensions = phi i64 [ 0, %start ], [ %suspensions.next, %turns.end ]
  %which = urem i64 %t, 3
  %at.t = getelementptr [3 x ptr], ptr @handles, i64 0, i64 %which
  %ctx = load ptr, ptr %at.t
  %state = call i32 @llvm.stackswitch.status(ptr %ctx)
  %over = icmp eq i32 %state, 3
  br i1 %over, label %turns.end, label %go

go:
  %got = call i64 @llvm.stackswitch.resume.i64(ptr %ctx, i64 0)
  %suspensions.go = add i64 %suspensions, %got
  %now = sub i64 1, %got
  %live.go = sub i64 %live, %now
  br label %turns.end

turns.end:
  %live.next = phi i64 [ %live, %turns ], [ %live.go, %go ]
  %suspensions.next = phi i64 [ %suspensions, %turns ], [ %suspensions.go, %go ]
  %t.next = add i64 %t, 1
  %some = icmp ne i64 %live.next, 0
  br i1 %some, label %turns, label %show

show:
  %enough = icmp ugt i64 %suspensions.next, 30
  %n = zext i1 %enough to i32
  %p0 = call i32 (ptr, ...) @printf(ptr @switched, i32 %n)
  br label %row

row:
  %r = phi i64 [ 0, %show ], [ %r.next, %row.end ]
  %at.r = getelementptr [3 x ptr], ptr @handles, i64 0, i64 %r
  %ctx.r = load ptr, ptr %at.r
  call void @llvm.stackswitch.destroy(ptr %ctx.r)
  %p1 = call i32 (ptr, ...) @printf(ptr @line)
  br label %column

column:
  %k = phi i64 [ 0, %row ], [ %k.next, %column ]
  %number.at = getelementptr [3 x [12 x i32]], ptr @numbers, i64 0, i64 %r, i64 %k
  %value = load i32, ptr %number.at
  %p2 = call i32 (ptr, ...) @printf(ptr @number, i32 %value)
  %k.next = add i64 %k, 1
  %more.k = icmp ult i64 %k.next, 12
  br i1 %more.k, label %column, label %row.end

row.end:
  %p3 = call i32 (ptr, ...) @printf(ptr @end)
  %r.next = add i64 %r, 1
  %more.r = icmp ult i64 %r.next, 3
  br i1 %more.r, label %row, label %done

done:
  call void @llvm.stackswitch.base.destroy(ptr %base)
  ret i32 0
}
