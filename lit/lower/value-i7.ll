; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; i7 travels in the low bits of i8, and bodies are started through a function that converts.

declare ptr @llvm.stackswitch.spawn.i7(ptr, ptr, ptr)
declare i7 @llvm.stackswitch.resume.i7(ptr, i7)
declare i7 @llvm.stackswitch.swap.ontop.i7(ptr, ptr, i7)

declare i7 @body(ptr, i7)
declare i7 @top(i7)

define i7 @test(i7 %v) {
; CHECK-LABEL: define i7 @test(
; CHECK: call ptr @stackswitch_spawn_i8(ptr null, ptr @body.stackswitch.thunk, ptr null)
; CHECK: [[IN:%.*]] = zext i7 %v to i8
; CHECK: [[OUT:%.*]] = call i8 @stackswitch_resume_i8(ptr %c, i8 [[IN]])
; CHECK: %r = trunc i8 [[OUT]] to i7
; CHECK: call i8 @stackswitch_swap_ontop_i8(ptr %c, ptr @top.stackswitch.thunk, i8 {{%.*}})
  %c = call ptr @llvm.stackswitch.spawn.i7(ptr null, ptr @body, ptr null)
  %r = call i7 @llvm.stackswitch.resume.i7(ptr %c, i7 %v)
  %t = call i7 @llvm.stackswitch.swap.ontop.i7(ptr %c, ptr @top, i7 %r)
  ret i7 %t
}

; CHECK: define internal i8 @body.stackswitch.thunk(ptr [[ARG:%.*]], i8 [[FIRST:%.*]])
; CHECK: [[NARROW:%.*]] = trunc i8 [[FIRST]] to i7
; CHECK: [[RESULT:%.*]] = call i7 @body(ptr [[ARG]], i7 [[NARROW]])
; CHECK: [[WIDE:%.*]] = zext i7 [[RESULT]] to i8
; CHECK: ret i8 [[WIDE]]
; CHECK: define internal i8 @top.stackswitch.thunk(i8 {{%.*}})
