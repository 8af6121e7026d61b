; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; Intrinsics are called as C functions.

declare ptr @llvm.stackswitch.current()

define void @test() {
  %r = call fastcc ptr @llvm.stackswitch.current()
  ret void
}

; CHECK: error: in function 'test', instruction '%r = call fastcc ptr @llvm.stackswitch.current()': 'llvm.stackswitch.current' is called with calling convention 8; expected C's (ccc)
