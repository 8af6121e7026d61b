; Variables that no switch needs may be anywhere while they are needed: their bytes must be right
; all the same, in loops, one after the other, two at a time, when a function is left early, in
; recursion, and in a clone that goes on from between them. The contexts share one base, so each
; displaces the others.
; not on the heap: it clones a context, which is refused then.

@line = private unnamed_addr constant [25 x i8] c"turn %lld: %lld and %lld\00"
@newline = private unnamed_addr constant [2 x i8] c"\0A\00"
@end = private unnamed_addr constant [35 x i8] c"clone %lld, left %lld, wrong %lld\0A\00"

@bad = global i64 0

declare void @llvm.lifetime.start.p0(i64, ptr)
declare void @llvm.lifetime.end.p0(i64, ptr)
declare ptr @llvm.stackswitch.base.create(i64)
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare ptr @llvm.stackswitch.clone(ptr)
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

; A buffer of its own, which becomes part of the caller's frame when this is inlined.
define i64 @work(i64 %seed) alwaysinline {
  %buffer = alloca [2048 x i8], align 16
  %other = alloca [600 x i8], align 64
  call void @llvm.lifetime.start.p0(i64 2048, ptr %buffer)
  call void @fill(ptr %buffer, i64 2048, i64 %seed)
  call void @llvm.lifetime.start.p0(i64 600, ptr %other)
  %seed.other = add i64 %seed, 1
  call void @fill(ptr %other, i64 600, i64 %seed.other)
  call void @check(ptr %buffer, i64 2048, i64 %seed)
  call void @llvm.lifetime.end.p0(i64 2048, ptr %buffer)
  call void @check(ptr %other, i64 600, i64 %seed.other)
  call void @llvm.lifetime.end.p0(i64 600, ptr %other)
  ret i64 %seed.other
}

; Each turn needs buffers before the switch and after it, and some bytes across it.
define i64 @body(ptr %arg, i64 %first) {
entry:
  %kept = alloca [64 x i8], align 16
  %id = ptrtoint ptr %arg to i64
  call void @fill(ptr %kept, i64 64, i64 %id)
  br label %turn

turn:
  %got = phi i64 [ %first, %entry ], [ %next, %again ]
  %seed = add i64 %got, %id
  %before = call i64 @work(i64 %seed)
  %next = call i64 @llvm.stackswitch.suspend.i64(i64 %before)
  %after = call i64 @work(i64 %next)
  call void @check(ptr %kept, i64 64, i64 %id)
  %ends = icmp ugt i64 %next, 100
  br i1 %ends, label %done, label %again

again:
  br label %turn

done:
  ret i64 %after
}

; Left while its buffer is needed, at every depth of a recursion.
define i64 @left(i64 %depth, i64 %seed) noinline {
entry:
  %buffer = alloca [512 x i8], align 16
  call void @llvm.lifetime.start.p0(i64 512, ptr %buffer)
  call void @fill(ptr %buffer, i64 512, i64 %seed)
  %deepest = icmp eq i64 %depth, 0
  br i1 %deepest, label %early, label %deeper

early:
  call void @check(ptr %buffer, i64 512, i64 %seed)
  ret i64 %seed

deeper:
  call void @check(ptr %buffer, i64 512, i64 %seed)
  call void @llvm.lifetime.end.p0(i64 512, ptr %buffer)
  %less = sub i64 %depth, 1
  %sent = call i64 @llvm.stackswitch.suspend.i64(i64 %depth)
  %more = add i64 %seed, %sent
  %result = call i64 @left(i64 %less, i64 %more)
  ret i64 %result
}

define i64 @leaving(ptr %arg, i64 %first) {
  %result = call i64 @left(i64 3, i64 %first)
  ret i64 %result
}

define i32 @main() {
entry:
  %base = call ptr @llvm.stackswitch.base.create(i64 1048576)
  %a = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr inttoptr (i64 3 to ptr))
  %b = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr inttoptr (i64 8 to ptr))
  %l = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @leaving, ptr null)
  br label %round

round:
  %i = phi i64 [ 0, %entry ], [ %next, %round ]
  %from.a = call i64 @llvm.stackswitch.resume.i64(ptr %a, i64 %i)
  %from.b = call i64 @llvm.stackswitch.resume.i64(ptr %b, i64 %i)
  %from.l = call i64 @llvm.stackswitch.resume.i64(ptr %l, i64 %i)
  %p = call i32 (ptr, ...) @printf(ptr @line, i64 %i, i64 %from.a, i64 %from.b)
  %q = call i32 (ptr, ...) @printf(ptr @newline)
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 3
  br i1 %more, label %round, label %ends

ends:
  %c = call ptr @llvm.stackswitch.clone(ptr %a)
  %end.c = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 200)
  %end.a = call i64 @llvm.stackswitch.resume.i64(ptr %a, i64 300)
  %end.b = call i64 @llvm.stackswitch.resume.i64(ptr %b, i64 400)
  %end.l = call i64 @llvm.stackswitch.resume.i64(ptr %l, i64 10)
  %sum = add i64 %end.c, %end.a
  %sums = add i64 %sum, %end.b
  %wrong = load i64, ptr @bad
  %r = call i32 (ptr, ...) @printf(ptr @end, i64 %sums, i64 %end.l, i64 %wrong)
  call void @llvm.stackswitch.destroy(ptr %a)
  call void @llvm.stackswitch.destroy(ptr %b)
  call void @llvm.stackswitch.destroy(ptr %c)
  call void @llvm.stackswitch.destroy(ptr %l)
  ret i32 0
}

; It clones a context, so its variables stay in their frames.
!llvm.module.flags = !{!0}
!0 = !{i32 4, !"stackswitch-pointers", i32 0}
