; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; A value of type i64 has runtime functions of its own.

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.swap.i64(ptr, i64)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare i64 @llvm.stackswitch.swap.ontop.i64(ptr, ptr, i64)

define i64 @body(ptr %arg, i64 %first) {
; CHECK-LABEL: define i64 @body(
; CHECK: %r = call i64 @stackswitch_suspend_i64(i64 %first)
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  ret i64 %r
}

declare i64 @top(i64)

define i64 @test(i64 %v) {
; CHECK-LABEL: define i64 @test(
; CHECK: %c = call ptr @stackswitch_spawn_i64(ptr null, ptr @body, ptr null)
; CHECK: %r = call i64 @stackswitch_resume_i64(ptr %c, i64 %v)
; CHECK: %s = call i64 @stackswitch_swap_i64(ptr %c, i64 %r)
; CHECK: %t = call i64 @stackswitch_swap_ontop_i64(ptr %c, ptr @top, i64 %s)
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %v)
  %s = call i64 @llvm.stackswitch.swap.i64(ptr %c, i64 %r)
  %t = call i64 @llvm.stackswitch.swap.ontop.i64(ptr %c, ptr @top, i64 %s)
  ret i64 %t
}

; CHECK-NOT: llvm.stackswitch
