; Functions that fail, each in its own way, after they have made a litter of contexts, slices and
; regions. All are i64 (ptr): what the pointer is, is said where it matters.

declare ptr @llvm.stackswitch.base.here()
declare ptr @llvm.stackswitch.base.create(i64)
declare void @llvm.stackswitch.base.destroy(ptr)
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare ptr @llvm.stackswitch.current()
declare ptr @llvm.stackswitch.clone(ptr)
declare i32 @llvm.stackswitch.status(ptr)
declare void @llvm.stackswitch.destroy(ptr)
declare i64 @llvm.stackswitch.context.size()
declare i32 @llvm.stackswitch.getcontext(ptr, ptr)
declare i32 @llvm.stackswitch.makecontext(ptr, ptr, i64, ptr, ptr, ptr)
declare i32 @llvm.stackswitch.swapcontext(ptr, ptr, ptr)
declare void @llvm.trap()
declare void @llvm.debugtrap()

; The last context that was made as litter.
@last = global ptr null

define internal i64 @use(ptr %buffer, i64 %n) noinline {
  %here = getelementptr i64, ptr %buffer, i64 %n
  store volatile i64 %n, ptr %here
  %got = call i64 @llvm.stackswitch.suspend.i64(i64 %n)
  %old = load volatile i64, ptr %here
  %sum = add i64 %old, %got
  ret i64 %sum
}

; Suspends with 2 KiB on its stack.
define internal i64 @small(ptr %argument, i64 %first) noinline {
  %buffer = alloca [256 x i64]
  %sum = call i64 @use(ptr %buffer, i64 7)
  ret i64 %sum
}

; Suspends with 120,000 bytes on its stack.
define internal i64 @large(ptr %argument, i64 %first) noinline {
  %buffer = alloca [15000 x i64]
  %sum = call i64 @use(ptr %buffer, i64 7)
  ret i64 %sum
}

define internal i64 @spawn_and_run(ptr %base, ptr %body) noinline {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr %body, ptr null)
  store ptr %c, ptr @last
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 0)
  ret i64 %r
}

; Contexts on default regions, on a region of its own where one displaces the other, on the
; caller's region, one that has not run and a clone.
define void @litter() noinline {
  %a = call i64 @spawn_and_run(ptr null, ptr @small)
  %own = call ptr @llvm.stackswitch.base.create(i64 1048576)
  %b = call i64 @spawn_and_run(ptr %own, ptr @small)
  %c = call i64 @spawn_and_run(ptr %own, ptr @small)
  %here = call ptr @llvm.stackswitch.base.here()
  %d = call i64 @spawn_and_run(ptr %here, ptr @small)
  %e = call i64 @spawn_and_run(ptr %here, ptr @small)
  %new = call ptr @llvm.stackswitch.spawn.i64(ptr %own, ptr @small, ptr null)
  %last = load ptr, ptr @last
  %clone = call ptr @llvm.stackswitch.clone(ptr %last)
  ret void
}

define i64 @fine(ptr %unused) {
  ret i64 42
}

define i64 @trap(ptr %unused) {
  call void @litter()
  call void @llvm.trap()
  unreachable
}

define i64 @breakpoint(ptr %unused) {
  call void @litter()
  call void @llvm.debugtrap()
  ret i64 0
}

; The pointer is null.
define i64 @divide(ptr %null) {
  call void @litter()
  %zero = ptrtoint ptr %null to i64
  %quotient = sdiv i64 84, %zero
  ret i64 %quotient
}

; The pointer is to no memory.
define i64 @access(ptr %nowhere) {
  call void @litter()
  %value = load volatile i64, ptr %nowhere
  ret i64 %value
}

define internal i64 @deeper(i64 %n) noinline {
  %buffer = alloca [64 x i64]
  store volatile i64 %n, ptr %buffer
  %next = add i64 %n, 1
  %below = call i64 @deeper(i64 %next)
  %here = load volatile i64, ptr %buffer
  %sum = add i64 %below, %here
  ret i64 %sum
}

define internal i64 @bottomless(ptr %argument, i64 %first) {
  %sum = call i64 @deeper(i64 0)
  ret i64 %sum
}

define i64 @overflow(ptr %unused) {
  call void @litter()
  %base = call ptr @llvm.stackswitch.base.create(i64 65536)
  %r = call i64 @spawn_and_run(ptr %base, ptr @bottomless)
  ret i64 %r
}

; The pointer is null.
define i64 @invalid(ptr %null) {
  call void @litter()
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %null, i64 0)
  ret i64 %r
}

define internal i64 @links_nowhere(ptr %argument, i64 %first) {
  call void @litter()
  %me = call ptr @llvm.stackswitch.current()
  call void @llvm.stackswitch.setlink(ptr %me, ptr null)
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 0)
  ret i64 %r
}
declare void @llvm.stackswitch.setlink(ptr, ptr)

define i64 @no_link(ptr %unused) {
  %r = call i64 @spawn_and_run(ptr null, ptr @links_nowhere)
  ret i64 %r
}

define i64 @running(ptr %unused) {
  call void @litter()
  %me = call ptr @llvm.stackswitch.current()
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %me, i64 0)
  ret i64 %r
}

define i64 @finished(ptr %unused) {
  call void @litter()
  %last = load ptr, ptr @last
  %a = call i64 @llvm.stackswitch.resume.i64(ptr %last, i64 0)
  %b = call i64 @llvm.stackswitch.resume.i64(ptr %last, i64 0)
  ret i64 %b
}

define i64 @destroyed(ptr %unused) {
  call void @litter()
  %last = load ptr, ptr @last
  call void @llvm.stackswitch.destroy(ptr %last)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %last, i64 0)
  ret i64 %r
}

; The pointer is a context of another thread.
define i64 @foreign(ptr %context) {
  call void @litter()
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %context, i64 0)
  ret i64 %r
}

define i64 @busy(ptr %unused) {
  call void @litter()
  %base = call ptr @llvm.stackswitch.base.create(i64 65536)
  %r = call i64 @spawn_and_run(ptr %base, ptr @small)
  call void @llvm.stackswitch.base.destroy(ptr %base)
  ret i64 %r
}

; Runs on a stack of the POSIX layer, in a context that is suspended there.
define internal void @over_there(ptr %argument) {
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 1)
  call void @llvm.trap()
  unreachable
}

@stack = internal global [65536 x i8] zeroinitializer, align 16

define internal i64 @goes_there(ptr %argument, i64 %first) {
  %size = call i64 @llvm.stackswitch.context.size()
  %back = alloca i8, i64 %size, align 16
  %there = alloca i8, i64 %size, align 16
  call void @llvm.memset.p0.i64(ptr %back, i8 0, i64 %size, i1 false)
  call void @llvm.memset.p0.i64(ptr %there, i8 0, i64 %size, i1 false)
  %a = call i32 @llvm.stackswitch.getcontext(ptr %there, ptr null)
  %b = call i32 @llvm.stackswitch.makecontext(ptr %there, ptr @stack, i64 65536, ptr %back, ptr @over_there, ptr null)
  %c = call i32 @llvm.stackswitch.swapcontext(ptr %back, ptr %there, ptr null)
  ret i64 0
}
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)

define i64 @unsupported(ptr %unused) {
  call void @litter()
  %r = call i64 @spawn_and_run(ptr null, ptr @goes_there)
  %last = load ptr, ptr @last
  %clone = call ptr @llvm.stackswitch.clone(ptr %last)
  ret i64 %r
}

define i64 @trap_over_there(ptr %unused) {
  call void @litter()
  %r = call i64 @spawn_and_run(ptr null, ptr @goes_there)
  %last = load ptr, ptr @last
  %s = call i64 @llvm.stackswitch.resume.i64(ptr %last, i64 0)
  ret i64 %s
}

; No memory for the slice, where the allocator refuses what is so large.
define i64 @no_slice(ptr %unused) {
  call void @litter()
  %base = call ptr @llvm.stackswitch.base.create(i64 1048576)
  %a = call i64 @spawn_and_run(ptr %base, ptr @large)
  %b = call i64 @spawn_and_run(ptr %base, ptr @small)
  ret i64 %b
}

define i64 @no_region(ptr %unused) {
  call void @litter()
  %base = call ptr @llvm.stackswitch.base.create(i64 1152921504606846976)
  ret i64 0
}

; A context of the host's own: it adds what it is given, and fails as the others do for 0.
define i64 @counter(ptr %argument, i64 %first) {
entry:
  br label %loop
loop:
  %sum = phi i64 [ %first, %entry ], [ %next, %on ]
  %got = call i64 @llvm.stackswitch.suspend.i64(i64 %sum)
  %zero = icmp eq i64 %got, 0
  br i1 %zero, label %fail, label %on
on:
  %next = add i64 %sum, %got
  br label %loop
fail:
  call void @litter()
  call void @llvm.trap()
  unreachable
}

define ptr @start() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @counter, ptr null)
  ret ptr %c
}

define ptr @start_on(ptr %base) {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @counter, ptr null)
  ret ptr %c
}

define i64 @step(ptr %c, i64 %by) {
  %n = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %by)
  ret i64 %n
}

define i32 @status(ptr %c) {
  %s = call i32 @llvm.stackswitch.status(ptr %c)
  ret i32 %s
}

; It clones contexts, so its variables stay in their frames.
!llvm.module.flags = !{!0}
!0 = !{i32 4, !"stackswitch-pointers", i32 0}
