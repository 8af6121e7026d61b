; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; With 32-bit pointers the assembly for AArch64 would be wrong: the control state is not kept.

target triple = "aarch64-unknown-linux-gnu_ilp32"

declare i64 @llvm.stackswitch.swap.i64(ptr, i64)

define i64 @strict(ptr %to, i64 %value) strictfp {
; CHECK-LABEL: define i64 @strict(
; CHECK-NEXT: %r = call i64 @stackswitch_swap_i64(ptr %to, i64 %value)
; CHECK-NEXT: ret i64 %r
  %r = call i64 @llvm.stackswitch.swap.i64(ptr %to, i64 %value)
  ret i64 %r
}
