; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; A value of type %pair travels through memory.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"
%pair = type { i32, ptr }
declare ptr @llvm.stackswitch.spawn.s_pairs(ptr, ptr, ptr)
declare %pair @llvm.stackswitch.swap.s_pairs(ptr, %pair)
declare %pair @llvm.stackswitch.resume.s_pairs(ptr, %pair)
declare %pair @llvm.stackswitch.suspend.s_pairs(%pair)
declare %pair @llvm.stackswitch.swap.ontop.s_pairs(ptr, ptr, %pair)

declare %pair @body(ptr, %pair)
declare %pair @top(%pair)

define %pair @test(%pair %v) {
; CHECK-LABEL: define %pair @test(
; CHECK-NEXT: [[AT:%.*]] = alloca [16 x i8], align 16
; CHECK-NOT: alloca
; CHECK: %c = call ptr @stackswitch_spawn_wide(ptr null, ptr @body, ptr null, ptr @stackswitch.entry.s_pairs)
; CHECK-NEXT: store %pair %v, ptr [[AT]], align 16
; CHECK-NEXT: call void @stackswitch_resume_wide(ptr %c, ptr [[AT]], i64 16)
; CHECK-NEXT: %r = load %pair, ptr [[AT]], align 16
; CHECK: call void @stackswitch_swap_wide(ptr %c, ptr [[AT]], i64 16)
; CHECK: call void @stackswitch_suspend_wide(ptr [[AT]], i64 16)
; CHECK: call void @stackswitch_swap_ontop_wide(ptr %c, ptr @top, ptr [[AT]], i64 16, ptr @stackswitch.ontop.s_pairs)
; CHECK-NEXT: %u = load %pair, ptr [[AT]], align 16
  %c = call ptr @llvm.stackswitch.spawn.s_pairs(ptr null, ptr @body, ptr null)
  %r = call %pair @llvm.stackswitch.resume.s_pairs(ptr %c, %pair %v)
  %s = call %pair @llvm.stackswitch.swap.s_pairs(ptr %c, %pair %r)
  %t = call %pair @llvm.stackswitch.suspend.s_pairs(%pair %s)
  %u = call %pair @llvm.stackswitch.swap.ontop.s_pairs(ptr %c, ptr @top, %pair %t)
  ret %pair %u
}

; CHECK: define internal void @stackswitch.entry.s_pairs(ptr [[FN:%.*]], ptr [[ARG:%.*]], ptr [[SLOT:%.*]])
; CHECK: [[FIRST:%.*]] = load %pair, ptr [[SLOT]], align 8
; CHECK: [[RESULT:%.*]] = call %pair [[FN]](ptr [[ARG]], %pair [[FIRST]])
; CHECK: store %pair [[RESULT]], ptr [[SLOT]], align 8
; CHECK: define internal void @stackswitch.ontop.s_pairs(ptr {{%.*}}, ptr {{%.*}})
