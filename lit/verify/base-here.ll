; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; llvm.stackswitch.base.here has one type.

declare ptr @llvm.stackswitch.base.here(i64)

define void @test() {
  %r = call ptr @llvm.stackswitch.base.here(i64 0)
  ret void
}

; CHECK: error: in function 'test', instruction '%r = call ptr @llvm.stackswitch.base.here(i64 0)': 'llvm.stackswitch.base.here' has the wrong type 'ptr (i64)'; expected 'ptr ()': it takes 0 argument(s), not 1
