; RUN: %opt -passes=stackswitch-opt -S -pass-remarks-missed=stackswitch %s 2>&1 | FileCheck %s
; The resume of a strictfp function keeps its floating-point control state, which a call would not.

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)

; CHECK: the context is no direct call: its resume keeps the floating-point control state

define internal i64 @body(ptr %arg, i64 %first) {
  ret i64 %first
}

define i64 @strict() strictfp {
; CHECK-LABEL: define i64 @strict(
; CHECK: @llvm.stackswitch.resume.i64
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}

define i64 @plain() {
; CHECK-LABEL: define i64 @plain(
; CHECK-NOT: @llvm.stackswitch.resume
; CHECK: call i64 @body(
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
