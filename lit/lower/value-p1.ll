; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; A value of type ptr addrspace(1) travels through memory.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"
declare ptr @llvm.stackswitch.spawn.p1(ptr, ptr, ptr)
declare ptr addrspace(1) @llvm.stackswitch.swap.p1(ptr, ptr addrspace(1))
declare ptr addrspace(1) @llvm.stackswitch.resume.p1(ptr, ptr addrspace(1))
declare ptr addrspace(1) @llvm.stackswitch.suspend.p1(ptr addrspace(1))
declare ptr addrspace(1) @llvm.stackswitch.swap.ontop.p1(ptr, ptr, ptr addrspace(1))

declare ptr addrspace(1) @body(ptr, ptr addrspace(1))
declare ptr addrspace(1) @top(ptr addrspace(1))

define ptr addrspace(1) @test(ptr addrspace(1) %v) {
; CHECK-LABEL: define ptr addrspace(1) @test(
; CHECK-NEXT: [[AT:%.*]] = alloca [16 x i8], align 16
; CHECK-NOT: alloca
; CHECK: %c = call ptr @stackswitch_spawn_wide(ptr null, ptr @body, ptr null, ptr @stackswitch.entry.p1)
; CHECK-NEXT: store ptr addrspace(1) %v, ptr [[AT]], align 16
; CHECK-NEXT: call void @stackswitch_resume_wide(ptr %c, ptr [[AT]], i64 8)
; CHECK-NEXT: %r = load ptr addrspace(1), ptr [[AT]], align 16
; CHECK: call void @stackswitch_swap_wide(ptr %c, ptr [[AT]], i64 8)
; CHECK: call void @stackswitch_suspend_wide(ptr [[AT]], i64 8)
; CHECK: call void @stackswitch_swap_ontop_wide(ptr %c, ptr @top, ptr [[AT]], i64 8, ptr @stackswitch.ontop.p1)
; CHECK-NEXT: %u = load ptr addrspace(1), ptr [[AT]], align 16
  %c = call ptr @llvm.stackswitch.spawn.p1(ptr null, ptr @body, ptr null)
  %r = call ptr addrspace(1) @llvm.stackswitch.resume.p1(ptr %c, ptr addrspace(1) %v)
  %s = call ptr addrspace(1) @llvm.stackswitch.swap.p1(ptr %c, ptr addrspace(1) %r)
  %t = call ptr addrspace(1) @llvm.stackswitch.suspend.p1(ptr addrspace(1) %s)
  %u = call ptr addrspace(1) @llvm.stackswitch.swap.ontop.p1(ptr %c, ptr @top, ptr addrspace(1) %t)
  ret ptr addrspace(1) %u
}

; CHECK: define internal void @stackswitch.entry.p1(ptr [[FN:%.*]], ptr [[ARG:%.*]], ptr [[SLOT:%.*]])
; CHECK: [[FIRST:%.*]] = load ptr addrspace(1), ptr [[SLOT]], align 8
; CHECK: [[RESULT:%.*]] = call ptr addrspace(1) [[FN]](ptr [[ARG]], ptr addrspace(1) [[FIRST]])
; CHECK: store ptr addrspace(1) [[RESULT]], ptr [[SLOT]], align 8
; CHECK: define internal void @stackswitch.ontop.p1(ptr {{%.*}}, ptr {{%.*}})
