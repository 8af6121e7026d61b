; RUN: %opt -passes=stackswitch-inline -S %s | FileCheck %s --check-prefix=CHECK%llvm
; MMX registers and tiles are named as clobbered only where the function may have values in them: such values have
; types of their own. With LLVM 19 all functions may, because they may be inlined into another one later.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

declare i64 @stackswitch_suspend_i64(i64)
declare <1 x i64> @makes()
declare void @takes(<1 x i64>)
declare x86_amx @llvm.x86.tilezero.internal(i16, i16)
declare void @llvm.x86.tilestored64.internal(i16, i16, ptr, i64, x86_amx)

; CHECK19-COUNT-6: asm sideeffect {{.*}}~{mm0},{{.*}}~{mm7},~{tmm0},{{.*}}~{tmm7}

define double @common(i64 %v, double %d, <4 x float> %w, ptr %p) {
; CHECK22-LABEL: define double @common(
; CHECK22: asm sideeffect {{.*}},~{xmm0},{{.*}},~{xmm31},~{k0},{{.*}},~{k7}"(
  %got = call i64 @stackswitch_suspend_i64(i64 %v)
  store <4 x float> %w, ptr %p
  ret double %d
}

define void @vector_of_one(i64 %v) {
; CHECK22-LABEL: define void @vector_of_one(
; CHECK22: asm sideeffect {{.*}}~{mm0},{{.*}}~{mm7},~{tmm0},{{.*}}~{tmm7}
  %value = call <1 x i64> @makes()
  %got = call i64 @stackswitch_suspend_i64(i64 %v)
  call void @takes(<1 x i64> %value)
  ret void
}

define void @parameter(i64 %v, <1 x i64> %value) {
; CHECK22-LABEL: define void @parameter(
; CHECK22: asm sideeffect {{.*}}~{mm0},
  %got = call i64 @stackswitch_suspend_i64(i64 %v)
  ret void
}

define void @in_a_structure(i64 %v, { i32, [2 x <1 x i64>] } %value) {
; CHECK22-LABEL: define void @in_a_structure(
; CHECK22: asm sideeffect {{.*}}~{mm0},
  %got = call i64 @stackswitch_suspend_i64(i64 %v)
  ret void
}

define void @tiles(i64 %v, ptr %to) {
; CHECK22-LABEL: define void @tiles(
; CHECK22: asm sideeffect {{.*}}~{mm0},
  %tile = call x86_amx @llvm.x86.tilezero.internal(i16 8, i16 8)
  %got = call i64 @stackswitch_suspend_i64(i64 %v)
  call void @llvm.x86.tilestored64.internal(i16 8, i16 8, ptr %to, i64 8, x86_amx %tile)
  ret void
}

define void @other_assembly(i64 %v) {
; CHECK22-LABEL: define void @other_assembly(
; CHECK22: asm sideeffect {{.*}}~{mm0},
  %any = call i64 asm "", "=r"()
  %got = call i64 @stackswitch_suspend_i64(i64 %v)
  call void asm sideeffect "", "r"(i64 %any)
  ret void
}
