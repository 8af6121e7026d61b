; Large variables that switches need, in a module that wants them on the heap: their bytes must be
; right in each context, at each depth of a recursion, in loops, where control ends early, and
; whatever becomes of the others: some contexts are destroyed where they stand, some are cancelled.
; The contexts share one base, so each displaces the others.

@line = private unnamed_addr constant [30 x i8] c"round %lld: %lld, wrong %lld\0A\00"
@end = private unnamed_addr constant [22 x i8] c"sums %lld, status %d\0A\00"

@bad = global i64 0

declare void @llvm.lifetime.start.p0(i64, ptr)
declare void @llvm.lifetime.end.p0(i64, ptr)
declare ptr @llvm.stackswitch.base.create(i64)
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @llvm.stackswitch.destroy(ptr)
declare void @llvm.stackswitch.cancel(ptr)
declare i32 @llvm.stackswitch.status(ptr)
declare i32 @printf(ptr, ...)

; Writes n bytes that depend on seed.
define void @fill(ptr %p, i64 %n, i64 %seed) noinline {
entry:
  %start = mul i64 %seed, 37
  br label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %step = mul i64 %i, 11
  %value = add i64 %start, %step
  %byte = trunc i64 %value to i8
  %at = getelementptr i8, ptr %p, i64 %i
  store volatile i8 %byte, ptr %at
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %loop, label %done

done:
  ret void
}

; Adds up the bytes that are not as fill wrote them.
define void @check(ptr %p, i64 %n, i64 %seed) noinline {
entry:
  %start = mul i64 %seed, 37
  br label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %step = mul i64 %i, 11
  %value = add i64 %start, %step
  %byte = trunc i64 %value to i8
  %at = getelementptr i8, ptr %p, i64 %i
  %is = load volatile i8, ptr %at
  %differs = icmp ne i8 %is, %byte
  %one = zext i1 %differs to i64
  %old = load i64, ptr @bad
  %new = add i64 %old, %one
  store i64 %new, ptr @bad
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %loop, label %done

done:
  ret void
}

; A variable of its own at each depth, needed across a switch and across the calls below.
define i64 @deep(i64 %depth, i64 %seed) noinline {
entry:
  %buffer = alloca [2000 x i8], align 16
  %aligned = alloca [1500 x i8], align 128
  call void @llvm.lifetime.start.p0(i64 2000, ptr %buffer)
  call void @fill(ptr %buffer, i64 2000, i64 %seed)
  %other = add i64 %seed, 1
  call void @fill(ptr %aligned, i64 1500, i64 %other)
  %address = ptrtoint ptr %aligned to i64
  %rest = and i64 %address, 127
  %misplaced = icmp ne i64 %rest, 0
  br i1 %misplaced, label %wrong, label %go

wrong:
  call void @check(ptr %buffer, i64 2000, i64 -1)
  ret i64 -1

go:
  %got = call i64 @llvm.stackswitch.suspend.i64(i64 %depth)
  call void @check(ptr %buffer, i64 2000, i64 %seed)
  %deepest = icmp eq i64 %depth, 0
  br i1 %deepest, label %up, label %down

down:
  %less = sub i64 %depth, 1
  %below = add i64 %seed, %got
  %from = call i64 @deep(i64 %less, i64 %below)
  call void @check(ptr %buffer, i64 2000, i64 %seed)
  br label %up

up:
  %sum = phi i64 [ %got, %go ], [ %from, %down ]
  call void @llvm.lifetime.end.p0(i64 2000, ptr %buffer)
  %sent = call i64 @llvm.stackswitch.suspend.i64(i64 %sum)
  call void @check(ptr %aligned, i64 1500, i64 %other)
  %result = add i64 %sum, %sent
  ret i64 %result
}

define i64 @body(ptr %arg, i64 %first) {
entry:
  %kept = alloca [4096 x i8], align 16
  %id = ptrtoint ptr %arg to i64
  call void @fill(ptr %kept, i64 4096, i64 %id)
  br label %turn

turn:
  %seed = phi i64 [ %first, %entry ], [ %next, %turn ]
  %in = add i64 %seed, %id
  %sum = call i64 @deep(i64 2, i64 %in)
  call void @check(ptr %kept, i64 4096, i64 %id)
  %next = call i64 @llvm.stackswitch.suspend.i64(i64 %sum)
  %ends = icmp ugt i64 %next, 1000
  br i1 %ends, label %done, label %turn

done:
  ret i64 %sum
}

define i32 @main() {
entry:
  %base = call ptr @llvm.stackswitch.base.create(i64 1048576)
  %a = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr inttoptr (i64 3 to ptr))
  %b = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr inttoptr (i64 8 to ptr))
  br label %round

round:
  %i = phi i64 [ 0, %entry ], [ %next, %round ]
  %total = phi i64 [ 0, %entry ], [ %sum.b, %round ]
  %from.a = call i64 @llvm.stackswitch.resume.i64(ptr %a, i64 %i)
  %from.b = call i64 @llvm.stackswitch.resume.i64(ptr %b, i64 %i)
  ; These stop at some depth and go on no more.
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr inttoptr (i64 5 to ptr))
  %d = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr inttoptr (i64 6 to ptr))
  %c.1 = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %i)
  %d.1 = call i64 @llvm.stackswitch.resume.i64(ptr %d, i64 %i)
  %c.2 = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %i)
  call void @llvm.stackswitch.cancel(ptr %c)
  call void @llvm.stackswitch.destroy(ptr %c)
  call void @llvm.stackswitch.destroy(ptr %d)
  %sum.a = add i64 %total, %from.a
  %sum.b = add i64 %sum.a, %from.b
  %wrong = load i64, ptr @bad
  %p = call i32 (ptr, ...) @printf(ptr @line, i64 %i, i64 %sum.b, i64 %wrong)
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 21
  br i1 %more, label %round, label %ends

ends:
  %end.a = call i64 @llvm.stackswitch.resume.i64(ptr %a, i64 2000)
  %end.b = call i64 @llvm.stackswitch.resume.i64(ptr %b, i64 2000)
  %sums = add i64 %end.a, %end.b
  %status = call i32 @llvm.stackswitch.status(ptr %a)
  %r = call i32 (ptr, ...) @printf(ptr @end, i64 %sums, i32 %status)
  call void @llvm.stackswitch.destroy(ptr %a)
  call void @llvm.stackswitch.destroy(ptr %b)
  ret i32 0
}

!llvm.module.flags = !{!0}
!0 = !{i32 4, !"stackswitch-heap-threshold", i32 1024}
