; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; llvm.stackswitch.setlink of nothing cannot work.

declare void @llvm.stackswitch.setlink(ptr, ptr)

define void @test() {
  call void @llvm.stackswitch.setlink(ptr null, ptr null)
  ret void
}

; CHECK: error: in function 'test', instruction 'call void @llvm.stackswitch.setlink(ptr null, ptr null)': argument 'ctx' of 'llvm.stackswitch.setlink' is null; expected a pointer to a live object
