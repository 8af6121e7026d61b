; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; llvm.stackswitch.base.create has one type.

declare ptr @llvm.stackswitch.base.create(i32)

define void @test() {
  %r = call ptr @llvm.stackswitch.base.create(i32 0)
  ret void
}

; CHECK: error: in function 'test', instruction '%r = call ptr @llvm.stackswitch.base.create(i32 0)': 'llvm.stackswitch.base.create' has the wrong type 'ptr (i32)'; expected 'ptr (i64)': argument 1 ('reserve') is 'i64', not 'i32'
