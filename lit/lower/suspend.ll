; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; llvm.stackswitch.suspend becomes a call of its runtime function.

declare ptr @llvm.stackswitch.suspend(ptr)

define ptr @test(ptr %value) {
; CHECK-LABEL: define ptr @test(
; CHECK: %r = call ptr @stackswitch_suspend(ptr %value)
  %r = call ptr @llvm.stackswitch.suspend(ptr %value)
  ret ptr %r
}

; CHECK: declare ptr @stackswitch_suspend(ptr)
; CHECK-NOT: llvm.stackswitch
