; RUN: %opt -passes=stackswitch-inline -S %s | llc -o - | FileCheck %s
; The function keeps nothing below the stack pointer, where the record goes. Without a red zone the
; stack pointer goes below the record first.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

declare i64 @stackswitch_suspend_i64(i64)

define i64 @red_zone(i64 %v) {
; CHECK-LABEL: red_zone:
; The local is above the stack pointer.
; CHECK: movq %rdi, {{[0-9]*}}(%rsp)
; CHECK: movq %rbp, -16(%rsp)
; CHECK: leaq {{.*}}(%rip), %r10
; CHECK-NEXT: movq %r10, -64(%rsp)
; CHECK-NEXT: leaq -64(%rsp), %r10
; CHECK-NEXT: movq %r10, (%r8)
  %local = alloca i64
  store volatile i64 %v, ptr %local
  %r = call i64 @stackswitch_suspend_i64(i64 %v)
  %l = load volatile i64, ptr %local
  %s = add i64 %r, %l
  ret i64 %s
}

define i64 @no_red_zone(i64 %v) noredzone {
; CHECK-LABEL: no_red_zone:
; CHECK: leaq -64(%rsp), %rsp
; CHECK-NEXT: movq %rbp, 48(%rsp)
; CHECK: leaq {{.*}}(%rip), %r10
; CHECK-NEXT: movq %r10, (%rsp)
; CHECK-NEXT: leaq (%rsp), %r10
; CHECK-NEXT: movq %r10, (%r8)
; CHECK-NOT: {{-[0-9]+}}(%rsp)
; CHECK: leaq 64(%rdx), %rsp
  %r = call i64 @stackswitch_suspend_i64(i64 %v)
  ret i64 %r
}
