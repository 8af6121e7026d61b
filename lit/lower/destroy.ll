; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; llvm.stackswitch.destroy becomes a call of its runtime function.

declare void @llvm.stackswitch.destroy(ptr)

define void @test(ptr %ctx) {
; CHECK-LABEL: define void @test(
; CHECK: call void @stackswitch_destroy(ptr %ctx)
  call void @llvm.stackswitch.destroy(ptr %ctx)
  ret void
}

; CHECK: declare void @stackswitch_destroy(ptr)
; CHECK-NOT: llvm.stackswitch
