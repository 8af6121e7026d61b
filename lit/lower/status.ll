; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; llvm.stackswitch.status becomes a call of its runtime function.

declare i32 @llvm.stackswitch.status(ptr)

define i32 @test(ptr %ctx) {
; CHECK-LABEL: define i32 @test(
; CHECK: %r = call i32 @stackswitch_status(ptr %ctx)
  %r = call i32 @llvm.stackswitch.status(ptr %ctx)
  ret i32 %r
}

; CHECK: declare i32 @stackswitch_status(ptr)
; CHECK-NOT: llvm.stackswitch
