; RUN: %opt -passes=stackswitch-opt -S %s -o %t -pass-remarks-missed=stackswitch 2>&1 | FileCheck %s --check-prefix=REMARK
; RUN: FileCheck %s < %t
; What keeps a context from being a call. Each function stays as it is, with the reason as a remark.
; CHECK-LABEL: define i64 @reads(
; CHECK-NOT: call i64 @{{(switches|unknown|pointer|assembly|odd|weak|asks|deep|dynamic|reads|plain|promised)}}(ptr

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare i64 @llvm.stackswitch.swap.i64(ptr, i64)
declare ptr @llvm.stackswitch.current()
declare ptr @llvm.stackswitch.link(ptr)
declare i32 @llvm.stackswitch.status(ptr)
declare void @llvm.stackswitch.destroy(ptr)
declare void @stackswitch_spawn_wide(ptr, ptr, ptr, ptr)
declare void @use(ptr)
@other.name = weak alias i64 (ptr, i64), ptr @plain
declare i64 @length(ptr) nounwind memory(read)

define i64 @plain(ptr %arg, i64 %first) {
  ret i64 %first
}
define i64 @switches(ptr %arg, i64 %first) {
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  ret i64 %r
}
define i64 @unknown(ptr %arg, i64 %first) {
  call void @use(ptr %arg)
  ret i64 %first
}
define i64 @pointer(ptr %arg, i64 %first) {
  call void %arg()
  ret i64 %first
}
define i64 @assembly(ptr %arg, i64 %first) {
  call void asm sideeffect "", ""()
  ret i64 %first
}
define i64 @even(ptr %arg, i64 %first) {
  %r = call i64 @odd(ptr %arg, i64 %first)
  ret i64 %r
}
define i64 @odd(ptr %arg, i64 %first) {
  %r = call i64 @even(ptr %arg, i64 %first)
  ret i64 %r
}
define weak i64 @weak(ptr %arg, i64 %first) {
  ret i64 %first
}
define i64 @asks(ptr %arg, i64 %first) {
  %c = call ptr @llvm.stackswitch.current()
  store ptr %c, ptr %arg
  ret i64 %first
}
define i64 @deep(ptr %arg, i64 %first) {
  %big = alloca [1000 x i8]
  store ptr %big, ptr %arg
  ret i64 %first
}
define i64 @dynamic(ptr %arg, i64 %first) {
  %big = alloca i8, i64 %first
  store ptr %big, ptr %arg
  ret i64 %first
}
define i64 @promised(ptr %arg, i64 %first) "stackswitch-nosuspend" {
  call void @use(ptr %arg)
  ret i64 %first
}
define i64 @reads(ptr %arg, i64 %first) {
  %r = call i64 @length(ptr %arg)
  ret i64 %r
}

; REMARK: 'switches' may suspend: it calls 'llvm.stackswitch.suspend'
define i64 @t.switches() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @switches, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; REMARK: 'unknown' may suspend: it calls 'use', whose body is not known
define i64 @t.unknown() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @unknown, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; REMARK: 'pointer' may suspend: it calls a function by its address
define i64 @t.pointer() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @pointer, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; REMARK: 'assembly' may suspend: it holds inline assembly
define i64 @t.assembly() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @assembly, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; REMARK: 'odd' may suspend: it calls 'even', which may suspend or is recursive
define i64 @t.recursion() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @odd, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; REMARK: 'weak' may be replaced when the program is linked
define i64 @t.weak() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @weak, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; REMARK: 'plain' may be replaced when the program is linked
define i64 @t.weak.alias() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @other.name, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; REMARK: 'asks' needs its own stack: it calls 'llvm.stackswitch.current', which must stay in its context
define i64 @t.asks() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @asks, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; REMARK: 'deep' needs about 1064 bytes of stack; at most 1024 may move to the caller's
define i64 @t.deep() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @deep, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; REMARK: 'dynamic' needs its own stack: the size of a local variable is not known
define i64 @t.dynamic() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @dynamic, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; REMARK: 'reads' needs its own stack: the stack use of 'length' is not known
define i64 @t.reads(ptr %a) {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @reads, ptr %a)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; REMARK: 'promised' needs its own stack: what it calls is not known
define i64 @t.promised(ptr %a) {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @promised, ptr %a)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; REMARK: its body is not known
define i64 @t.body(ptr %body) {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr %body, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; REMARK: its base is not the default one
define i64 @t.base(ptr %base) {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @plain, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; REMARK: its handle may be used elsewhere, or be that of another context
define i64 @t.escapes(ptr %out) {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @plain, ptr null)
  store ptr %c, ptr %out
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; REMARK: 'llvm.stackswitch.link' is used on it
define ptr @t.link() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @plain, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  %l = call ptr @llvm.stackswitch.link(ptr %c)
  ret ptr %l
}
; REMARK: it is never resumed
define void @t.never() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @plain, ptr null)
  call void @llvm.stackswitch.destroy(ptr %c)
  ret void
}
; REMARK: it is resumed in more than one place
define i64 @t.twice() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @plain, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  %s = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %s
}
; REMARK: it may be resumed more than once, or not be this context
define i64 @t.loop(i1 %again) {
entry:
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @plain, ptr null)
  br label %loop
loop:
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  br i1 %again, label %loop, label %done
done:
  ret i64 %r
}
; REMARK: its handle may be used elsewhere, or be that of another context
define i64 @t.earlier.turn(i64 %n) {
entry:
  %v = alloca ptr
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %second ]
  %is.first = icmp eq i64 %i, 0
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @plain, ptr null)
  br i1 %is.first, label %second, label %use
use:
  %h = load ptr, ptr %v
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %h, i64 1)
  br label %second
second:
  store ptr %c, ptr %v
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %loop, label %done
done:
  ret i64 %i
}
; REMARK: its status is not known where it is asked for
define i32 @t.status(i1 %go) {
entry:
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @plain, ptr null)
  br i1 %go, label %run, label %done
run:
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  br label %done
done:
  %s = call i32 @llvm.stackswitch.status(ptr %c)
  ret i32 %s
}
; REMARK: it may be used after it is destroyed
define i64 @t.destroyed() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @plain, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  call void @llvm.stackswitch.destroy(ptr %c)
  %s = call i32 @llvm.stackswitch.status(ptr %c)
  ret i64 %r
}
; REMARK: its resume cannot be a plain call
define i64 @t.musttail(ptr %a, i64 %v) {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @plain, ptr null)
  %r = musttail call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %v)
  ret i64 %r
}
; Not optimised at all, so no remark either.
define i64 @t.optnone() noinline optnone {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @plain, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}

; Some of these could be had without a stack, but that is not what is tested here.
!llvm.module.flags = !{!0}
!0 = !{i32 4, !"stackswitch-stackless", i32 0}
