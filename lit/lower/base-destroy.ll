; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; llvm.stackswitch.base.destroy becomes a call of its runtime function.

declare void @llvm.stackswitch.base.destroy(ptr)

define void @test(ptr %base) {
; CHECK-LABEL: define void @test(
; CHECK: call void @stackswitch_base_destroy(ptr %base)
  call void @llvm.stackswitch.base.destroy(ptr %base)
  ret void
}

; CHECK: declare void @stackswitch_base_destroy(ptr)
; CHECK-NOT: llvm.stackswitch
