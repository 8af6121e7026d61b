; status, current and link of a context at each stage of its life: new,
; suspended, running, waiting in a resume of its own (suspended: a callee may
; switch to it), finished. Also of main, which is a context like any other but
; has no link.

@main.ctx = global ptr null
@outer = global ptr null
@inner = global ptr null

@line = private unnamed_addr constant [80 x i8] c"%s: main %d outer %d inner %d, current is %s, outer's link %s, inner's link %s\0A\00"
@main.name = private unnamed_addr constant [5 x i8] c"main\00"
@outer.name = private unnamed_addr constant [6 x i8] c"outer\00"
@inner.name = private unnamed_addr constant [6 x i8] c"inner\00"
@none = private unnamed_addr constant [5 x i8] c"none\00"
@unknown = private unnamed_addr constant [8 x i8] c"unknown\00"
@s0 = private unnamed_addr constant [8 x i8] c"spawned\00"
@s1 = private unnamed_addr constant [11 x i8] c"outer runs\00"
@s2 = private unnamed_addr constant [11 x i8] c"inner runs\00"
@s3 = private unnamed_addr constant [16 x i8] c"inner suspended\00"
@s4 = private unnamed_addr constant [16 x i8] c"outer suspended\00"
@s5 = private unnamed_addr constant [17 x i8] c"outer runs again\00"
@s6 = private unnamed_addr constant [22 x i8] c"inner swapped to main\00"
@s7 = private unnamed_addr constant [15 x i8] c"inner finished\00"
@s8 = private unnamed_addr constant [13 x i8] c"all finished\00"
@main.link = private unnamed_addr constant [34 x i8] c"main's link %s, main's status %d\0A\00"

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.swap.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare ptr @llvm.stackswitch.current()
declare ptr @llvm.stackswitch.link(ptr)
declare i32 @llvm.stackswitch.status(ptr)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @printf(ptr, ...)

; The name of a context.
define ptr @name(ptr %c) noinline {
  %null = icmp eq ptr %c, null
  %m = load ptr, ptr @main.ctx
  %o = load ptr, ptr @outer
  %i = load ptr, ptr @inner
  %is.m = icmp eq ptr %c, %m
  %is.o = icmp eq ptr %c, %o
  %is.i = icmp eq ptr %c, %i
  %n0 = select i1 %is.i, ptr @inner.name, ptr @unknown
  %n1 = select i1 %is.o, ptr @outer.name, ptr %n0
  %n2 = select i1 %is.m, ptr @main.name, ptr %n1
  %n3 = select i1 %null, ptr @none, ptr %n2
  ret ptr %n3
}

define void @show(ptr %stage) noinline {
  %m = load ptr, ptr @main.ctx
  %o = load ptr, ptr @outer
  %i = load ptr, ptr @inner
  %sm = call i32 @llvm.stackswitch.status(ptr %m)
  %so = call i32 @llvm.stackswitch.status(ptr %o)
  %si = call i32 @llvm.stackswitch.status(ptr %i)
  %c = call ptr @llvm.stackswitch.current()
  %lo = call ptr @llvm.stackswitch.link(ptr %o)
  %li = call ptr @llvm.stackswitch.link(ptr %i)
  %nc = call ptr @name(ptr %c)
  %nlo = call ptr @name(ptr %lo)
  %nli = call ptr @name(ptr %li)
  %p = call i32 (ptr, ...) @printf(ptr @line, ptr %stage, i32 %sm, i32 %so, i32 %si, ptr %nc, ptr %nlo, ptr %nli)
  ret void
}

define i64 @inner.body(ptr %unused, i64 %first) {
  call void @show(ptr @s2)
  %v0 = call i64 @llvm.stackswitch.suspend.i64(i64 0)
  %m = load ptr, ptr @main.ctx
  %v1 = call i64 @llvm.stackswitch.swap.i64(ptr %m, i64 0)
  ret i64 0
}

define i64 @outer.body(ptr %unused, i64 %first) {
  call void @show(ptr @s1)
  %i = load ptr, ptr @inner
  %v0 = call i64 @llvm.stackswitch.resume.i64(ptr %i, i64 0)
  call void @show(ptr @s3)
  %v1 = call i64 @llvm.stackswitch.suspend.i64(i64 0)
  call void @show(ptr @s5)
  %v2 = call i64 @llvm.stackswitch.resume.i64(ptr %i, i64 0)
  call void @show(ptr @s7)
  ret i64 0
}

define i32 @main() {
  %self = call ptr @llvm.stackswitch.current()
  store ptr %self, ptr @main.ctx
  %o = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @outer.body, ptr null)
  store ptr %o, ptr @outer
  %i = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @inner.body, ptr null)
  store ptr %i, ptr @inner
  call void @show(ptr @s0)
  %v0 = call i64 @llvm.stackswitch.resume.i64(ptr %o, i64 0)
  call void @show(ptr @s4)
  %v1 = call i64 @llvm.stackswitch.resume.i64(ptr %o, i64 0)
  call void @show(ptr @s6)
  ; Outer waits in its resume of inner: inner goes on, ends, and outer does.
  %v2 = call i64 @llvm.stackswitch.swap.i64(ptr %i, i64 0)
  call void @show(ptr @s8)
  %link = call ptr @llvm.stackswitch.link(ptr %self)
  %link.name = call ptr @name(ptr %link)
  %state = call i32 @llvm.stackswitch.status(ptr %self)
  %p = call i32 (ptr, ...) @printf(ptr @main.link, ptr %link.name, i32 %state)
  call void @llvm.stackswitch.destroy(ptr %o)
  call void @llvm.stackswitch.destroy(ptr %i)
  ret i32 0
}
