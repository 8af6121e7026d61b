; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; llvm.stackswitch.clone of nothing cannot work.

declare ptr @llvm.stackswitch.clone(ptr)

define void @test() {
  %r = call ptr @llvm.stackswitch.clone(ptr null)
  ret void
}

; CHECK: error: in function 'test', instruction '%r = call ptr @llvm.stackswitch.clone(ptr null)': argument 'ctx' of 'llvm.stackswitch.clone' is null; expected a pointer to a live object
