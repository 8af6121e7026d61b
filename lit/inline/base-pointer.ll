; REQUIRES: llvm-20
; RUN: %opt -passes=stackswitch-inline -S %s | llc -o - | FileCheck %s
; Only a frame that grows may need rbx to be found by; elsewhere the switch leaves it to the compiler.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

declare i64 @stackswitch_suspend_i64(i64)

define i64 @integers(ptr %at) {
; CHECK-LABEL: integers:
; rbp is kept by the switch itself, all others by whoever needs them.
; CHECK: movq %rbp, -16(%rsp)
; CHECK-NOT: %rbx, {{-?[0-9]+}}(%rsp)
; CHECK: #NO_APP
  %a = load volatile i64, ptr %at
  %b = load volatile i64, ptr %at
  %r = call i64 @stackswitch_suspend_i64(i64 %a)
  %s = add i64 %a, %b
  %t = add i64 %s, %r
  ret i64 %t
}
