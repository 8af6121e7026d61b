; RUN: %opt -O0 -S %s | FileCheck %s
; RUN: %opt -O1 -S %s | FileCheck %s
; RUN: %opt -O2 -S %s | FileCheck %s
; RUN: %opt -O3 -S %s | FileCheck %s
; RUN: %opt '-passes=lto<O2>' -S %s | FileCheck %s
; RUN: %opt '-passes=thinlto<O2>' -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-lower -S %s | FileCheck %s
; RUN: %opt -O2 -opt-bisect-limit=0 -S %s 2>/dev/null | FileCheck %s
; Functions that are not to be optimised are lowered too, with or without others beside them.

declare i128 @llvm.stackswitch.suspend.i128(i128)
declare i64 @llvm.stackswitch.suspend.i64(i64)

define i128 @test(i128 %v) noinline optnone {
; CHECK-LABEL: define {{.*}} @test(
; CHECK: call void @stackswitch_suspend_wide(
; CHECK-NOT: llvm.stackswitch
  %r = call i128 @llvm.stackswitch.suspend.i128(i128 %v)
  ret i128 %r
}

define i64 @beside(i64 %v) {
; CHECK-LABEL: define {{.*}} @beside(
; CHECK: call i64 @stackswitch_suspend_i64(
; CHECK-NOT: llvm.stackswitch
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 %v)
  ret i64 %r
}
