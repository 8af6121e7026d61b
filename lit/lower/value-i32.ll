; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; A value of type i32 has runtime functions of its own.

declare ptr @llvm.stackswitch.spawn.i32(ptr, ptr, ptr)
declare i32 @llvm.stackswitch.swap.i32(ptr, i32)
declare i32 @llvm.stackswitch.resume.i32(ptr, i32)
declare i32 @llvm.stackswitch.suspend.i32(i32)
declare i32 @llvm.stackswitch.swap.ontop.i32(ptr, ptr, i32)

define i32 @body(ptr %arg, i32 %first) {
; CHECK-LABEL: define i32 @body(
; CHECK: %r = call i32 @stackswitch_suspend_i32(i32 %first)
  %r = call i32 @llvm.stackswitch.suspend.i32(i32 %first)
  ret i32 %r
}

declare i32 @top(i32)

define i32 @test(i32 %v) {
; CHECK-LABEL: define i32 @test(
; CHECK: %c = call ptr @stackswitch_spawn_i32(ptr null, ptr @body, ptr null)
; CHECK: %r = call i32 @stackswitch_resume_i32(ptr %c, i32 %v)
; CHECK: %s = call i32 @stackswitch_swap_i32(ptr %c, i32 %r)
; CHECK: %t = call i32 @stackswitch_swap_ontop_i32(ptr %c, ptr @top, i32 %s)
  %c = call ptr @llvm.stackswitch.spawn.i32(ptr null, ptr @body, ptr null)
  %r = call i32 @llvm.stackswitch.resume.i32(ptr %c, i32 %v)
  %s = call i32 @llvm.stackswitch.swap.i32(ptr %c, i32 %r)
  %t = call i32 @llvm.stackswitch.swap.ontop.i32(ptr %c, ptr @top, i32 %s)
  ret i32 %t
}

; CHECK-NOT: llvm.stackswitch
