; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; i24 travels in the low bits of i32, and bodies are started through a function that converts.

declare ptr @llvm.stackswitch.spawn.i24(ptr, ptr, ptr)
declare i24 @llvm.stackswitch.resume.i24(ptr, i24)
declare i24 @llvm.stackswitch.swap.ontop.i24(ptr, ptr, i24)

declare i24 @body(ptr, i24)
declare i24 @top(i24)

define i24 @test(i24 %v) {
; CHECK-LABEL: define i24 @test(
; CHECK: call ptr @stackswitch_spawn_i32(ptr null, ptr @body.stackswitch.thunk, ptr null)
; CHECK: [[IN:%.*]] = zext i24 %v to i32
; CHECK: [[OUT:%.*]] = call i32 @stackswitch_resume_i32(ptr %c, i32 [[IN]])
; CHECK: %r = trunc i32 [[OUT]] to i24
; CHECK: call i32 @stackswitch_swap_ontop_i32(ptr %c, ptr @top.stackswitch.thunk, i32 {{%.*}})
  %c = call ptr @llvm.stackswitch.spawn.i24(ptr null, ptr @body, ptr null)
  %r = call i24 @llvm.stackswitch.resume.i24(ptr %c, i24 %v)
  %t = call i24 @llvm.stackswitch.swap.ontop.i24(ptr %c, ptr @top, i24 %r)
  ret i24 %t
}

; CHECK: define internal i32 @body.stackswitch.thunk(ptr [[ARG:%.*]], i32 [[FIRST:%.*]])
; CHECK: [[NARROW:%.*]] = trunc i32 [[FIRST]] to i24
; CHECK: [[RESULT:%.*]] = call i24 @body(ptr [[ARG]], i24 [[NARROW]])
; CHECK: [[WIDE:%.*]] = zext i24 [[RESULT]] to i32
; CHECK: ret i32 [[WIDE]]
; CHECK: define internal i32 @top.stackswitch.thunk(i32 {{%.*}})
