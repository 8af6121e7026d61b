; A producer, three stages and a consumer: five contexts in a row, each of
; which resumes the one before it for the next item. Proves nested resumes:
; every stage is at once the caller of one context and the callee of another,
; and suspend always goes to the stage that asked.
;
; numbers 1.. -> squares -> drop multiples of 3 -> running sum -> print

@item = private unnamed_addr constant [11 x i8] c"item %lld\0A\00"
@total = private unnamed_addr constant [36 x i8] c"consumer saw %lld items, last %lld\0A\00"
@result = private unnamed_addr constant [13 x i8] c"result %lld\0A\00"

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @printf(ptr, ...)

; Yields 1 to 12, then -1 as its result.
define i64 @produce(ptr %unused, i64 %first) {
entry:
  br label %loop

loop:
  %i = phi i64 [ 1, %entry ], [ %next, %loop ]
  %ignored = call i64 @llvm.stackswitch.suspend.i64(i64 %i)
  %next = add i64 %i, 1
  %more = icmp ule i64 %next, 12
  br i1 %more, label %loop, label %done

done:
  ret i64 -1
}

define i64 @square(ptr %source, i64 %first) {
entry:
  br label %loop

loop:
  %v = call i64 @llvm.stackswitch.resume.i64(ptr %source, i64 0)
  %end = icmp slt i64 %v, 0
  br i1 %end, label %done, label %pass

pass:
  %out = mul i64 %v, %v
  %ignored = call i64 @llvm.stackswitch.suspend.i64(i64 %out)
  br label %loop

done:
  ret i64 -1
}

define i64 @filter(ptr %source, i64 %first) {
entry:
  br label %loop

loop:
  %v = call i64 @llvm.stackswitch.resume.i64(ptr %source, i64 0)
  %end = icmp slt i64 %v, 0
  br i1 %end, label %done, label %test

test:
  %rest = urem i64 %v, 3
  %drop = icmp eq i64 %rest, 0
  br i1 %drop, label %loop, label %pass

pass:
  %ignored = call i64 @llvm.stackswitch.suspend.i64(i64 %v)
  br label %loop

done:
  ret i64 -1
}

define i64 @sum(ptr %source, i64 %first) {
entry:
  br label %loop

loop:
  %s = phi i64 [ 0, %entry ], [ %more, %pass ]
  %v = call i64 @llvm.stackswitch.resume.i64(ptr %source, i64 0)
  %end = icmp slt i64 %v, 0
  br i1 %end, label %done, label %pass

pass:
  %more = add i64 %s, %v
  %ignored = call i64 @llvm.stackswitch.suspend.i64(i64 %more)
  br label %loop

done:
  ret i64 -1
}

define i64 @consume(ptr %source, i64 %first) {
entry:
  br label %loop

loop:
  %n = phi i64 [ 0, %entry ], [ %n.next, %use ]
  %last = phi i64 [ 0, %entry ], [ %v, %use ]
  %v = call i64 @llvm.stackswitch.resume.i64(ptr %source, i64 0)
  %end = icmp slt i64 %v, 0
  br i1 %end, label %done, label %use

use:
  %p0 = call i32 (ptr, ...) @printf(ptr @item, i64 %v)
  %n.next = add i64 %n, 1
  br label %loop

done:
  %p1 = call i32 (ptr, ...) @printf(ptr @total, i64 %n, i64 %last)
  ret i64 %n
}

define i32 @main() {
  %a = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @produce, ptr null)
  %b = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @square, ptr %a)
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @filter, ptr %b)
  %d = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @sum, ptr %c)
  %e = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @consume, ptr %d)
  %n = call i64 @llvm.stackswitch.resume.i64(ptr %e, i64 0)
  %p = call i32 (ptr, ...) @printf(ptr @result, i64 %n)
  call void @llvm.stackswitch.destroy(ptr %e)
  call void @llvm.stackswitch.destroy(ptr %d)
  call void @llvm.stackswitch.destroy(ptr %c)
  call void @llvm.stackswitch.destroy(ptr %b)
  call void @llvm.stackswitch.destroy(ptr %a)
  ret i32 0
}
