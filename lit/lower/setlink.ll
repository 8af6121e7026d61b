; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; llvm.stackswitch.setlink becomes a call of its runtime function.

declare void @llvm.stackswitch.setlink(ptr, ptr)

define void @test(ptr %ctx) {
; CHECK-LABEL: define void @test(
; CHECK: call void @stackswitch_setlink(ptr %ctx, ptr null)
  call void @llvm.stackswitch.setlink(ptr %ctx, ptr null)
  ret void
}

; CHECK: declare void @stackswitch_setlink(ptr, ptr)
; CHECK-NOT: llvm.stackswitch
