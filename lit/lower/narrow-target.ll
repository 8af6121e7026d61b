; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; On a 32-bit target i64 and double have runtime functions of their own as well; sizes are i32.

target datalayout = "e-m:e-p:32:32-i64:64-n32-S64"

declare i64 @llvm.stackswitch.suspend.i64(i64)
declare i128 @llvm.stackswitch.suspend.i128(i128)
declare i32 @llvm.stackswitch.slice.size(ptr)

define i128 @test(i64 %v, i128 %w, ptr %c) {
; CHECK: call i64 @stackswitch_suspend_i64(i64 %v)
; CHECK: call void @stackswitch_suspend_wide(ptr %{{.*}}, i32 16)
; CHECK: call i32 @stackswitch_slice_size(ptr %c)
  %a = call i64 @llvm.stackswitch.suspend.i64(i64 %v)
  %b = call i128 @llvm.stackswitch.suspend.i128(i128 %w)
  %d = call i32 @llvm.stackswitch.slice.size(ptr %c)
  ret i128 %b
}
