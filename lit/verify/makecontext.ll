; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; The function of a context returns nothing.

declare i32 @llvm.stackswitch.makecontext(ptr, ptr, i64, ptr, ptr, ptr)
declare i32 @body(ptr)

define void @test(ptr %ctx) {
  %r = call i32 @llvm.stackswitch.makecontext(ptr %ctx, ptr null, i64 0, ptr null, ptr @body, ptr null)
  ret void
}

; CHECK: error: in function 'test', instruction '%r = call i32 @llvm.stackswitch.makecontext(ptr %ctx, ptr null, i64 0, ptr null, ptr @body, ptr null)': argument 'fn' of 'llvm.stackswitch.makecontext' is '@body' of type 'i32 (ptr)'; expected 'void (ptr)'
