; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; llvm.stackswitch.prefetch becomes a call of its runtime function.

declare void @llvm.stackswitch.prefetch(ptr)

define void @test(ptr %ctx) {
; CHECK-LABEL: define void @test(
; CHECK: call void @stackswitch_prefetch(ptr %ctx)
  call void @llvm.stackswitch.prefetch(ptr %ctx)
  ret void
}

; CHECK: declare void @stackswitch_prefetch(ptr) [[ATTRS:#[0-9]+]]
; CHECK-NOT: llvm.stackswitch
; CHECK: attributes [[ATTRS]] = { {{.*}}nounwind willreturn memory(argmem: read, inaccessiblemem: readwrite) }
