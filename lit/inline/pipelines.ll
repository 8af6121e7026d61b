; RUN: %opt -O0 -S %s | FileCheck %s --check-prefix=CALL
; RUN: %opt -O1 -S %s | FileCheck %s --check-prefix=PLACE
; RUN: %opt -O2 -S %s | FileCheck %s --check-prefix=PLACE
; RUN: %opt -O3 -S %s | FileCheck %s --check-prefix=PLACE
; RUN: %opt -Os -S %s | FileCheck %s --check-prefix=PLACE
; RUN: %opt '-passes=lto<O0>' -S %s | FileCheck %s --check-prefix=CALL
; RUN: %opt '-passes=lto<O2>' -S %s | FileCheck %s --check-prefix=PLACE
; RUN: %opt '-passes=thinlto<O2>' -S %s | FileCheck %s --check-prefix=PLACE
; Optimising pipelines put switches in place, at their end.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

declare i64 @llvm.stackswitch.suspend.i64(i64)

define i64 @test(i64 %v) {
; CALL: call i64 @stackswitch_suspend_i64(
; CALL-NOT: asm
; PLACE-NOT: call i64 @stackswitch_suspend_i64(
; PLACE: asm sideeffect
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 %v)
  ret i64 %r
}
