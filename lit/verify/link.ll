; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; llvm.stackswitch.link of nothing cannot work.

declare ptr @llvm.stackswitch.link(ptr)

define void @test() {
  %r = call ptr @llvm.stackswitch.link(ptr null)
  ret void
}

; CHECK: error: in function 'test', instruction '%r = call ptr @llvm.stackswitch.link(ptr null)': argument 'ctx' of 'llvm.stackswitch.link' is null; expected a pointer to a live object
