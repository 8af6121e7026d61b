; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; llvm.stackswitch.link becomes a call of its runtime function.

declare ptr @llvm.stackswitch.link(ptr)

define ptr @test(ptr %ctx) {
; CHECK-LABEL: define ptr @test(
; CHECK: %r = call ptr @stackswitch_link(ptr %ctx)
  %r = call ptr @llvm.stackswitch.link(ptr %ctx)
  ret ptr %r
}

; CHECK: declare ptr @stackswitch_link(ptr)
; CHECK-NOT: llvm.stackswitch
