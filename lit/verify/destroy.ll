; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; llvm.stackswitch.destroy of nothing cannot work.

declare void @llvm.stackswitch.destroy(ptr)

define void @test() {
  call void @llvm.stackswitch.destroy(ptr null)
  ret void
}

; CHECK: error: in function 'test', instruction 'call void @llvm.stackswitch.destroy(ptr null)': argument 'ctx' of 'llvm.stackswitch.destroy' is null; expected a pointer to a live object
