; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; llvm.stackswitch.base.create becomes a call of its runtime function.

declare ptr @llvm.stackswitch.base.create(i64)

define ptr @test(i64 %reserve) {
; CHECK-LABEL: define ptr @test(
; CHECK: %r = call ptr @stackswitch_base_create(i64 %reserve)
  %r = call ptr @llvm.stackswitch.base.create(i64 %reserve)
  ret ptr %r
}

; CHECK: declare ptr @stackswitch_base_create(i64)
; CHECK-NOT: llvm.stackswitch
