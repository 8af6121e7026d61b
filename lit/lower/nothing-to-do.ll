; RUN: %opt -passes=stackswitch-verify,stackswitch-lower,stackswitch-check -S %s -o %t.with
; RUN: %opt -passes=verify -S %s | diff - %t.with
; A module without intrinsics stays as it is.

@stackswitch_of_its_own = global i32 1

declare void @stackswitch_unrelated()

define i32 @test(i32 %x) {
  call void @stackswitch_unrelated()
  ret i32 %x
}
