; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; llvm.stackswitch.freecontext of nothing cannot work.

declare void @llvm.stackswitch.freecontext(ptr)

define void @test() {
  call void @llvm.stackswitch.freecontext(ptr null)
  ret void
}

; CHECK: error: in function 'test', instruction 'call void @llvm.stackswitch.freecontext(ptr null)': argument 'ctx' of 'llvm.stackswitch.freecontext' is null; expected a pointer to a live object
