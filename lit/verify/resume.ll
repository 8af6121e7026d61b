; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; llvm.stackswitch.resume of nothing cannot work.

declare ptr @llvm.stackswitch.resume(ptr, ptr)

define void @test() {
  %r = call ptr @llvm.stackswitch.resume(ptr null, ptr null)
  ret void
}

; CHECK: error: in function 'test', instruction '%r = call ptr @llvm.stackswitch.resume(ptr null, ptr null)': argument 'ctx' of 'llvm.stackswitch.resume' is null; expected a pointer to a live object
