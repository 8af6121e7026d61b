; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; llvm.stackswitch.slice.size becomes a call of its runtime function.

declare i64 @llvm.stackswitch.slice.size(ptr)

define i64 @test(ptr %ctx) {
; CHECK-LABEL: define i64 @test(
; CHECK: %r = call i64 @stackswitch_slice_size(ptr %ctx)
  %r = call i64 @llvm.stackswitch.slice.size(ptr %ctx)
  ret i64 %r
}

; CHECK: declare i64 @stackswitch_slice_size(ptr)
; CHECK-NOT: llvm.stackswitch
