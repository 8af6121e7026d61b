; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; llvm.stackswitch.stacktop becomes a call of its runtime function.

declare ptr @llvm.stackswitch.stacktop(ptr)

define ptr @test(ptr %ctx) {
; CHECK-LABEL: define ptr @test(
; CHECK: %r = call ptr @stackswitch_stacktop(ptr %ctx)
  %r = call ptr @llvm.stackswitch.stacktop(ptr %ctx)
  ret ptr %r
}

; CHECK: declare ptr @stackswitch_stacktop(ptr)
; CHECK-NOT: llvm.stackswitch
