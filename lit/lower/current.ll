; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; llvm.stackswitch.current becomes a call of its runtime function.

declare ptr @llvm.stackswitch.current()

define ptr @test() {
; CHECK-LABEL: define ptr @test(
; CHECK: %r = call ptr @stackswitch_current()
  %r = call ptr @llvm.stackswitch.current()
  ret ptr %r
}

; CHECK: declare ptr @stackswitch_current() [[ATTRS:#[0-9]+]]
; CHECK-NOT: llvm.stackswitch
; CHECK: attributes [[ATTRS]] = { {{.*}}nounwind willreturn memory(inaccessiblemem: read) }
