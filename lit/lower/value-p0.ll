; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; A value of type ptr has runtime functions of its own.

declare ptr @llvm.stackswitch.spawn.p0(ptr, ptr, ptr)
declare ptr @llvm.stackswitch.swap.p0(ptr, ptr)
declare ptr @llvm.stackswitch.resume.p0(ptr, ptr)
declare ptr @llvm.stackswitch.suspend.p0(ptr)
declare ptr @llvm.stackswitch.swap.ontop.p0(ptr, ptr, ptr)

define ptr @body(ptr %arg, ptr %first) {
; CHECK-LABEL: define ptr @body(
; CHECK: %r = call ptr @stackswitch_suspend(ptr %first)
  %r = call ptr @llvm.stackswitch.suspend.p0(ptr %first)
  ret ptr %r
}

declare ptr @top(ptr)

define ptr @test(ptr %v) {
; CHECK-LABEL: define ptr @test(
; CHECK: %c = call ptr @stackswitch_spawn(ptr null, ptr @body, ptr null)
; CHECK: %r = call ptr @stackswitch_resume(ptr %c, ptr %v)
; CHECK: %s = call ptr @stackswitch_swap(ptr %c, ptr %r)
; CHECK: %t = call ptr @stackswitch_swap_ontop(ptr %c, ptr @top, ptr %s)
  %c = call ptr @llvm.stackswitch.spawn.p0(ptr null, ptr @body, ptr null)
  %r = call ptr @llvm.stackswitch.resume.p0(ptr %c, ptr %v)
  %s = call ptr @llvm.stackswitch.swap.p0(ptr %c, ptr %r)
  %t = call ptr @llvm.stackswitch.swap.ontop.p0(ptr %c, ptr @top, ptr %s)
  ret ptr %t
}

; CHECK-NOT: llvm.stackswitch
