; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; llvm.stackswitch.status of nothing cannot work.

declare i32 @llvm.stackswitch.status(ptr)

define void @test() {
  %r = call i32 @llvm.stackswitch.status(ptr null)
  ret void
}

; CHECK: error: in function 'test', instruction '%r = call i32 @llvm.stackswitch.status(ptr null)': argument 'ctx' of 'llvm.stackswitch.status' is null; expected a pointer to a live object
