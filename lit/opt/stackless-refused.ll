; RUN: %opt -passes=stackswitch-opt -S %s -o %t -pass-remarks-missed=stackswitch 2>&1 | FileCheck %s --check-prefix=REMARK
; RUN: FileCheck %s < %t
; What keeps a context its stack, with the reason as a remark.
; CHECK-NOT: .stackless

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare ptr @llvm.stackswitch.suspend(ptr)
declare i64 @llvm.stackswitch.swap.i64(ptr, i64)
declare ptr @llvm.stackswitch.current()
declare i32 @llvm.stackswitch.status(ptr)
declare void @llvm.stackswitch.destroy(ptr)
declare void @llvm.stackswitch.cancel(ptr)
declare i64 @stackswitch_suspend_i64(i64)
declare i32 @__gcc_personality_v0(...)
define internal i64 @cleans_up(ptr %to, i64 %first) personality ptr @__gcc_personality_v0 {
  %s = invoke i64 @stackswitch_suspend_i64(i64 %first) to label %done unwind label %cleanup
done:
  ret i64 %s
cleanup:
  %e = landingpad { ptr, i32 } cleanup
  store i64 0, ptr %to
  resume { ptr, i32 } %e
}
declare ptr @llvm.stackswitch.clone(ptr)
declare void @use(ptr)
declare i32 @setjmp(ptr) returns_twice

define i64 @good(ptr %arg, i64 %first) {
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  ret i64 %r
}

define i64 @unknown(ptr %arg, i64 %first) {
  call void @use(ptr %arg)
  ret i64 %first
}
; REMARK: 'unknown' needs its own stack: it calls 'use', whose body is not known
define i64 @t.unknown() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @unknown, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
define i64 @asks(ptr %arg, i64 %first) {
  %me = call ptr @llvm.stackswitch.current()
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  ret i64 %r
}
; REMARK: 'asks' needs its own stack: it calls 'llvm.stackswitch.current'
define i64 @t.asks() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @asks, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
define i64 @swaps(ptr %arg, i64 %first) {
  %r = call i64 @llvm.stackswitch.swap.i64(ptr %arg, i64 %first)
  ret i64 %r
}
; REMARK: 'swaps' needs its own stack: it calls 'llvm.stackswitch.swap'
define i64 @t.swaps(ptr %other) {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @swaps, ptr %other)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
define i64 @kept(ptr %arg, i64 %first) {
  call void @yields()
  ret i64 %first
}
define void @yields() noinline {
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 1)
  ret void
}
; REMARK: 'kept' needs its own stack: it calls 'yields', which suspends and must not be inlined
define i64 @t.kept() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @kept, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
define i64 @recursive(ptr %arg, i64 %first) {
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  %s = call i64 @recursive(ptr %arg, i64 %r)
  ret i64 %s
}
; REMARK: 'recursive' needs its own stack: it calls 'recursive', which is recursive or suspends too deep
define i64 @t.recursive() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @recursive, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
define i64 @dynamic(ptr %arg, i64 %first) {
  %memory = alloca i8, i64 %first
  store ptr %memory, ptr %arg
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  ret i64 %r
}
; REMARK: 'dynamic' needs its own stack: the size of a variable of 'dynamic' is not known
define i64 @t.dynamic(ptr %to) {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @dynamic, ptr %to)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; REMARK: 'weak' may be replaced when the program is linked
define weak i64 @weak(ptr %arg, i64 %first) {
  ret i64 %first
}
define i64 @t.weak() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @weak, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; REMARK: 'good' may be replaced when the program is linked
@other.name = weak alias i64 (ptr, i64), ptr @good
define i64 @t.weak.alias() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @other.name, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
define i64 @calls.weak(ptr %arg, i64 %first) {
  %r = call i64 @other.name(ptr %arg, i64 %first)
  ret i64 %r
}
; REMARK: 'calls.weak' needs its own stack: it calls 'good', whose body is not known
define i64 @t.calls.weak() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @calls.weak, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
declare ptr @llvm.invariant.start.p0(i64, ptr)
define i64 @invariant(ptr %arg, i64 %first) {
  %x = alloca i64
  store i64 %first, ptr %x
  %mark = call ptr @llvm.invariant.start.p0(i64 8, ptr %x)
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  ret i64 %r
}
; REMARK: 'invariant' needs its own stack: it calls 'llvm.invariant.start.p0'
define i64 @t.invariant() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @invariant, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
define i64 @by.value(ptr byval(i64) %arg, i64 %first) {
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  ret i64 %r
}
; REMARK: 'by.value' takes its argument in a special way
define i64 @t.by.value(ptr %a) {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @by.value, ptr %a)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
define i64 @rounds(ptr %arg, i64 %first) strictfp {
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 %first) strictfp
  ret i64 %r
}
; REMARK: 'rounds' has a floating-point control state of its own
define i64 @t.rounds() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @rounds, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; REMARK: 't.rounding' has a floating-point control state of its own
define i64 @t.rounding() strictfp {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @good, ptr null) strictfp
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1) strictfp
  ret i64 %r
}
; REMARK: its base is not the default one
define i64 @t.base(ptr %base) {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @good, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; REMARK: its handle may be used elsewhere, or be that of another context
define i64 @t.escapes(ptr %to) {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @good, ptr null)
  store ptr %c, ptr %to
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; REMARK: its handle may be used elsewhere, or be that of another context
define i64 @t.either(i1 %which) {
  %a = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @good, ptr null)
  %c = select i1 %which, ptr %a, ptr null
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; REMARK: a 'cancel' of it may run cleanups of 'cleans_up'
define i64 @t.cancel() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @cleans_up, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  call void @llvm.stackswitch.cancel(ptr %c)
  ret i64 %r
}
; REMARK: 'llvm.stackswitch.clone' is used on it
define ptr @t.clone() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @good, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  %d = call ptr @llvm.stackswitch.clone(ptr %c)
  ret ptr %d
}
; REMARK: 't.copied' may be copied while it waits for another context
define i64 @t.copied() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @good, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  call void @use(ptr null)
  %s = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %s
}
; REMARK: it may be used after it is destroyed
define i64 @t.destroyed() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @good, ptr null)
  call void @llvm.stackswitch.destroy(ptr %c)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; REMARK: it may not have been spawned where it is used
define i64 @t.not.spawned(i1 %do) {
entry:
  %v = alloca ptr
  br i1 %do, label %yes, label %go
yes:
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @good, ptr null)
  store ptr %c, ptr %v
  br label %go
go:
  %h = load ptr, ptr %v
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %h, i64 1)
  ret i64 %r
}
; REMARK: 't.twice' calls what returns twice
define i64 @t.twice(ptr %buffer) {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @good, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  %s = call i32 @setjmp(ptr %buffer)
  %t = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %t
}
; REMARK: a 'llvm.stackswitch.resume' of it must stay as it is
define i64 @t.tail(ptr %a, i64 %v) {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @good, ptr null)
  %r = musttail call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %v)
  ret i64 %r
}
; Not optimised at all, so no remark either.
define i64 @t.optnone() noinline optnone {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @good, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
define i64 @large(ptr %arg, i64 %first) {
  %memory = alloca [1000 x i8]
  store ptr %memory, ptr %arg
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  store ptr %memory, ptr %arg
  ret i64 %r
}
; The size is known last of all.
; REMARK: 'large' needs about {{1[01][0-9][0-9]}} bytes of stack; at most 1024 may move to the creator's
define i64 @t.large(ptr %to) {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @large, ptr %to)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
