; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; A value of type float has runtime functions of its own.

declare ptr @llvm.stackswitch.spawn.f32(ptr, ptr, ptr)
declare float @llvm.stackswitch.swap.f32(ptr, float)
declare float @llvm.stackswitch.resume.f32(ptr, float)
declare float @llvm.stackswitch.suspend.f32(float)
declare float @llvm.stackswitch.swap.ontop.f32(ptr, ptr, float)

define float @body(ptr %arg, float %first) {
; CHECK-LABEL: define float @body(
; CHECK: %r = call float @stackswitch_suspend_f32(float %first)
  %r = call float @llvm.stackswitch.suspend.f32(float %first)
  ret float %r
}

declare float @top(float)

define float @test(float %v) {
; CHECK-LABEL: define float @test(
; CHECK: %c = call ptr @stackswitch_spawn_f32(ptr null, ptr @body, ptr null)
; CHECK: %r = call float @stackswitch_resume_f32(ptr %c, float %v)
; CHECK: %s = call float @stackswitch_swap_f32(ptr %c, float %r)
; CHECK: %t = call float @stackswitch_swap_ontop_f32(ptr %c, ptr @top, float %s)
  %c = call ptr @llvm.stackswitch.spawn.f32(ptr null, ptr @body, ptr null)
  %r = call float @llvm.stackswitch.resume.f32(ptr %c, float %v)
  %s = call float @llvm.stackswitch.swap.f32(ptr %c, float %r)
  %t = call float @llvm.stackswitch.swap.ontop.f32(ptr %c, ptr @top, float %s)
  ret float %t
}

; CHECK-NOT: llvm.stackswitch
