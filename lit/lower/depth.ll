; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; llvm.stackswitch.depth becomes a call of its runtime function.

declare i32 @llvm.stackswitch.depth()

define i32 @test() {
; CHECK-LABEL: define i32 @test(
; CHECK: %r = call i32 @stackswitch_depth()
  %r = call i32 @llvm.stackswitch.depth()
  ret i32 %r
}

; CHECK: declare i32 @stackswitch_depth() [[ATTRS:#[0-9]+]]
; CHECK-NOT: llvm.stackswitch
; CHECK: attributes [[ATTRS]] = { {{.*}}nounwind willreturn memory(inaccessiblemem: read) }
