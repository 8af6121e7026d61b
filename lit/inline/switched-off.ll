; RUN: %opt -passes=stackswitch-inline -S %s | FileCheck %s
; RUN: %opt -O2 -S %s | FileCheck %s
; A module's flag keeps its calls.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

declare ptr @stackswitch_swap(ptr, ptr)

define ptr @test(ptr %to, ptr %v) {
; CHECK: call ptr @stackswitch_swap(
; CHECK-NOT: asm
  %r = call ptr @stackswitch_swap(ptr %to, ptr %v)
  ret ptr %r
}

!llvm.module.flags = !{!0}
!0 = !{i32 4, !"stackswitch-inline", i32 0}
