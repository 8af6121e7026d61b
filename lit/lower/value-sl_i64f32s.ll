; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; A value of type { i64, float } travels through memory.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"
declare ptr @llvm.stackswitch.spawn.sl_i64f32s(ptr, ptr, ptr)
declare { i64, float } @llvm.stackswitch.swap.sl_i64f32s(ptr, { i64, float })
declare { i64, float } @llvm.stackswitch.resume.sl_i64f32s(ptr, { i64, float })
declare { i64, float } @llvm.stackswitch.suspend.sl_i64f32s({ i64, float })
declare { i64, float } @llvm.stackswitch.swap.ontop.sl_i64f32s(ptr, ptr, { i64, float })

declare { i64, float } @body(ptr, { i64, float })
declare { i64, float } @top({ i64, float })

define { i64, float } @test({ i64, float } %v) {
; CHECK-LABEL: define { i64, float } @test(
; CHECK-NEXT: [[AT:%.*]] = alloca [16 x i8], align 16
; CHECK-NOT: alloca
; CHECK: %c = call ptr @stackswitch_spawn_wide(ptr null, ptr @body, ptr null, ptr @stackswitch.entry.sl_i64f32s)
; CHECK-NEXT: store { i64, float } %v, ptr [[AT]], align 16
; CHECK-NEXT: call void @stackswitch_resume_wide(ptr %c, ptr [[AT]], i64 16)
; CHECK-NEXT: %r = load { i64, float }, ptr [[AT]], align 16
; CHECK: call void @stackswitch_swap_wide(ptr %c, ptr [[AT]], i64 16)
; CHECK: call void @stackswitch_suspend_wide(ptr [[AT]], i64 16)
; CHECK: call void @stackswitch_swap_ontop_wide(ptr %c, ptr @top, ptr [[AT]], i64 16, ptr @stackswitch.ontop.sl_i64f32s)
; CHECK-NEXT: %u = load { i64, float }, ptr [[AT]], align 16
  %c = call ptr @llvm.stackswitch.spawn.sl_i64f32s(ptr null, ptr @body, ptr null)
  %r = call { i64, float } @llvm.stackswitch.resume.sl_i64f32s(ptr %c, { i64, float } %v)
  %s = call { i64, float } @llvm.stackswitch.swap.sl_i64f32s(ptr %c, { i64, float } %r)
  %t = call { i64, float } @llvm.stackswitch.suspend.sl_i64f32s({ i64, float } %s)
  %u = call { i64, float } @llvm.stackswitch.swap.ontop.sl_i64f32s(ptr %c, ptr @top, { i64, float } %t)
  ret { i64, float } %u
}

; CHECK: define internal void @stackswitch.entry.sl_i64f32s(ptr [[FN:%.*]], ptr [[ARG:%.*]], ptr [[SLOT:%.*]])
; CHECK: [[FIRST:%.*]] = load { i64, float }, ptr [[SLOT]], align 8
; CHECK: [[RESULT:%.*]] = call { i64, float } [[FN]](ptr [[ARG]], { i64, float } [[FIRST]])
; CHECK: store { i64, float } [[RESULT]], ptr [[SLOT]], align 8
; CHECK: define internal void @stackswitch.ontop.sl_i64f32s(ptr {{%.*}}, ptr {{%.*}})
