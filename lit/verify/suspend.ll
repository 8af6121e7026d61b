; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; llvm.stackswitch.suspend has one type.

declare ptr @llvm.stackswitch.suspend(ptr, ptr)

define void @test() {
  %r = call ptr @llvm.stackswitch.suspend(ptr null, ptr null)
  ret void
}

; CHECK: error: in function 'test', instruction '%r = call ptr @llvm.stackswitch.suspend(ptr null, ptr null)': 'llvm.stackswitch.suspend' has the wrong type 'ptr (ptr, ptr)'; expected 'ptr (ptr)': it takes 1 argument(s), not 2
