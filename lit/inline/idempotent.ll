; RUN: %opt -passes=stackswitch-inline -S < %s | sed 's/ *; preds.*//' > %t.once.ll
; RUN: %opt -passes=stackswitch-inline,stackswitch-inline -S < %s | sed 's/ *; preds.*//' > %t.twice.ll
; RUN: diff %t.once.ll %t.twice.ll
; RUN: %opt -passes=stackswitch-lower,stackswitch-inline -S < %t.once.ll | sed 's/ *; preds.*//' > %t.again.ll
; RUN: diff %t.once.ll %t.again.ll
; RUN: FileCheck %s --input-file=%t.twice.ll
; A second run changes nothing.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

declare ptr @stackswitch_swap(ptr, ptr)
declare i32 @__gxx_personality_v0(...)

define ptr @test(ptr %to, ptr %v) {
; CHECK-COUNT-1: asm
; CHECK-NOT: asm
  %r = call ptr @stackswitch_swap(ptr %to, ptr %v)
  ret ptr %r
}

define ptr @handles(ptr %to, ptr %v) personality ptr @__gxx_personality_v0 {
; CHECK-LABEL: @handles(
; CHECK-COUNT-1: asm
; CHECK-NOT: asm
  %r = invoke ptr @stackswitch_swap(ptr %to, ptr %v) to label %done unwind label %pad
done:
  ret ptr %r
pad:
  %e = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %e
}
