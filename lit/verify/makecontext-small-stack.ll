; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; A stack that the runtime would refuse is refused here.

declare i32 @llvm.stackswitch.makecontext(ptr, ptr, i64, ptr, ptr, ptr)
declare void @body(ptr)

define void @test(ptr %ctx) {
  %stack = alloca [1024 x i8], align 16
  %r = call i32 @llvm.stackswitch.makecontext(ptr %ctx, ptr %stack, i64 1024, ptr null, ptr @body, ptr null)
  ret void
}

; CHECK: error: in function 'test', instruction '%r = call i32 @llvm.stackswitch.makecontext(ptr %ctx, ptr %stack, i64 1024, ptr null, ptr @body, ptr null)': the stack given to 'llvm.stackswitch.makecontext' has 1024 bytes; expected at least 2048; hint: pass a null stack
