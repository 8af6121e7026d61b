; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; A value of type i16 has runtime functions of its own.

declare ptr @llvm.stackswitch.spawn.i16(ptr, ptr, ptr)
declare i16 @llvm.stackswitch.swap.i16(ptr, i16)
declare i16 @llvm.stackswitch.resume.i16(ptr, i16)
declare i16 @llvm.stackswitch.suspend.i16(i16)
declare i16 @llvm.stackswitch.swap.ontop.i16(ptr, ptr, i16)

define i16 @body(ptr %arg, i16 %first) {
; CHECK-LABEL: define i16 @body(
; CHECK: %r = call i16 @stackswitch_suspend_i16(i16 %first)
  %r = call i16 @llvm.stackswitch.suspend.i16(i16 %first)
  ret i16 %r
}

declare i16 @top(i16)

define i16 @test(i16 %v) {
; CHECK-LABEL: define i16 @test(
; CHECK: %c = call ptr @stackswitch_spawn_i16(ptr null, ptr @body, ptr null)
; CHECK: %r = call i16 @stackswitch_resume_i16(ptr %c, i16 %v)
; CHECK: %s = call i16 @stackswitch_swap_i16(ptr %c, i16 %r)
; CHECK: %t = call i16 @stackswitch_swap_ontop_i16(ptr %c, ptr @top, i16 %s)
  %c = call ptr @llvm.stackswitch.spawn.i16(ptr null, ptr @body, ptr null)
  %r = call i16 @llvm.stackswitch.resume.i16(ptr %c, i16 %v)
  %s = call i16 @llvm.stackswitch.swap.i16(ptr %c, i16 %r)
  %t = call i16 @llvm.stackswitch.swap.ontop.i16(ptr %c, ptr @top, i16 %s)
  ret i16 %t
}

; CHECK-NOT: llvm.stackswitch
