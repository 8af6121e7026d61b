; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; A value of type i128 travels through memory.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"
declare ptr @llvm.stackswitch.spawn.i128(ptr, ptr, ptr)
declare i128 @llvm.stackswitch.swap.i128(ptr, i128)
declare i128 @llvm.stackswitch.resume.i128(ptr, i128)
declare i128 @llvm.stackswitch.suspend.i128(i128)
declare i128 @llvm.stackswitch.swap.ontop.i128(ptr, ptr, i128)

declare i128 @body(ptr, i128)
declare i128 @top(i128)

define i128 @test(i128 %v) {
; CHECK-LABEL: define i128 @test(
; CHECK-NEXT: [[AT:%.*]] = alloca [16 x i8], align 16
; CHECK-NOT: alloca
; CHECK: %c = call ptr @stackswitch_spawn_wide(ptr null, ptr @body, ptr null, ptr @stackswitch.entry.i128)
; CHECK-NEXT: store i128 %v, ptr [[AT]], align 16
; CHECK-NEXT: call void @stackswitch_resume_wide(ptr %c, ptr [[AT]], i64 16)
; CHECK-NEXT: %r = load i128, ptr [[AT]], align 16
; CHECK: call void @stackswitch_swap_wide(ptr %c, ptr [[AT]], i64 16)
; CHECK: call void @stackswitch_suspend_wide(ptr [[AT]], i64 16)
; CHECK: call void @stackswitch_swap_ontop_wide(ptr %c, ptr @top, ptr [[AT]], i64 16, ptr @stackswitch.ontop.i128)
; CHECK-NEXT: %u = load i128, ptr [[AT]], align 16
  %c = call ptr @llvm.stackswitch.spawn.i128(ptr null, ptr @body, ptr null)
  %r = call i128 @llvm.stackswitch.resume.i128(ptr %c, i128 %v)
  %s = call i128 @llvm.stackswitch.swap.i128(ptr %c, i128 %r)
  %t = call i128 @llvm.stackswitch.suspend.i128(i128 %s)
  %u = call i128 @llvm.stackswitch.swap.ontop.i128(ptr %c, ptr @top, i128 %t)
  ret i128 %u
}

; CHECK: define internal void @stackswitch.entry.i128(ptr [[FN:%.*]], ptr [[ARG:%.*]], ptr [[SLOT:%.*]])
; CHECK: [[FIRST:%.*]] = load i128, ptr [[SLOT]], align 8
; CHECK: [[RESULT:%.*]] = call i128 [[FN]](ptr [[ARG]], i128 [[FIRST]])
; CHECK: store i128 [[RESULT]], ptr [[SLOT]], align 8
; CHECK: define internal void @stackswitch.ontop.i128(ptr {{%.*}}, ptr {{%.*}})
