; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; A value of type double has runtime functions of its own.

declare ptr @llvm.stackswitch.spawn.f64(ptr, ptr, ptr)
declare double @llvm.stackswitch.swap.f64(ptr, double)
declare double @llvm.stackswitch.resume.f64(ptr, double)
declare double @llvm.stackswitch.suspend.f64(double)
declare double @llvm.stackswitch.swap.ontop.f64(ptr, ptr, double)

define double @body(ptr %arg, double %first) {
; CHECK-LABEL: define double @body(
; CHECK: %r = call double @stackswitch_suspend_f64(double %first)
  %r = call double @llvm.stackswitch.suspend.f64(double %first)
  ret double %r
}

declare double @top(double)

define double @test(double %v) {
; CHECK-LABEL: define double @test(
; CHECK: %c = call ptr @stackswitch_spawn_f64(ptr null, ptr @body, ptr null)
; CHECK: %r = call double @stackswitch_resume_f64(ptr %c, double %v)
; CHECK: %s = call double @stackswitch_swap_f64(ptr %c, double %r)
; CHECK: %t = call double @stackswitch_swap_ontop_f64(ptr %c, ptr @top, double %s)
  %c = call ptr @llvm.stackswitch.spawn.f64(ptr null, ptr @body, ptr null)
  %r = call double @llvm.stackswitch.resume.f64(ptr %c, double %v)
  %s = call double @llvm.stackswitch.swap.f64(ptr %c, double %r)
  %t = call double @llvm.stackswitch.swap.ontop.f64(ptr %c, ptr @top, double %s)
  ret double %t
}

; CHECK-NOT: llvm.stackswitch
