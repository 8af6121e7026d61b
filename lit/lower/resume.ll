; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; llvm.stackswitch.resume becomes a call of its runtime function.

declare ptr @llvm.stackswitch.resume(ptr, ptr)

define ptr @test(ptr %ctx) {
; CHECK-LABEL: define ptr @test(
; CHECK: %r = call ptr @stackswitch_resume(ptr %ctx, ptr null)
  %r = call ptr @llvm.stackswitch.resume(ptr %ctx, ptr null)
  ret ptr %r
}

; CHECK: declare ptr @stackswitch_resume(ptr, ptr)
; CHECK-NOT: llvm.stackswitch
