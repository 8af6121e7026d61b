; RUN: %opt -passes=stackswitch-inline -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-inline -S %s | llc -o - | FileCheck %s --check-prefix=CODE
; RUN: %opt -passes=stackswitch-inline -pass-remarks=stackswitch -pass-remarks-missed=stackswitch -disable-output %s 2>&1 | FileCheck %s --check-prefix=REMARK
; RUN: %opt -passes=stackswitch-inline,stackswitch-inline -S %s | FileCheck %s
; A swapcontext without a base becomes a capture in place, which may return more than once, on the
; program's own objects and on those in the system's structures.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

declare i32 @stackswitch_swapcontext(ptr, ptr, ptr) returns_twice
declare i32 @stackswitch_ucontext_swapcontext(ptr, ptr) returns_twice
declare i32 @stackswitch_getcontext(ptr, ptr) returns_twice
declare i64 @stackswitch_suspend_i64(i64)

; CHECK: @stackswitch_plain_v2 = external global i64

; REMARK: the switch is in place
define i32 @own(ptr %from, ptr %to) {
; CHECK-LABEL: @own(
; CHECK: [[WHERE:%.*]] = load atomic i64, ptr @stackswitch_plain_v2 monotonic, align 8
; CHECK: [[WORD:%.*]] = inttoptr i64 [[WHERE]] to ptr addrspace(257)
; CHECK: [[MARK:%.*]] = load i64, ptr addrspace(257) [[WORD]], align 8
; CHECK: call { i32, ptr, ptr, i64, ptr, ptr } asm sideeffect alignstack unwind "{{.*}}"(ptr %from, ptr %to, i64 [[MARK]], ptr null, ptr @stackswitch_swapcontext) [[TWICE:#[0-9]+]]
; CHECK: extractvalue
; CODE-LABEL: own:
; CODE: movq %fs:(%r{{.*}}), %rcx
; CODE: testq %rdx, %rdx
; CODE: cmpq %rcx, 8(%rdx)
; CODE: cmpq %rcx, 8(%rdi)
; CODE: movq %rsp, 16(%rdi)
; CODE: jmpq *(%rdx)
; CODE: xorl %edx, %edx
; CODE: callq *%r11
; CODE: movq 16(%rdx), %rsp
  %r = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr null)
  ret i32 %r
}

; REMARK: the switch is a call: it has a base, so a slice is made
define i32 @based(ptr %from, ptr %to, ptr %base) {
; CHECK-LABEL: @based(
; CHECK: call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr %base)
  %r = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr %base)
  ret i32 %r
}

; REMARK: the switch is a call: the function calls what returns twice
define i32 @captures(ptr %from, ptr %to) {
; CHECK-LABEL: @captures(
; CHECK: call i32 @stackswitch_swapcontext(
  %g = call i32 @stackswitch_getcontext(ptr %from, ptr null)
  %r = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr null)
  ret i32 %r
}

define i64 @both(ptr %from, ptr %to, i64 %v) {
; CHECK-LABEL: @both(
; CHECK: call i64 @stackswitch_suspend_i64(
; CHECK: asm
  %s = call i64 @stackswitch_suspend_i64(i64 %v)
  %r = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr null)
  ret i64 %s
}

define i32 @system(ptr %from, ptr %to) {
; CHECK-LABEL: @system(
; CHECK: [[FROM:%.*]] = getelementptr inbounds i8, ptr %from, i64 160
; CHECK: [[TO:%.*]] = getelementptr inbounds i8, ptr %to, i64 160
; CHECK: asm {{.*}}(ptr [[FROM]], ptr [[TO]], i64 %{{.*}}, ptr null, ptr @stackswitch_ucontext_swapcontext)
; CODE-LABEL: system:
; CODE-NOT: testq
; CODE: jmpq *(%rdx)
; CODE: leaq -160(%rdi), %rdi
; CODE: leaq -160(%rdx), %rsi
  %r = call i32 @stackswitch_ucontext_swapcontext(ptr %from, ptr %to)
  ret i32 %r
}

; CHECK: attributes [[TWICE]] = { returns_twice }
