; RUN: %opt '-passes=lto<O0>' -S %s | FileCheck %s
; RUN: %opt '-passes=lto<O2>' -S %s | FileCheck %s
; RUN: %opt '-passes=lto-pre-link<O2>' -S %s | FileCheck %s
; RUN: %opt '-passes=thinlto-pre-link<O0>' -S %s | FileCheck %s
; RUN: %opt '-passes=thinlto-pre-link<O2>' -S %s | FileCheck %s
; RUN: %opt '-passes=thinlto<O2>' -S %s | FileCheck %s
; Pipelines before and at link time lower.

declare i64 @llvm.stackswitch.suspend.i64(i64)

define i64 @test(i64 %v) {
; CHECK: call i64 @stackswitch_suspend_i64(i64 %v)
; CHECK-NOT: llvm.stackswitch
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 %v)
  ret i64 %r
}
