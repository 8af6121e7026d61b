; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; llvm.stackswitch.context.size becomes a call of its runtime function.

declare i64 @llvm.stackswitch.context.size()

define i64 @test() {
; CHECK-LABEL: define i64 @test(
; CHECK: %r = call i64 @stackswitch_context_size()
  %r = call i64 @llvm.stackswitch.context.size()
  ret i64 %r
}

; CHECK: declare i64 @stackswitch_context_size() [[ATTRS:#[0-9]+]]
; CHECK-NOT: llvm.stackswitch
; CHECK: attributes [[ATTRS]] = { {{.*}}nounwind willreturn memory(none) }
