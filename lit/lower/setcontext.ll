; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; llvm.stackswitch.setcontext becomes a call of its runtime function.

declare i32 @llvm.stackswitch.setcontext(ptr)

define i32 @test(ptr %ctx) {
; CHECK-LABEL: define i32 @test(
; CHECK: %r = call i32 @stackswitch_setcontext(ptr %ctx)
  %r = call i32 @llvm.stackswitch.setcontext(ptr %ctx)
  ret i32 %r
}

; CHECK: declare i32 @stackswitch_setcontext(ptr)
; CHECK-NOT: llvm.stackswitch
