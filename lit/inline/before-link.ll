; REQUIRES: llvm-20
; RUN: %opt '-passes=lto-pre-link<O2>' -S %s | FileCheck %s
; RUN: %opt '-passes=thinlto-pre-link<O2>' -S %s | FileCheck %s
; What is going to be optimised with other modules keeps its calls until then.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

declare i64 @llvm.stackswitch.suspend.i64(i64)

define i64 @test(i64 %v) {
; CHECK: call i64 @stackswitch_suspend_i64(
; CHECK-NOT: asm
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 %v)
  ret i64 %r
}
