; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; llvm.stackswitch.makecontext becomes a call of its runtime function.

declare i32 @llvm.stackswitch.makecontext(ptr, ptr, i64, ptr, ptr, ptr)

define void @body(ptr %arg) {
  ret void
}

define i32 @test(ptr %ctx) {
; CHECK-LABEL: define i32 @test(
; CHECK: %r = call i32 @stackswitch_makecontext(ptr %ctx, ptr null, i64 0, ptr null, ptr @body, ptr %ctx)
  %r = call i32 @llvm.stackswitch.makecontext(ptr %ctx, ptr null, i64 0, ptr null, ptr @body, ptr %ctx)
  ret i32 %r
}

; CHECK: declare i32 @stackswitch_makecontext(ptr, ptr, i64, ptr, ptr, ptr)
; CHECK-NOT: llvm.stackswitch
