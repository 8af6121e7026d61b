; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; llvm.stackswitch.getcontext of nothing cannot work.

declare i32 @llvm.stackswitch.getcontext(ptr, ptr)

define void @test() {
  %r = call i32 @llvm.stackswitch.getcontext(ptr null, ptr null)
  ret void
}

; CHECK: error: in function 'test', instruction '%r = call i32 @llvm.stackswitch.getcontext(ptr null, ptr null)': argument 'ctx' of 'llvm.stackswitch.getcontext' is null; expected a pointer to a live object
