; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; A value of type half travels through memory.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"
declare ptr @llvm.stackswitch.spawn.f16(ptr, ptr, ptr)
declare half @llvm.stackswitch.swap.f16(ptr, half)
declare half @llvm.stackswitch.resume.f16(ptr, half)
declare half @llvm.stackswitch.suspend.f16(half)
declare half @llvm.stackswitch.swap.ontop.f16(ptr, ptr, half)

declare half @body(ptr, half)
declare half @top(half)

define half @test(half %v) {
; CHECK-LABEL: define half @test(
; CHECK-NEXT: [[AT:%.*]] = alloca [16 x i8], align 16
; CHECK-NOT: alloca
; CHECK: %c = call ptr @stackswitch_spawn_wide(ptr null, ptr @body, ptr null, ptr @stackswitch.entry.f16)
; CHECK-NEXT: store half %v, ptr [[AT]], align 16
; CHECK-NEXT: call void @stackswitch_resume_wide(ptr %c, ptr [[AT]], i64 2)
; CHECK-NEXT: %r = load half, ptr [[AT]], align 16
; CHECK: call void @stackswitch_swap_wide(ptr %c, ptr [[AT]], i64 2)
; CHECK: call void @stackswitch_suspend_wide(ptr [[AT]], i64 2)
; CHECK: call void @stackswitch_swap_ontop_wide(ptr %c, ptr @top, ptr [[AT]], i64 2, ptr @stackswitch.ontop.f16)
; CHECK-NEXT: %u = load half, ptr [[AT]], align 16
  %c = call ptr @llvm.stackswitch.spawn.f16(ptr null, ptr @body, ptr null)
  %r = call half @llvm.stackswitch.resume.f16(ptr %c, half %v)
  %s = call half @llvm.stackswitch.swap.f16(ptr %c, half %r)
  %t = call half @llvm.stackswitch.suspend.f16(half %s)
  %u = call half @llvm.stackswitch.swap.ontop.f16(ptr %c, ptr @top, half %t)
  ret half %u
}

; CHECK: define internal void @stackswitch.entry.f16(ptr [[FN:%.*]], ptr [[ARG:%.*]], ptr [[SLOT:%.*]])
; CHECK: [[FIRST:%.*]] = load half, ptr [[SLOT]], align 2
; CHECK: [[RESULT:%.*]] = call half [[FN]](ptr [[ARG]], half [[FIRST]])
; CHECK: store half [[RESULT]], ptr [[SLOT]], align 2
; CHECK: define internal void @stackswitch.ontop.f16(ptr {{%.*}}, ptr {{%.*}})
