; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; llvm.stackswitch.prefetch has one type.

declare i32 @llvm.stackswitch.prefetch(ptr)

define void @test() {
  %r = call i32 @llvm.stackswitch.prefetch(ptr null)
  ret void
}

; CHECK: error: in function 'test', instruction '%r = call i32 @llvm.stackswitch.prefetch(ptr null)': 'llvm.stackswitch.prefetch' has the wrong type 'i32 (ptr)'; expected 'void (ptr)': its result is 'void', not 'i32'
