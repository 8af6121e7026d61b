; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; A value of type i8 has runtime functions of its own.

declare ptr @llvm.stackswitch.spawn.i8(ptr, ptr, ptr)
declare i8 @llvm.stackswitch.swap.i8(ptr, i8)
declare i8 @llvm.stackswitch.resume.i8(ptr, i8)
declare i8 @llvm.stackswitch.suspend.i8(i8)
declare i8 @llvm.stackswitch.swap.ontop.i8(ptr, ptr, i8)

define i8 @body(ptr %arg, i8 %first) {
; CHECK-LABEL: define i8 @body(
; CHECK: %r = call i8 @stackswitch_suspend_i8(i8 %first)
  %r = call i8 @llvm.stackswitch.suspend.i8(i8 %first)
  ret i8 %r
}

declare i8 @top(i8)

define i8 @test(i8 %v) {
; CHECK-LABEL: define i8 @test(
; CHECK: %c = call ptr @stackswitch_spawn_i8(ptr null, ptr @body, ptr null)
; CHECK: %r = call i8 @stackswitch_resume_i8(ptr %c, i8 %v)
; CHECK: %s = call i8 @stackswitch_swap_i8(ptr %c, i8 %r)
; CHECK: %t = call i8 @stackswitch_swap_ontop_i8(ptr %c, ptr @top, i8 %s)
  %c = call ptr @llvm.stackswitch.spawn.i8(ptr null, ptr @body, ptr null)
  %r = call i8 @llvm.stackswitch.resume.i8(ptr %c, i8 %v)
  %s = call i8 @llvm.stackswitch.swap.i8(ptr %c, i8 %r)
  %t = call i8 @llvm.stackswitch.swap.ontop.i8(ptr %c, ptr @top, i8 %s)
  ret i8 %t
}

; CHECK-NOT: llvm.stackswitch
