; RUN: %opt -passes=stackswitch-from-ucontext -S %s | FileCheck %s --check-prefixes=CHECK,FAST
; RUN: %opt -passes='stackswitch-from-ucontext<sigmask>' -S %s | FileCheck %s --check-prefixes=CHECK,MASK
; RUN: %opt -passes=stackswitch-from-ucontext,stackswitch-from-ucontext -S %s | FileCheck %s --check-prefixes=CHECK,FAST
; RUN: %opt -passes='default<O0>' -S %s | FileCheck %s --check-prefix=OFF
; RUN: %opt -passes=stackswitch-from-ucontext -pass-remarks=stackswitch -disable-output %s 2>&1 | FileCheck %s --check-prefix=REMARK
; All uses of the four functions are replaced, calls and addresses. Off unless asked for.

target triple = "x86_64-unknown-linux-gnu"

%struct.ucontext_t = type { [968 x i8] }

; FAST: @switcher = global ptr @stackswitch_ucontext_swapcontext
; MASK: @switcher = global ptr @stackswitch_ucontext_swapcontext_sigmask
; OFF: @switcher = global ptr @swapcontext
@switcher = global ptr @swapcontext

declare i32 @getcontext(ptr) #0
declare i32 @setcontext(ptr) nounwind
declare void @makecontext(ptr, ptr, i32, ...) nounwind
declare i32 @swapcontext(ptr, ptr) nounwind

define void @body() {
  ret void
}

; REMARK: 'getcontext' is now 'stackswitch_ucontext_getcontext'
; REMARK: 'setcontext' is now 'stackswitch_ucontext_setcontext'
; REMARK: 'makecontext' is now 'stackswitch_ucontext_makecontext'
; REMARK: 'swapcontext' is now 'stackswitch_ucontext_swapcontext'
define i32 @test(ptr %a, ptr %b) {
; CHECK-LABEL: @test(
; FAST: call i32 @stackswitch_ucontext_getcontext(ptr %a) [[TWICE:#[0-9]+]]
; MASK: call i32 @stackswitch_ucontext_getcontext_sigmask(ptr %a) [[TWICE:#[0-9]+]]
; CHECK: call void (ptr, ptr, i32, ...) @stackswitch_ucontext_makecontext(ptr %a, ptr @body, i32 2, i32 7, i32 8)
; FAST: call i32 @stackswitch_ucontext_swapcontext(ptr %b, ptr %a) [[TWICE]]
; MASK: call i32 @stackswitch_ucontext_swapcontext_sigmask(ptr %b, ptr %a) [[TWICE]]
; CHECK: call i32 @stackswitch_ucontext_setcontext(ptr %b)
; OFF-LABEL: @test(
; OFF: call i32 @getcontext(
; OFF: call void (ptr, ptr, i32, ...) @makecontext(
; OFF: call i32 @swapcontext(
; OFF: call i32 @setcontext(
  %g = call i32 @getcontext(ptr %a)
  call void (ptr, ptr, i32, ...) @makecontext(ptr %a, ptr @body, i32 2, i32 7, i32 8)
  %s = call i32 @swapcontext(ptr %b, ptr %a)
  %r = call i32 @setcontext(ptr %b)
  ret i32 %r
}

; CHECK-NOT: @{{get|set|make|swap}}context
; CHECK: attributes [[TWICE]] = { returns_twice }

attributes #0 = { nounwind returns_twice }
