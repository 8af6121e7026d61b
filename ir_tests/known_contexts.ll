; What the optimiser knows of contexts without asking the runtime must be what the runtime says:
; each question is asked where the answer is known and again through a function that hides it.
; A clone that goes on from a switch has a handle and a status of its own.

@same = private unnamed_addr constant [15 x i8] c"%s: %d and %d\0A\00"
@new = private unnamed_addr constant [4 x i8] c"new\00"
@running = private unnamed_addr constant [8 x i8] c"running\00"
@linked = private unnamed_addr constant [7 x i8] c"linked\00"
@relinked = private unnamed_addr constant [9 x i8] c"relinked\00"
@parked = private unnamed_addr constant [7 x i8] c"parked\00"
@clones = private unnamed_addr constant [51 x i8] c"the original runs: %d, its first handle's status: \00"
@answer = private unnamed_addr constant [4 x i8] c"%d\0A\00"
@sum = private unnamed_addr constant [9 x i8] c"sum %ld\0A\00"

declare ptr @llvm.stackswitch.current()
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.swap.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare i32 @llvm.stackswitch.status(ptr)
declare ptr @llvm.stackswitch.link(ptr)
declare void @llvm.stackswitch.setlink(ptr, ptr)
declare ptr @llvm.stackswitch.clone(ptr)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @printf(ptr, ...)

; Asks where nothing is known of the handle.
define i32 @hidden.status(ptr %ctx) noinline optnone {
  %s = call i32 @llvm.stackswitch.status(ptr %ctx)
  ret i32 %s
}

define ptr @hidden.link(ptr %ctx) noinline optnone {
  %l = call ptr @llvm.stackswitch.link(ptr %ctx)
  ret ptr %l
}

define i64 @body(ptr %arg, i64 %first) {
  %got = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  %more = add i64 %got, 1
  ret i64 %more
}

; Asks for itself before and after the switch at which it is cloned.
define i64 @cloned(ptr %arg, i64 %first) {
  %before = call ptr @llvm.stackswitch.current()
  %s0 = call i32 @llvm.stackswitch.status(ptr %before)
  %got = call i64 @llvm.stackswitch.suspend.i64(i64 0)
  %after = call ptr @llvm.stackswitch.current()
  %is.original = icmp eq ptr %before, %after
  %runs = zext i1 %is.original to i32
  %p = call i32 (ptr, ...) @printf(ptr @clones, i32 %runs)
  %s1 = call i32 @llvm.stackswitch.status(ptr %before)
  %q = call i32 (ptr, ...) @printf(ptr @answer, i32 %s1)
  ret i64 %got
}

define void @show(ptr %what, i32 %known, i32 %asked) {
  %p = call i32 (ptr, ...) @printf(ptr @same, ptr %what, i32 %known, i32 %asked)
  ret void
}

define i32 @main() {
entry:
  %self = call ptr @llvm.stackswitch.current()
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr null)
  %s0 = call i32 @llvm.stackswitch.status(ptr %c)
  %h0 = call i32 @hidden.status(ptr %c)
  call void @show(ptr @new, i32 %s0, i32 %h0)

  %me = call ptr @llvm.stackswitch.current()
  %s1 = call i32 @llvm.stackswitch.status(ptr %me)
  %h1 = call i32 @hidden.status(ptr %self)
  call void @show(ptr @running, i32 %s1, i32 %h1)

  ; Its link is what it was set to last.
  %d = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr null)
  %me.again = call ptr @llvm.stackswitch.current()
  call void @llvm.stackswitch.setlink(ptr %d, ptr null)
  call void @llvm.stackswitch.setlink(ptr %d, ptr %me.again)
  %l = call ptr @llvm.stackswitch.link(ptr %d)
  %k = icmp eq ptr %l, %self
  %hidden = call ptr @hidden.link(ptr %d)
  %h = icmp eq ptr %hidden, %self
  %k.int = zext i1 %k to i32
  %h.int = zext i1 %h to i32
  call void @show(ptr @linked, i32 %k.int, i32 %h.int)

  ; A switch to it uses the link.
  %back = call i64 @llvm.stackswitch.swap.i64(ptr %d, i64 20)
  %end = call i64 @llvm.stackswitch.resume.i64(ptr %d, i64 %back)
  %l.after = call ptr @llvm.stackswitch.link(ptr %d)
  %k.after = icmp eq ptr %l.after, %self
  %hidden.after = call ptr @hidden.link(ptr %d)
  %h.after = icmp eq ptr %hidden.after, %self
  %ka.int = zext i1 %k.after to i32
  %ha.int = zext i1 %h.after to i32
  call void @show(ptr @relinked, i32 %ka.int, i32 %ha.int)

  ; It has run meanwhile.
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 3)
  %s2 = call i32 @llvm.stackswitch.status(ptr %c)
  %h2 = call i32 @hidden.status(ptr %c)
  call void @show(ptr @parked, i32 %s2, i32 %h2)

  %one = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @cloned, ptr null)
  %started = call i64 @llvm.stackswitch.resume.i64(ptr %one, i64 0)
  %two = call ptr @llvm.stackswitch.clone(ptr %one)
  %from.two = call i64 @llvm.stackswitch.resume.i64(ptr %two, i64 5)
  %from.one = call i64 @llvm.stackswitch.resume.i64(ptr %one, i64 7)
  %a = add i64 %end, %r
  %b = add i64 %from.two, %from.one
  %total = add i64 %a, %b
  %p = call i32 (ptr, ...) @printf(ptr @sum, i64 %total)
  call void @llvm.stackswitch.destroy(ptr %c)
  call void @llvm.stackswitch.destroy(ptr %d)
  call void @llvm.stackswitch.destroy(ptr %one)
  call void @llvm.stackswitch.destroy(ptr %two)
  ret i32 0
}
