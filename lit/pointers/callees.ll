; RUN: %opt -passes=stackswitch-pointers,verify -stackswitch-pointers=stable -S %s | FileCheck %s
; Calls of functions with a body: what the body does with the address decides.

target triple = "x86_64-unknown-linux-gnu"

@global = global ptr null

declare i64 @stackswitch_suspend_i64(i64)

; A function of the module whose body keeps nothing of the address, whatever LLVM's attributes say.
define internal ptr @looks(ptr %p, i64 %n) noinline {
  store volatile i64 %n, ptr %p
  ret ptr %p
}
define internal void @keeps(ptr %p) noinline {
  store ptr %p, ptr @global
  ret void
}
; CHECK-LABEL: define i64 @looked_at
; CHECK-NOT: frame_alloc
; CHECK: ret i64
define i64 @looked_at() {
  %a = alloca i64
  %p = call ptr @looks(ptr %a, i64 1)
  %r = call i64 @stackswitch_suspend_i64(i64 1)
  %v = load i64, ptr %p
  ret i64 %v
}
; CHECK-LABEL: define i64 @kept_by_result
; CHECK: call ptr @stackswitch_frame_alloc
define i64 @kept_by_result() {
  %a = alloca i64
  %p = call ptr @looks(ptr %a, i64 1)
  store ptr %p, ptr @global
  %r = call i64 @stackswitch_suspend_i64(i64 1)
  ret i64 %r
}
; CHECK-LABEL: define i64 @kept_by_callee
; CHECK: call ptr @stackswitch_frame_alloc
define i64 @kept_by_callee() {
  %a = alloca i64
  call void @keeps(ptr %a)
  %r = call i64 @stackswitch_suspend_i64(i64 1)
  ret i64 %r
}
; A definition that another can replace tells nothing.
define weak void @replaceable(ptr %p) {
  ret void
}
; CHECK-LABEL: define i64 @given_to_replaceable
; CHECK: call ptr @stackswitch_frame_alloc
define i64 @given_to_replaceable() {
  %a = alloca i64
  call void @replaceable(ptr %a)
  %r = call i64 @stackswitch_suspend_i64(i64 1)
  ret i64 %r
}
; The assembly of a naked function uses its arguments where no instruction names them.
define internal void @bare(ptr %p) naked "stackswitch-nosuspend" {
  call void asm sideeffect "movq %rdi, global(%rip)\0Aretq", ""()
  unreachable
}
; CHECK-LABEL: define i64 @given_to_naked
; CHECK: call ptr @stackswitch_frame_alloc
define i64 @given_to_naked() {
  %a = alloca i64
  call void @bare(ptr %a)
  %r = call i64 @stackswitch_suspend_i64(i64 1)
  ret i64 %r
}
