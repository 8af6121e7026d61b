; RUN: %opt -passes=stackswitch-verify,stackswitch-lower,verify -S %s | FileCheck %s
; A module that defines the runtime's names is the runtime, and not checked.

; CHECK: define i32 @stackswitch_swap(i32 %x)
define i32 @stackswitch_swap(i32 %x) {
  ret i32 %x
}

define i32 @test() {
; CHECK: call i32 @stackswitch_swap(i32 1)
  %r = call i32 @stackswitch_swap(i32 1)
  ret i32 %r
}
