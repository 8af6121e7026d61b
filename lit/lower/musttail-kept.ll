; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; A musttail call whose runtime function has the same prototype stays one.

declare i64 @llvm.stackswitch.swap.i64(ptr, i64)

define i64 @test(ptr %to, i64 %value) {
; CHECK: %r = musttail call i64 @stackswitch_swap_i64(ptr %to, i64 %value)
; CHECK-NEXT: ret i64 %r
  %r = musttail call i64 @llvm.stackswitch.swap.i64(ptr %to, i64 %value)
  ret i64 %r
}
