; RUN: %opt -passes=stackswitch-inline -S %s | llc -o - | FileCheck %s
; RUN: sed 's/"cf-protection-branch", i32 1/"cf-protection-branch", i32 0/' %s | %opt -passes=stackswitch-inline -S | llc -o - | FileCheck %s --check-prefix=PLAIN
; Where indirect jumps may only go to marked places, a context goes on at one.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

declare i64 @stackswitch_suspend_i64(i64)

define i64 @test(i64 %v) {
; CHECK: jmpq *(%rdx)
; CHECK: endbr64
; CHECK-NEXT: movq {{4[08]}}(%rdx), %rb{{[px]}}
; PLAIN: jmpq *(%rdx)
; PLAIN-NOT: endbr64
; PLAIN: movq {{4[08]}}(%rdx), %rb{{[px]}}
  %r = call i64 @stackswitch_suspend_i64(i64 %v)
  ret i64 %r
}

!llvm.module.flags = !{!0}
!0 = !{i32 8, !"cf-protection-branch", i32 1}
