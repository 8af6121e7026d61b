; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; A switch carries 64 bytes at most.

declare [9 x i64] @llvm.stackswitch.suspend.a9i64([9 x i64])

define void @test() {
  %r = call [9 x i64] @llvm.stackswitch.suspend.a9i64([9 x i64] zeroinitializer)
  ret void
}

; CHECK: error: in function 'test', instruction '%r = call {{\[}}9 x i64] @llvm.stackswitch.suspend.a9i64({{\[}}9 x i64] zeroinitializer)': a value of type '{{\[}}9 x i64]' has 72 bytes; expected at most 64; hint: pass a pointer to it
