; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; llvm.stackswitch.swap of nothing cannot work.

declare ptr @llvm.stackswitch.swap(ptr, ptr)

define void @test() {
  %r = call ptr @llvm.stackswitch.swap(ptr null, ptr null)
  ret void
}

; CHECK: error: in function 'test', instruction '%r = call ptr @llvm.stackswitch.swap(ptr null, ptr null)': argument 'to' of 'llvm.stackswitch.swap' is null; expected a pointer to a live object
