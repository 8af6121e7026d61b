; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; llvm.stackswitch.slice.size of nothing cannot work.

declare i64 @llvm.stackswitch.slice.size(ptr)

define void @test() {
  %r = call i64 @llvm.stackswitch.slice.size(ptr undef)
  ret void
}

; CHECK: error: in function 'test', instruction '%r = call i64 @llvm.stackswitch.slice.size(ptr undef)': argument 'ctx' of 'llvm.stackswitch.slice.size' is undefined; expected a pointer to a live object
