; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; Sizes are as wide as the target's pointers.

target datalayout = "e-p:32:32"
declare i32 @llvm.stackswitch.context.size()

define i32 @test() {
; CHECK: call i32 @stackswitch_context_size()
  %r = call i32 @llvm.stackswitch.context.size()
  ret i32 %r
}
