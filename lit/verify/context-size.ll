; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; llvm.stackswitch.context.size has one type.

declare i32 @llvm.stackswitch.context.size()

define void @test() {
  %r = call i32 @llvm.stackswitch.context.size()
  ret void
}

; CHECK: error: in function 'test', instruction '%r = call i32 @llvm.stackswitch.context.size()': 'llvm.stackswitch.context.size' has the wrong type 'i32 ()'; expected 'i64 ()': its result is 'i64', not 'i32'
