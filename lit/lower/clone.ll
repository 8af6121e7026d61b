; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; llvm.stackswitch.clone becomes a call of its runtime function.

declare ptr @llvm.stackswitch.clone(ptr)

define ptr @test(ptr %ctx) {
; CHECK-LABEL: define ptr @test(
; CHECK: %r = call ptr @stackswitch_clone(ptr %ctx)
  %r = call ptr @llvm.stackswitch.clone(ptr %ctx)
  ret ptr %r
}

; CHECK: declare ptr @stackswitch_clone(ptr)
; CHECK-NOT: llvm.stackswitch
