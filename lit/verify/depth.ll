; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; llvm.stackswitch.depth has one type.

declare i64 @llvm.stackswitch.depth()

define void @test() {
  %r = call i64 @llvm.stackswitch.depth()
  ret void
}

; CHECK: error: in function 'test', instruction '%r = call i64 @llvm.stackswitch.depth()': 'llvm.stackswitch.depth' has the wrong type 'i64 ()'; expected 'i32 ()': its result is 'i32', not 'i64'
