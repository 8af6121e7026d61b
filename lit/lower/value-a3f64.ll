; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; A value of type [3 x double] travels through memory.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"
declare ptr @llvm.stackswitch.spawn.a3f64(ptr, ptr, ptr)
declare [3 x double] @llvm.stackswitch.swap.a3f64(ptr, [3 x double])
declare [3 x double] @llvm.stackswitch.resume.a3f64(ptr, [3 x double])
declare [3 x double] @llvm.stackswitch.suspend.a3f64([3 x double])
declare [3 x double] @llvm.stackswitch.swap.ontop.a3f64(ptr, ptr, [3 x double])

declare [3 x double] @body(ptr, [3 x double])
declare [3 x double] @top([3 x double])

define [3 x double] @test([3 x double] %v) {
; CHECK-LABEL: define {{\[}}3 x double] @test(
; CHECK-NEXT: [[AT:%.*]] = alloca [32 x i8], align 16
; CHECK-NOT: alloca
; CHECK: %c = call ptr @stackswitch_spawn_wide(ptr null, ptr @body, ptr null, ptr @stackswitch.entry.a3f64)
; CHECK-NEXT: store {{\[}}3 x double] %v, ptr [[AT]], align 16
; CHECK-NEXT: call void @stackswitch_resume_wide(ptr %c, ptr [[AT]], i64 24)
; CHECK-NEXT: %r = load {{\[}}3 x double], ptr [[AT]], align 16
; CHECK: call void @stackswitch_swap_wide(ptr %c, ptr [[AT]], i64 24)
; CHECK: call void @stackswitch_suspend_wide(ptr [[AT]], i64 24)
; CHECK: call void @stackswitch_swap_ontop_wide(ptr %c, ptr @top, ptr [[AT]], i64 24, ptr @stackswitch.ontop.a3f64)
; CHECK-NEXT: %u = load {{\[}}3 x double], ptr [[AT]], align 16
  %c = call ptr @llvm.stackswitch.spawn.a3f64(ptr null, ptr @body, ptr null)
  %r = call [3 x double] @llvm.stackswitch.resume.a3f64(ptr %c, [3 x double] %v)
  %s = call [3 x double] @llvm.stackswitch.swap.a3f64(ptr %c, [3 x double] %r)
  %t = call [3 x double] @llvm.stackswitch.suspend.a3f64([3 x double] %s)
  %u = call [3 x double] @llvm.stackswitch.swap.ontop.a3f64(ptr %c, ptr @top, [3 x double] %t)
  ret [3 x double] %u
}

; CHECK: define internal void @stackswitch.entry.a3f64(ptr [[FN:%.*]], ptr [[ARG:%.*]], ptr [[SLOT:%.*]])
; CHECK: [[FIRST:%.*]] = load {{\[}}3 x double], ptr [[SLOT]], align 8
; CHECK: [[RESULT:%.*]] = call {{\[}}3 x double] [[FN]](ptr [[ARG]], {{\[}}3 x double] [[FIRST]])
; CHECK: store {{\[}}3 x double] [[RESULT]], ptr [[SLOT]], align 8
; CHECK: define internal void @stackswitch.ontop.a3f64(ptr {{%.*}}, ptr {{%.*}})
