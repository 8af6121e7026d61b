; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; llvm.stackswitch.cancel of nothing cannot work.

declare void @llvm.stackswitch.cancel(ptr)

define void @test() {
  call void @llvm.stackswitch.cancel(ptr null)
  ret void
}

; CHECK: error: in function 'test', instruction 'call void @llvm.stackswitch.cancel(ptr null)': argument 'ctx' of 'llvm.stackswitch.cancel' is null; expected a pointer to a live object
