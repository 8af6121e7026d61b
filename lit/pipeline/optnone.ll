; RUN: %opt -O0 -S %s | FileCheck %s
; RUN: %opt -O2 -S %s | FileCheck %s
; Functions that are not to be optimised are lowered too.

declare i128 @llvm.stackswitch.suspend.i128(i128)

define i128 @test(i128 %v) noinline optnone {
; CHECK: call void @stackswitch_suspend_wide(
; CHECK-NOT: llvm.stackswitch
  %r = call i128 @llvm.stackswitch.suspend.i128(i128 %v)
  ret i128 %r
}
