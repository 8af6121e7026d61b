; RUN: %opt -passes=stackswitch-inline -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-inline -S %s | llc -o - | FileCheck %s --check-prefix=CODE
; RUN: %opt -passes=stackswitch-inline -pass-remarks=stackswitch -disable-output %s 2>&1 | FileCheck %s --check-prefix=REMARK
; REMARK-COUNT-3: remark: {{.*}}: the switch is in place
; A swap, a resume and a suspend become the exchange, and call the runtime in all other cases.
; (noinline: LLVM 19 cannot know that the functions become no part of others.)

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

declare ptr @stackswitch_swap(ptr, ptr)
declare i64 @stackswitch_resume_i64(ptr, i64)
declare i32 @stackswitch_suspend_i32(i32)

; CHECK: @stackswitch_resident_v2 = external global i64

define ptr @swap(ptr %to, ptr %v) noinline {
; CHECK-LABEL: @swap(
; CHECK: [[WORDS:%.*]] = load atomic i64, ptr @stackswitch_resident_v2 monotonic, align 8
; CHECK: call { ptr, ptr, ptr, i64, ptr } asm sideeffect alignstack unwind "{{.*}}"(ptr %to, ptr %v, i64 [[WORDS]], ptr @stackswitch_swap)
; CHECK: %r = extractvalue
; CHECK: ret ptr %r
; CODE-LABEL: swap:
; CODE: testq %rdi, %rdi
; CODE: cmpl %eax, 8(%rdi)
; CODE: jmpq *(%rdx)
; CODE: callq *%r11
; CODE: leaq 64(%rdx), %rsp
  %r = call ptr @stackswitch_swap(ptr %to, ptr %v)
  ret ptr %r
}

define i64 @resume(ptr %ctx, i64 %v) noinline {
; CHECK-LABEL: @resume(
; CHECK: call { i64, ptr, i64, i64, ptr } asm {{.*}}(ptr %ctx, i64 %v, i64 %{{.*}}, ptr @stackswitch_resume_i64)
; CODE-LABEL: resume:
; CODE: movq %r8, 40(%rdi)
  %r = call i64 @stackswitch_resume_i64(ptr %ctx, i64 %v)
  ret i64 %r
}

define i32 @suspend(i32 %v) noinline {
; CHECK-LABEL: @suspend(
; CHECK: call { i32, i32, i64, ptr } asm {{.*}}(i32 %v, i64 %{{.*}}, ptr @stackswitch_suspend_i32)
; CODE-LABEL: suspend:
; CODE: movq 40(%r8), %rdi
; CODE: testq %rdi, %rdi
; CODE: movq %rsi, %rdi
; CODE-NEXT: callq *%r11
  %r = call i32 @stackswitch_suspend_i32(i32 %v)
  ret i32 %r
}
