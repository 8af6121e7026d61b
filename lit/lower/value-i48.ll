; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; i48 travels in the low bits of i64, and bodies are started through a function that converts.

declare ptr @llvm.stackswitch.spawn.i48(ptr, ptr, ptr)
declare i48 @llvm.stackswitch.resume.i48(ptr, i48)
declare i48 @llvm.stackswitch.swap.ontop.i48(ptr, ptr, i48)

declare i48 @body(ptr, i48)
declare i48 @top(i48)

define i48 @test(i48 %v) {
; CHECK-LABEL: define i48 @test(
; CHECK: call ptr @stackswitch_spawn_i64(ptr null, ptr @body.stackswitch.thunk, ptr null)
; CHECK: [[IN:%.*]] = zext i48 %v to i64
; CHECK: [[OUT:%.*]] = call i64 @stackswitch_resume_i64(ptr %c, i64 [[IN]])
; CHECK: %r = trunc i64 [[OUT]] to i48
; CHECK: call i64 @stackswitch_swap_ontop_i64(ptr %c, ptr @top.stackswitch.thunk, i64 {{%.*}})
  %c = call ptr @llvm.stackswitch.spawn.i48(ptr null, ptr @body, ptr null)
  %r = call i48 @llvm.stackswitch.resume.i48(ptr %c, i48 %v)
  %t = call i48 @llvm.stackswitch.swap.ontop.i48(ptr %c, ptr @top, i48 %r)
  ret i48 %t
}

; CHECK: define internal i64 @body.stackswitch.thunk(ptr [[ARG:%.*]], i64 [[FIRST:%.*]])
; CHECK: [[NARROW:%.*]] = trunc i64 [[FIRST]] to i48
; CHECK: [[RESULT:%.*]] = call i48 @body(ptr [[ARG]], i48 [[NARROW]])
; CHECK: [[WIDE:%.*]] = zext i48 [[RESULT]] to i64
; CHECK: ret i64 [[WIDE]]
; CHECK: define internal i64 @top.stackswitch.thunk(i64 {{%.*}})
