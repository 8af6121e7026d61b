; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; llvm.stackswitch.spawn becomes a call of its runtime function.

declare ptr @llvm.stackswitch.spawn(ptr, ptr, ptr)

define ptr @body(ptr %arg, ptr %first) {
  ret ptr %first
}

define ptr @test(ptr %arg) {
; CHECK-LABEL: define ptr @test(
; CHECK: %r = call ptr @stackswitch_spawn(ptr null, ptr @body, ptr %arg)
  %r = call ptr @llvm.stackswitch.spawn(ptr null, ptr @body, ptr %arg)
  ret ptr %r
}

; CHECK: declare ptr @stackswitch_spawn(ptr, ptr, ptr)
; CHECK-NOT: llvm.stackswitch
