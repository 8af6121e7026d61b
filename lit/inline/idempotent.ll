; RUN: %opt -passes=stackswitch-inline -S < %s > %t.once.ll
; RUN: %opt -passes=stackswitch-inline,stackswitch-inline -S < %s > %t.twice.ll
; RUN: diff %t.once.ll %t.twice.ll
; RUN: %opt -passes=stackswitch-lower,stackswitch-inline -S < %t.once.ll > %t.again.ll
; RUN: diff %t.once.ll %t.again.ll
; RUN: FileCheck %s --input-file=%t.twice.ll
; A second run changes nothing.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

declare ptr @stackswitch_swap(ptr, ptr)

define ptr @test(ptr %to, ptr %v) {
; CHECK-COUNT-1: asm
; CHECK-NOT: asm
  %r = call ptr @stackswitch_swap(ptr %to, ptr %v)
  ret ptr %r
}
