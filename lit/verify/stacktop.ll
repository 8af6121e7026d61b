; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; llvm.stackswitch.stacktop of nothing cannot work.

declare ptr @llvm.stackswitch.stacktop(ptr)

define void @test() {
  %r = call ptr @llvm.stackswitch.stacktop(ptr null)
  ret void
}

; CHECK: error: in function 'test', instruction '%r = call ptr @llvm.stackswitch.stacktop(ptr null)': argument 'ctx' of 'llvm.stackswitch.stacktop' is null; expected a pointer to a live object
