; RUN: %opt -passes=stackswitch-inline -S %s | FileCheck %s
; RUN: sed 's/^define i64 @stackswitch_resident_v3.*/declare ptr @other()/' %s | %opt -passes=stackswitch-inline -S | FileCheck %s --check-prefix=FREE
; RUN: %opt -passes=stackswitch-inline -pass-remarks-missed=stackswitch -disable-output %s 2>&1 | FileCheck %s --check-prefix=REMARK
; REMARK: the switch is a call: a name of the runtime's is taken
; A module that has the variable's name for something else keeps its calls; one that defines the
; runtime's function is the runtime.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

define i64 @stackswitch_resident_v3() { ret i64 0 }
declare ptr @stackswitch_swap(ptr, ptr)
define i64 @stackswitch_suspend_i64(i64 %v) { ret i64 %v }

define ptr @test(ptr %to, ptr %v) {
; CHECK-LABEL: @test(
; CHECK: call ptr @stackswitch_swap(
; CHECK: call i64 @stackswitch_suspend_i64(
; FREE-LABEL: @test(
; FREE: asm {{.*}}@stackswitch_swap)
; FREE: call i64 @stackswitch_suspend_i64(
  %r = call ptr @stackswitch_swap(ptr %to, ptr %v)
  %s = call i64 @stackswitch_suspend_i64(i64 0)
  ret ptr %r
}
