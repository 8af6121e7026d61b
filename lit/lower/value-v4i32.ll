; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; A value of type <4 x i32> travels through memory.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"
declare ptr @llvm.stackswitch.spawn.v4i32(ptr, ptr, ptr)
declare <4 x i32> @llvm.stackswitch.swap.v4i32(ptr, <4 x i32>)
declare <4 x i32> @llvm.stackswitch.resume.v4i32(ptr, <4 x i32>)
declare <4 x i32> @llvm.stackswitch.suspend.v4i32(<4 x i32>)
declare <4 x i32> @llvm.stackswitch.swap.ontop.v4i32(ptr, ptr, <4 x i32>)

declare <4 x i32> @body(ptr, <4 x i32>)
declare <4 x i32> @top(<4 x i32>)

define <4 x i32> @test(<4 x i32> %v) {
; CHECK-LABEL: define <4 x i32> @test(
; CHECK-NEXT: [[AT:%.*]] = alloca [16 x i8], align 16
; CHECK-NOT: alloca
; CHECK: %c = call ptr @stackswitch_spawn_wide(ptr null, ptr @body, ptr null, ptr @stackswitch.entry.v4i32)
; CHECK-NEXT: store <4 x i32> %v, ptr [[AT]], align 16
; CHECK-NEXT: call void @stackswitch_resume_wide(ptr %c, ptr [[AT]], i64 16)
; CHECK-NEXT: %r = load <4 x i32>, ptr [[AT]], align 16
; CHECK: call void @stackswitch_swap_wide(ptr %c, ptr [[AT]], i64 16)
; CHECK: call void @stackswitch_suspend_wide(ptr [[AT]], i64 16)
; CHECK: call void @stackswitch_swap_ontop_wide(ptr %c, ptr @top, ptr [[AT]], i64 16, ptr @stackswitch.ontop.v4i32)
; CHECK-NEXT: %u = load <4 x i32>, ptr [[AT]], align 16
  %c = call ptr @llvm.stackswitch.spawn.v4i32(ptr null, ptr @body, ptr null)
  %r = call <4 x i32> @llvm.stackswitch.resume.v4i32(ptr %c, <4 x i32> %v)
  %s = call <4 x i32> @llvm.stackswitch.swap.v4i32(ptr %c, <4 x i32> %r)
  %t = call <4 x i32> @llvm.stackswitch.suspend.v4i32(<4 x i32> %s)
  %u = call <4 x i32> @llvm.stackswitch.swap.ontop.v4i32(ptr %c, ptr @top, <4 x i32> %t)
  ret <4 x i32> %u
}

; CHECK: define internal void @stackswitch.entry.v4i32(ptr [[FN:%.*]], ptr [[ARG:%.*]], ptr [[SLOT:%.*]])
; CHECK: [[FIRST:%.*]] = load <4 x i32>, ptr [[SLOT]], align 8
; CHECK: [[RESULT:%.*]] = call <4 x i32> [[FN]](ptr [[ARG]], <4 x i32> [[FIRST]])
; CHECK: store <4 x i32> [[RESULT]], ptr [[SLOT]], align 8
; CHECK: define internal void @stackswitch.ontop.v4i32(ptr {{%.*}}, ptr {{%.*}})
