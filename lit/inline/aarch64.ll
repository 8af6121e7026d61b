; RUN: %opt -passes=stackswitch-lower,stackswitch-inline -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-lower,stackswitch-inline -S %s | llc -o - | FileCheck %s --check-prefix=CODE
; RUN: %opt -passes='default<O2>' -S %s | llc -filetype=obj -o /dev/null
; Where a target's switch is not known, calls of the runtime stay.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i8:8:32-i16:16:32-i64:64-i128:128-n32:64-S128-Fn32"
target triple = "aarch64-unknown-linux-gnu"

declare ptr @llvm.stackswitch.spawn(ptr, ptr, ptr)
declare ptr @llvm.stackswitch.resume(ptr, ptr)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare i32 @llvm.stackswitch.swapcontext(ptr, ptr, ptr)

define ptr @body(ptr %arg, ptr %first) {
  ret ptr %first
}

define ptr @use(ptr %arg) {
; CHECK-LABEL: @use(
; CHECK: call ptr @stackswitch_spawn(
; CHECK: call ptr @stackswitch_resume(
; CHECK-NOT: asm
; CODE-LABEL: use:
; CODE: bl stackswitch_spawn
; CODE: b{{l?}} stackswitch_resume
  %ctx = call ptr @llvm.stackswitch.spawn(ptr null, ptr @body, ptr %arg)
  %r = call ptr @llvm.stackswitch.resume(ptr %ctx, ptr null)
  ret ptr %r
}

define i64 @yield(i64 %v) {
; CHECK-LABEL: @yield(
; CHECK: call i64 @stackswitch_suspend_i64(
; CHECK-NOT: asm
; CODE-LABEL: yield:
; CODE-NOT: %r
; CODE: b{{l?}} stackswitch_suspend_i64
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 %v)
  ret i64 %r
}

define i32 @swap(ptr %from, ptr %to) {
; CHECK-LABEL: @swap(
; CHECK: call i32 @stackswitch_swapcontext(
; CHECK-NOT: asm
; CODE-LABEL: swap:
; CODE: bl stackswitch_swapcontext
  %r = call i32 @llvm.stackswitch.swapcontext(ptr %from, ptr %to, ptr null)
  ret i32 %r
}
