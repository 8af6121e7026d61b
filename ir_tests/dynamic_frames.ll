; Frames that are hard on a switch: dynamic allocas whose size is only known at
; run time, grown in a loop between switches, and buffers aligned to 64 and
; 256 bytes, for which the frame is realigned. Such functions use frame and base
; pointer, which a switch must keep.

@aligned = private unnamed_addr constant [15 x i8] c"aligned %d %d\0A\00"
@end = private unnamed_addr constant [32 x i8] c"context %lld: wrong bytes %lld\0A\00"

@handles = global [6 x ptr] zeroinitializer

declare ptr @llvm.stackswitch.base.create(i64)
declare void @llvm.stackswitch.base.destroy(ptr)
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @printf(ptr, ...)

; Writes n bytes that depend on seed.
define void @fill(ptr %p, i64 %n, i64 %seed) noinline {
entry:
  %start = mul i64 %seed, 37
  br label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %step = mul i64 %i, 11
  %page = lshr i64 %i, 8
  %low = add i64 %start, %step
  %value = add i64 %low, %page
  %byte = trunc i64 %value to i8
  %at = getelementptr i8, ptr %p, i64 %i
  store volatile i8 %byte, ptr %at
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %loop, label %done

done:
  ret void
}

; Counts the bytes that are not as fill wrote them.
define i64 @wrong(ptr %p, i64 %n, i64 %seed) noinline {
entry:
  %start = mul i64 %seed, 37
  br label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %bad = phi i64 [ 0, %entry ], [ %bad.next, %loop ]
  %step = mul i64 %i, 11
  %page = lshr i64 %i, 8
  %low = add i64 %start, %step
  %value = add i64 %low, %page
  %byte = trunc i64 %value to i8
  %at = getelementptr i8, ptr %p, i64 %i
  %is = load volatile i8, ptr %at
  %differs = icmp ne i8 %is, %byte
  %one = zext i1 %differs to i64
  %bad.next = add i64 %bad, %one
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %loop, label %done

done:
  ret i64 %bad.next
}

; Allocates n times, each time more, and suspends after each.
define i64 @grow(i64 %id, i64 %n) noinline {
entry:
  %fixed = alloca [128 x i8], align 64
  %blocks = alloca [8 x ptr]
  call void @fill(ptr %fixed, i64 128, i64 %id)
  br label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %i.next, %loop ]
  %part = mul i64 %i, 333
  %size = add i64 %part, 50
  %block = alloca i8, i64 %size, align 16
  %seed = add i64 %id, %i
  call void @fill(ptr %block, i64 %size, i64 %seed)
  %at = getelementptr [8 x ptr], ptr %blocks, i64 0, i64 %i
  store volatile ptr %block, ptr %at
  %v = call i64 @llvm.stackswitch.suspend.i64(i64 %i)
  %i.next = add i64 %i, 1
  %more = icmp ult i64 %i.next, %n
  br i1 %more, label %loop, label %check

check:
  %j = phi i64 [ 0, %loop ], [ %j.next, %check ]
  %bad = phi i64 [ 0, %loop ], [ %bad.next, %check ]
  %part.j = mul i64 %j, 333
  %size.j = add i64 %part.j, 50
  %seed.j = add i64 %id, %j
  %at.j = getelementptr [8 x ptr], ptr %blocks, i64 0, i64 %j
  %block.j = load volatile ptr, ptr %at.j
  %wrong = call i64 @wrong(ptr %block.j, i64 %size.j, i64 %seed.j)
  %bad.next = add i64 %bad, %wrong
  %j.next = add i64 %j, 1
  %more.j = icmp ult i64 %j.next, %n
  br i1 %more.j, label %check, label %done

done:
  %wrong.fixed = call i64 @wrong(ptr %fixed, i64 128, i64 %id)
  %all = add i64 %bad.next, %wrong.fixed
  ret i64 %all
}

define i32 @is.aligned(ptr %p, i64 %mask) noinline {
  %at = ptrtoint ptr %p to i64
  %low = and i64 %at, %mask
  %zero = icmp eq i64 %low, 0
  %n = zext i1 %zero to i32
  ret i32 %n
}

; A frame aligned to 256 bytes around the growing one.
define i64 @body(ptr %arg, i64 %first) {
  %wide = alloca [512 x i8], align 256
  %id = ptrtoint ptr %arg to i64
  call void @fill(ptr %wide, i64 512, i64 %id)
  %before = call i32 @is.aligned(ptr %wide, i64 255)
  %n = add i64 %id, 2
  %bad = call i64 @grow(i64 %id, i64 %n)
  %after = call i32 @is.aligned(ptr %wide, i64 255)
  %p = call i32 (ptr, ...) @printf(ptr @aligned, i32 %before, i32 %after)
  %wrong = call i64 @wrong(ptr %wide, i64 512, i64 %id)
  %all = add i64 %bad, %wrong
  %code = sub i64 -1, %all
  ret i64 %code
}

define i32 @main() {
entry:
  %base = call ptr @llvm.stackswitch.base.create(i64 1048576)
  br label %start

start:
  %i = phi i64 [ 0, %entry ], [ %i.next, %start ]
  %arg = inttoptr i64 %i to ptr
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr %arg)
  %at = getelementptr [6 x ptr], ptr @handles, i64 0, i64 %i
  store ptr %c, ptr %at
  %i.next = add i64 %i, 1
  %more = icmp ult i64 %i.next, 6
  br i1 %more, label %start, label %turns

; Turn t resumes context 5 * t mod 6, unless it has ended.
turns:
  %t = phi i64 [ 0, %start ], [ %t.next, %next ]
  %left = phi i64 [ 6, %start ], [ %left.next, %next ]
  %five = mul i64 %t, 5
  %which = urem i64 %five, 6
  %at.t = getelementptr [6 x ptr], ptr @handles, i64 0, i64 %which
  %ctx = load ptr, ptr %at.t
  %gone = icmp eq ptr %ctx, null
  br i1 %gone, label %next, label %go

go:
  %got = call i64 @llvm.stackswitch.resume.i64(ptr %ctx, i64 0)
  %ended = icmp slt i64 %got, 0
  br i1 %ended, label %end, label %next

end:
  %bad = sub i64 -1, %got
  %p = call i32 (ptr, ...) @printf(ptr @end, i64 %which, i64 %bad)
  call void @llvm.stackswitch.destroy(ptr %ctx)
  store ptr null, ptr %at.t
  %less = sub i64 %left, 1
  br label %next

next:
  %left.next = phi i64 [ %left, %turns ], [ %left, %go ], [ %less, %end ]
  %t.next = add i64 %t, 1
  %some = icmp ne i64 %left.next, 0
  br i1 %some, label %turns, label %done

done:
  call void @llvm.stackswitch.base.destroy(ptr %base)
  ret i32 0
}
