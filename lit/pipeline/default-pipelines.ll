; RUN: %opt -O0 -S %s | FileCheck %s
; RUN: %opt '-passes=default<O0>' -S %s | FileCheck %s
; RUN: %opt -O1 -S %s | FileCheck %s
; RUN: %opt '-passes=default<O1>' -S %s | FileCheck %s
; RUN: %opt -O2 -S %s | FileCheck %s
; RUN: %opt '-passes=default<O2>' -S %s | FileCheck %s
; RUN: %opt -O3 -S %s | FileCheck %s
; RUN: %opt '-passes=default<O3>' -S %s | FileCheck %s
; RUN: %opt -Os -S %s | FileCheck %s
; RUN: %opt '-passes=default<Os>' -S %s | FileCheck %s
; RUN: %opt -Oz -S %s | FileCheck %s
; RUN: %opt '-passes=default<Oz>' -S %s | FileCheck %s
; Every default pipeline lowers.

declare i64 @llvm.stackswitch.suspend.i64(i64)

define i64 @test(i64 %v) {
; CHECK: call i64 @stackswitch_suspend_i64(i64 %v)
; CHECK-NOT: llvm.stackswitch
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 %v)
  ret i64 %r
}
