; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; llvm.stackswitch.base.destroy of nothing cannot work.

declare void @llvm.stackswitch.base.destroy(ptr)

define void @test() {
  call void @llvm.stackswitch.base.destroy(ptr null)
  ret void
}

; CHECK: error: in function 'test', instruction 'call void @llvm.stackswitch.base.destroy(ptr null)': argument 'base' of 'llvm.stackswitch.base.destroy' is null; expected a pointer to a live object
