; RUN: %opt -passes=stackswitch-inline -S %s | llc -o - | FileCheck %s
; A context lands with the stack pointer of another. In a function with unwind tables, unwinders stop
; until it has its own: a profiler's signal may come at any instruction.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

declare i64 @stackswitch_suspend_i64(i64)
declare i32 @stackswitch_swapcontext(ptr, ptr, ptr)

define i64 @with_tables(i64 %v) uwtable {
; CHECK-LABEL: with_tables:
; CHECK: jmpq *(%rdx)
; CHECK: .cfi_remember_state
; CHECK-NEXT: .cfi_undefined %rip
; CHECK: movq 48(%rdx), %rbp
; CHECK-NEXT: leaq 64(%rdx), %rsp
; CHECK-NEXT: .cfi_restore_state
  %r = call i64 @stackswitch_suspend_i64(i64 %v)
  ret i64 %r
}

; The stack pointer goes below the record, which the function's tables do not say.
define i64 @no_red_zone(i64 %v) noredzone uwtable {
; CHECK-LABEL: no_red_zone:
; CHECK: .cfi_remember_state
; CHECK-NEXT: .cfi_undefined %rip
; CHECK-NEXT: leaq -64(%rsp), %rsp
; CHECK: jmpq *(%rdx)
; CHECK-NEXT: .cfi_restore_state
  %r = call i64 @stackswitch_suspend_i64(i64 %v)
  ret i64 %r
}

define i32 @capture(ptr %from, ptr %to) uwtable {
; CHECK-LABEL: capture:
; CHECK: jmpq *(%rdx)
; CHECK: .cfi_undefined %rip
; CHECK: movq {{[0-9]+}}(%rdx), %rsp
; CHECK-NEXT: .cfi_restore_state
  %r = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr null)
  ret i32 %r
}

; Directives would have nothing to add to: the assembler would refuse them.
define i64 @without_tables(i64 %v) nounwind {
; CHECK-LABEL: without_tables:
; CHECK-NOT: .cfi_
; CHECK: jmpq *(%rdx)
; CHECK-NOT: .cfi_
; CHECK: ret{{q?}}
  %r = call i64 @stackswitch_suspend_i64(i64 %v)
  ret i64 %r
}
