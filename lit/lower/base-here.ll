; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; llvm.stackswitch.base.here becomes a call of its runtime function.

declare ptr @llvm.stackswitch.base.here()

define ptr @test() {
; CHECK-LABEL: define ptr @test(
; CHECK: %r = call ptr @stackswitch_base_here()
  %r = call ptr @llvm.stackswitch.base.here()
  ret ptr %r
}

; CHECK: declare ptr @stackswitch_base_here()
; CHECK-NOT: llvm.stackswitch
