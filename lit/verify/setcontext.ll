; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; llvm.stackswitch.setcontext of nothing cannot work.

declare i32 @llvm.stackswitch.setcontext(ptr)

define void @test() {
  %r = call i32 @llvm.stackswitch.setcontext(ptr null)
  ret void
}

; CHECK: error: in function 'test', instruction '%r = call i32 @llvm.stackswitch.setcontext(ptr null)': argument 'ctx' of 'llvm.stackswitch.setcontext' is null; expected a pointer to a live object
