; RUN: %opt -passes=stackswitch-inline -S %s | FileCheck %s
; Small integers are sent as C sends them: extended as the declaration says, else with their sign.
; (noinline: LLVM 19 cannot know that the functions become no part of others.)

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

declare i8 @stackswitch_suspend_i8(i8 signext)
declare i16 @stackswitch_swap_i16(ptr, i16 zeroext)

define i8 @signed(i8 %v) noinline {
; CHECK-LABEL: @signed(
; CHECK: [[WIDE:%.*]] = sext i8 %v to i32
; CHECK: call { i8, i32, i64, ptr } asm {{.*}}(i32 [[WIDE]],
  %r = call i8 @stackswitch_suspend_i8(i8 %v)
  ret i8 %r
}

define i16 @unsigned(ptr %to, i16 %v) noinline {
; CHECK-LABEL: @unsigned(
; CHECK: [[WIDE:%.*]] = zext i16 %v to i32
; CHECK: call { i16, ptr, i32, i64, ptr } asm {{.*}}(ptr %to, i32 [[WIDE]],
  %r = call i16 @stackswitch_swap_i16(ptr %to, i16 %v)
  ret i16 %r
}
