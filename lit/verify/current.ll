; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; llvm.stackswitch.current has one type.

declare i64 @llvm.stackswitch.current()

define void @test() {
  %r = call i64 @llvm.stackswitch.current()
  ret void
}

; CHECK: error: in function 'test', instruction '%r = call i64 @llvm.stackswitch.current()': 'llvm.stackswitch.current' has the wrong type 'i64 ()'; expected 'ptr ()': its result is 'ptr', not 'i64'
