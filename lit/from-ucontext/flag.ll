; RUN: sed s/VALUE/1/ %s | %opt -passes='default<O0>' -S | FileCheck %s --check-prefix=FAST
; RUN: sed s/VALUE/2/ %s | %opt -passes='default<O2>' -S | FileCheck %s --check-prefix=MASK
; RUN: sed s/VALUE/0/ %s | %opt -passes='default<O2>' -S | FileCheck %s --check-prefix=OFF
; A module can ask for it by a flag.

target triple = "x86_64-unknown-linux-gnu"

declare i32 @setcontext(ptr)

define i32 @test(ptr %a) {
; FAST: call i32 @stackswitch_ucontext_setcontext(
; MASK: call i32 @stackswitch_ucontext_setcontext(
; OFF: call i32 @setcontext(
  %r = call i32 @setcontext(ptr %a)
  ret i32 %r
}

!llvm.module.flags = !{!0}
!0 = !{i32 1, !"stackswitch-from-ucontext", i32 VALUE}
