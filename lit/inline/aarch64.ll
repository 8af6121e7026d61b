; RUN: %opt -passes=stackswitch-lower,stackswitch-inline -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-lower,stackswitch-inline -S %s | %code %s --check-prefixes=CODE,CODE%llvm
; RUN: %opt -passes='default<O2>' -S %s | llc -filetype=obj -o /dev/null
; Where a target's switch is not known, calls of the runtime stay.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i8:8:32-i16:16:32-i64:64-i128:128-n32:64-S128-Fn32"
target triple = "aarch64-unknown-linux-gnu"

declare ptr @llvm.stackswitch.spawn(ptr, ptr, ptr)
declare ptr @llvm.stackswitch.resume(ptr, ptr)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare i32 @llvm.stackswitch.swapcontext(ptr, ptr, ptr)

define ptr @body(ptr %arg, ptr %first) {
; CODE-LABEL: body:
; CODE-NEXT: mov x0, x1
; CODE-NEXT: ret
  ret ptr %first
}

define ptr @use(ptr %arg) {
; CODE-LABEL: use:
; CODE-NEXT: str x30, [sp, #-16]!
; CODE-NEXT: adrp x1, :got:body
; CODE-NEXT: mov x2, x0
; CODE-NEXT: mov x0, xzr
; CODE-NEXT: ldr x1, [x1, :got_lo12:body]
; CODE-NEXT: bl stackswitch_spawn
; CODE-NEXT: mov x1, xzr
; CODE-NEXT: bl stackswitch_resume
; CODE-NEXT: ldr x30, [sp], #16
; CODE-NEXT: ret
; CHECK-LABEL: @use(
; CHECK: call ptr @stackswitch_spawn(
; CHECK: call ptr @stackswitch_resume(
; CHECK-NOT: asm
  %ctx = call ptr @llvm.stackswitch.spawn(ptr null, ptr @body, ptr %arg)
  %r = call ptr @llvm.stackswitch.resume(ptr %ctx, ptr null)
  ret ptr %r
}

define i64 @yield(i64 %v) {
; CODE-LABEL: yield:
; CODE-NEXT: str x30, [sp, #-16]!
; CODE-NEXT: bl stackswitch_suspend_i64
; CODE-NEXT: ldr x30, [sp], #16
; CODE-NEXT: ret
; CHECK-LABEL: @yield(
; CHECK: call i64 @stackswitch_suspend_i64(
; CHECK-NOT: asm
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 %v)
  ret i64 %r
}

define i32 @swap(ptr %from, ptr %to) {
; CODE-LABEL: swap:
; CODE-NEXT: str x30, [sp, #-16]!
; CODE-NEXT: mov x2, xzr
; CODE-NEXT: bl stackswitch_swapcontext
; CODE-NEXT: ldr x30, [sp], #16
; CODE-NEXT: ret
; CHECK-LABEL: @swap(
; CHECK: call i32 @stackswitch_swapcontext(
; CHECK-NOT: asm
  %r = call i32 @llvm.stackswitch.swapcontext(ptr %from, ptr %to, ptr null)
  ret i32 %r
}
