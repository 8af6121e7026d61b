; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; The suffix must name the type in use.

declare i32 @llvm.stackswitch.suspend.i64(i32)

define void @test() {
  %r = call i32 @llvm.stackswitch.suspend.i64(i32 1)
  ret void
}

; CHECK: error: in function 'test', instruction '%r = call i32 @llvm.stackswitch.suspend.i64(i32 1)': 'llvm.stackswitch.suspend.i64' has the wrong type 'i32 (i32)'; expected 'i64 (i64)': its result is 'i64', not 'i32'
