; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; llvm.stackswitch.freecontext becomes a call of its runtime function.

declare void @llvm.stackswitch.freecontext(ptr)

define void @test(ptr %ctx) {
; CHECK-LABEL: define void @test(
; CHECK: call void @stackswitch_freecontext(ptr %ctx)
  call void @llvm.stackswitch.freecontext(ptr %ctx)
  ret void
}

; CHECK: declare void @stackswitch_freecontext(ptr)
; CHECK-NOT: llvm.stackswitch
