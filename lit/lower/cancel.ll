; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; llvm.stackswitch.cancel becomes a call of its runtime function.

declare void @llvm.stackswitch.cancel(ptr)

define void @test(ptr %ctx) {
; CHECK-LABEL: define void @test(
; CHECK: call void @stackswitch_cancel(ptr %ctx)
  call void @llvm.stackswitch.cancel(ptr %ctx)
  ret void
}

; CHECK: declare void @stackswitch_cancel(ptr)
; CHECK-NOT: llvm.stackswitch
