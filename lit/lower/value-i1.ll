; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; i1 travels in the low bits of i8, and bodies are started through a function that converts.

declare ptr @llvm.stackswitch.spawn.i1(ptr, ptr, ptr)
declare i1 @llvm.stackswitch.resume.i1(ptr, i1)
declare i1 @llvm.stackswitch.swap.ontop.i1(ptr, ptr, i1)

declare i1 @body(ptr, i1)
declare i1 @top(i1)

define i1 @test(i1 %v) {
; CHECK-LABEL: define i1 @test(
; CHECK: call ptr @stackswitch_spawn_i8(ptr null, ptr @body.stackswitch.thunk, ptr null)
; CHECK: [[IN:%.*]] = zext i1 %v to i8
; CHECK: [[OUT:%.*]] = call i8 @stackswitch_resume_i8(ptr %c, i8 [[IN]])
; CHECK: %r = trunc i8 [[OUT]] to i1
; CHECK: call i8 @stackswitch_swap_ontop_i8(ptr %c, ptr @top.stackswitch.thunk, i8 {{%.*}})
  %c = call ptr @llvm.stackswitch.spawn.i1(ptr null, ptr @body, ptr null)
  %r = call i1 @llvm.stackswitch.resume.i1(ptr %c, i1 %v)
  %t = call i1 @llvm.stackswitch.swap.ontop.i1(ptr %c, ptr @top, i1 %r)
  ret i1 %t
}

; CHECK: define internal i8 @body.stackswitch.thunk(ptr [[ARG:%.*]], i8 [[FIRST:%.*]])
; CHECK: [[NARROW:%.*]] = trunc i8 [[FIRST]] to i1
; CHECK: [[RESULT:%.*]] = call i1 @body(ptr [[ARG]], i1 [[NARROW]])
; CHECK: [[WIDE:%.*]] = zext i1 [[RESULT]] to i8
; CHECK: ret i8 [[WIDE]]
; CHECK: define internal i8 @top.stackswitch.thunk(i8 {{%.*}})
