; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; A value of type x86_fp80 travels through memory.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"
declare ptr @llvm.stackswitch.spawn.f80(ptr, ptr, ptr)
declare x86_fp80 @llvm.stackswitch.swap.f80(ptr, x86_fp80)
declare x86_fp80 @llvm.stackswitch.resume.f80(ptr, x86_fp80)
declare x86_fp80 @llvm.stackswitch.suspend.f80(x86_fp80)
declare x86_fp80 @llvm.stackswitch.swap.ontop.f80(ptr, ptr, x86_fp80)

declare x86_fp80 @body(ptr, x86_fp80)
declare x86_fp80 @top(x86_fp80)

define x86_fp80 @test(x86_fp80 %v) {
; CHECK-LABEL: define x86_fp80 @test(
; CHECK-NEXT: [[AT:%.*]] = alloca [16 x i8], align 16
; CHECK-NOT: alloca
; CHECK: %c = call ptr @stackswitch_spawn_wide(ptr null, ptr @body, ptr null, ptr @stackswitch.entry.f80)
; CHECK-NEXT: store x86_fp80 %v, ptr [[AT]], align 16
; CHECK-NEXT: call void @stackswitch_resume_wide(ptr %c, ptr [[AT]], i64 16)
; CHECK-NEXT: %r = load x86_fp80, ptr [[AT]], align 16
; CHECK: call void @stackswitch_swap_wide(ptr %c, ptr [[AT]], i64 16)
; CHECK: call void @stackswitch_suspend_wide(ptr [[AT]], i64 16)
; CHECK: call void @stackswitch_swap_ontop_wide(ptr %c, ptr @top, ptr [[AT]], i64 16, ptr @stackswitch.ontop.f80)
; CHECK-NEXT: %u = load x86_fp80, ptr [[AT]], align 16
  %c = call ptr @llvm.stackswitch.spawn.f80(ptr null, ptr @body, ptr null)
  %r = call x86_fp80 @llvm.stackswitch.resume.f80(ptr %c, x86_fp80 %v)
  %s = call x86_fp80 @llvm.stackswitch.swap.f80(ptr %c, x86_fp80 %r)
  %t = call x86_fp80 @llvm.stackswitch.suspend.f80(x86_fp80 %s)
  %u = call x86_fp80 @llvm.stackswitch.swap.ontop.f80(ptr %c, ptr @top, x86_fp80 %t)
  ret x86_fp80 %u
}

; CHECK: define internal void @stackswitch.entry.f80(ptr [[FN:%.*]], ptr [[ARG:%.*]], ptr [[SLOT:%.*]])
; CHECK: [[FIRST:%.*]] = load x86_fp80, ptr [[SLOT]], align 8
; CHECK: [[RESULT:%.*]] = call x86_fp80 [[FN]](ptr [[ARG]], x86_fp80 [[FIRST]])
; CHECK: store x86_fp80 [[RESULT]], ptr [[SLOT]], align 8
; CHECK: define internal void @stackswitch.ontop.f80(ptr {{%.*}}, ptr {{%.*}})
