; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; Small integers are sent extended, and nothing is assumed of the upper bits that are received,
; whichever way the call is written.

define void @test(ptr %to, i16 %v, i8 %w) {
; CHECK: %a = call i16 @stackswitch_suspend_i16(i16 %v)
; CHECK: %b = call i8 @stackswitch_suspend_i8(i8 signext %w)
; CHECK: %c = call i8 @stackswitch_swap_i8(ptr %to, i8 zeroext %w)
  %a = call i16 @llvm.stackswitch.suspend.i16(i16 %v)
  %b = call signext i8 @stackswitch_suspend_i8(i8 signext %w)
  %c = call zeroext i8 @stackswitch_swap_i8(ptr %to, i8 zeroext %w)
  ret void
}

declare i16 @llvm.stackswitch.suspend.i16(i16)
declare signext i8 @stackswitch_suspend_i8(i8 signext)
declare zeroext i8 @stackswitch_swap_i8(ptr, i8 zeroext)

; CHECK-DAG: declare i16 @stackswitch_suspend_i16(i16 signext)
; CHECK-DAG: declare i8 @stackswitch_suspend_i8(i8 signext)
; CHECK-DAG: declare i8 @stackswitch_swap_i8(ptr, i8 zeroext)
