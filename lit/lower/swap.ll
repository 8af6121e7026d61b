; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; llvm.stackswitch.swap becomes a call of its runtime function.

declare ptr @llvm.stackswitch.swap(ptr, ptr)

define ptr @test(ptr %to) {
; CHECK-LABEL: define ptr @test(
; CHECK: %r = call ptr @stackswitch_swap(ptr %to, ptr null)
  %r = call ptr @llvm.stackswitch.swap(ptr %to, ptr null)
  ret ptr %r
}

; CHECK: declare ptr @stackswitch_swap(ptr, ptr)
; CHECK-NOT: llvm.stackswitch
