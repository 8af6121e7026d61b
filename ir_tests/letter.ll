; The base context of the 2010 letter. A is captured in main; B is captured
; several frames deeper with A as its base, and goes back to A. The stack below
; A is then overwritten, by deep calls and by other contexts that run there.
; Going back to B must find every byte of its frames as it was; and going back
; a second time must find them so again, although the first time changed them.
; not on the heap: it captures its frames with a base, which is refused then.

@a = global ptr null
@b = global ptr null
@phase = global i32 0
@runs = global i32 0
@others.wrong = global i64 0

@captured = private unnamed_addr constant [24 x i8] c"A captured, going down\0A\00"
@at.b = private unnamed_addr constant [38 x i8] c"B captures itself and goes back to A\0A\00"
@at.a = private unnamed_addr constant [38 x i8] c"A again: overwriting the stack below\0A\00"
@others.done = private unnamed_addr constant [44 x i8] c"other contexts ran there, wrong bytes %lld\0A\00"
@b.again = private unnamed_addr constant [41 x i8] c"B goes on (run %d), swapcontext gave %d\0A\00"
@frame = private unnamed_addr constant [29 x i8] c"frame %lld wrong bytes %lld\0A\00"
@home = private unnamed_addr constant [27 x i8] c"back in main after run %d\0A\00"
@failed = private unnamed_addr constant [19 x i8] c"setcontext failed\0A\00"

declare i64 @llvm.stackswitch.context.size()
declare i32 @llvm.stackswitch.getcontext(ptr, ptr)
declare i32 @llvm.stackswitch.setcontext(ptr)
declare i32 @llvm.stackswitch.swapcontext(ptr, ptr, ptr)
declare void @llvm.stackswitch.freecontext(ptr)
declare ptr @llvm.stackswitch.base.here()
declare void @llvm.stackswitch.base.destroy(ptr)
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @printf(ptr, ...)
declare ptr @calloc(i64, i64)

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

; The point where B captures itself.
define void @turn() noinline {
  %p0 = call i32 (ptr, ...) @printf(ptr @at.b)
  %a = load ptr, ptr @a
  %b = load ptr, ptr @b
  %r = call i32 @llvm.stackswitch.swapcontext(ptr %b, ptr %a, ptr %a)
  %run = load volatile i32, ptr @runs
  %next = add i32 %run, 1
  store volatile i32 %next, ptr @runs
  %p1 = call i32 (ptr, ...) @printf(ptr @b.again, i32 %next, i32 %r)
  ret void
}

; Six frames with a kilobyte each lie between A and B.
define void @descend(i64 %n) noinline {
entry:
  %buffer = alloca [1024 x i8], align 16
  call void @fill(ptr %buffer, i64 1024, i64 %n)
  %bottom = icmp eq i64 %n, 0
  br i1 %bottom, label %last, label %deeper

last:
  call void @turn()
  br label %check

deeper:
  %less = sub i64 %n, 1
  call void @descend(i64 %less)
  br label %check

check:
  %bad = call i64 @wrong(ptr %buffer, i64 1024, i64 %n)
  %p = call i32 (ptr, ...) @printf(ptr @frame, i64 %n, i64 %bad)
  ; What this run leaves in the frame must not be seen by the next one.
  %other = add i64 %n, 100
  call void @fill(ptr %buffer, i64 1024, i64 %other)
  ret void
}

; Overwrites 16 frames of two kilobytes.
define i64 @overwrite(i64 %n) noinline {
entry:
  %buffer = alloca [2048 x i8], align 16
  %seed = add i64 %n, 55
  call void @fill(ptr %buffer, i64 2048, i64 %seed)
  %bottom = icmp eq i64 %n, 0
  br i1 %bottom, label %done, label %deeper

deeper:
  %less = sub i64 %n, 1
  %below = call i64 @overwrite(i64 %less)
  br label %done

done:
  %sum = phi i64 [ 0, %entry ], [ %below, %deeper ]
  %bad = call i64 @wrong(ptr %buffer, i64 2048, i64 %seed)
  %all = add i64 %sum, %bad
  ret i64 %all
}

; A context that suspends in the middle of the same work.
define i64 @other(ptr %unused, i64 %seed) {
  %buffer = alloca [3000 x i8], align 16
  call void @fill(ptr %buffer, i64 3000, i64 %seed)
  %ignored = call i64 @llvm.stackswitch.suspend.i64(i64 %seed)
  %deep = call i64 @overwrite(i64 3)
  %bad = call i64 @wrong(ptr %buffer, i64 3000, i64 %seed)
  %all = add i64 %deep, %bad
  ret i64 %all
}

; Four contexts that share the stack below this frame, with one another and
; with what B had there.
define void @others() noinline {
entry:
  %handles = alloca [4 x ptr]
  %base = call ptr @llvm.stackswitch.base.here()
  br label %start

start:
  %i = phi i64 [ 0, %entry ], [ %i.next, %start ]
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @other, ptr null)
  %at = getelementptr [4 x ptr], ptr %handles, i64 0, i64 %i
  store ptr %c, ptr %at
  %seed = add i64 %i, 200
  %got = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %seed)
  %i.next = add i64 %i, 1
  %more = icmp ult i64 %i.next, 4
  br i1 %more, label %start, label %finish

finish:
  %j = phi i64 [ 0, %start ], [ %j.next, %finish ]
  %at.j = getelementptr [4 x ptr], ptr %handles, i64 0, i64 %j
  %c.j = load ptr, ptr %at.j
  %bad = call i64 @llvm.stackswitch.resume.i64(ptr %c.j, i64 0)
  %sum = load i64, ptr @others.wrong
  %sum.next = add i64 %sum, %bad
  store i64 %sum.next, ptr @others.wrong
  call void @llvm.stackswitch.destroy(ptr %c.j)
  %j.next = add i64 %j, 1
  %more.j = icmp ult i64 %j.next, 4
  br i1 %more.j, label %finish, label %done

done:
  call void @llvm.stackswitch.base.destroy(ptr %base)
  %all = load i64, ptr @others.wrong
  %p = call i32 (ptr, ...) @printf(ptr @others.done, i64 %all)
  ret void
}

; What happens at A once B is parked: the stack is overwritten, then B goes on.
define void @go.back() noinline {
  %p = call i32 (ptr, ...) @printf(ptr @at.a)
  %deep = call i64 @overwrite(i64 15)
  %sum = load i64, ptr @others.wrong
  %sum.next = add i64 %sum, %deep
  store i64 %sum.next, ptr @others.wrong
  call void @others()
  %b = load ptr, ptr @b
  %error = call i32 @llvm.stackswitch.setcontext(ptr %b)
  %q = call i32 (ptr, ...) @printf(ptr @failed)
  ret void
}

; Main keeps all that it knows in globals: it returns from getcontext twice, and
; from descend as often as B is resumed.
define i32 @main() {
entry:
  %size = call i64 @llvm.stackswitch.context.size()
  %new.a = call ptr @calloc(i64 1, i64 %size)
  store ptr %new.a, ptr @a
  %new.b = call ptr @calloc(i64 1, i64 %size)
  store ptr %new.b, ptr @b
  %r = call i32 @llvm.stackswitch.getcontext(ptr %new.a, ptr null)
  %phase = load volatile i32, ptr @phase
  store volatile i32 1, ptr @phase
  %first = icmp eq i32 %phase, 0
  br i1 %first, label %down, label %again

down:
  %p0 = call i32 (ptr, ...) @printf(ptr @captured)
  call void @descend(i64 5)
  %runs = load volatile i32, ptr @runs
  %p1 = call i32 (ptr, ...) @printf(ptr @home, i32 %runs)
  %once = icmp eq i32 %runs, 1
  br i1 %once, label %again, label %done

again:
  call void @go.back()
  ret i32 1

done:
  %b = load ptr, ptr @b
  call void @llvm.stackswitch.freecontext(ptr %b)
  ret i32 0
}

; It captures frames with a base, so its variables stay in their frames.
!llvm.module.flags = !{!0}
!0 = !{i32 4, !"stackswitch-pointers", i32 0}
