; RUN: %opt -stackswitch-from-ucontext -passes='default<O0>' -S %s | FileCheck %s
; RUN: %opt -stackswitch-from-ucontext=fast -passes='default<O0>' -S %s | FileCheck %s
; RUN: %opt -stackswitch-from-ucontext=sigmask -passes='default<O0>' -S %s | FileCheck %s
; RUN: not %opt -stackswitch-from-ucontext=foo -passes='default<O0>' -S %s 2>&1 | FileCheck %s --check-prefix=WRONG
; An option asks for the replacement. An unknown value is an error that names the known ones.

target triple = "x86_64-unknown-linux-gnu"

; WRONG: unknown value 'foo'; expected 'fast' or 'sigmask'

declare i32 @setcontext(ptr)

define i32 @test(ptr %a) {
; CHECK: call i32 @stackswitch_ucontext_setcontext(
  %r = call i32 @setcontext(ptr %a)
  ret i32 %r
}
