; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; llvm.stackswitch.swap.ontop becomes a call of its runtime function.

declare ptr @llvm.stackswitch.swap.ontop(ptr, ptr, ptr)

define ptr @body(ptr %value) {
  ret ptr %value
}

define ptr @test(ptr %to) {
; CHECK-LABEL: define ptr @test(
; CHECK: %r = call ptr @stackswitch_swap_ontop(ptr %to, ptr @body, ptr null)
  %r = call ptr @llvm.stackswitch.swap.ontop(ptr %to, ptr @body, ptr null)
  ret ptr %r
}

; CHECK: declare ptr @stackswitch_swap_ontop(ptr, ptr, ptr)
; CHECK-NOT: llvm.stackswitch
