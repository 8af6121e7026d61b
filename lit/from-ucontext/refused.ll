; RUN: split-file %s %t
; RUN: %opt -passes=stackswitch-from-ucontext -S %t/type.ll 2>&1 | FileCheck %t/type.ll
; RUN: %opt -passes=stackswitch-from-ucontext -S %t/call.ll 2>&1 | FileCheck %t/call.ll
; RUN: %opt -passes=stackswitch-from-ucontext -S %t/defined.ll 2>&1 | FileCheck %t/defined.ll
; RUN: %opt -passes=stackswitch-from-ucontext -S %t/target.ll 2>&1 | FileCheck %t/target.ll
; RUN: %opt -passes=stackswitch-from-ucontext -S %t/unused.ll 2>&1 | FileCheck %t/unused.ll
; What is not the system's function as it is known stays, with all others of the module: a context
; is of one kind.

;--- type.ll
target triple = "x86_64-unknown-linux-gnu"
; CHECK: warning: {{.*}}'setcontext' stays the system's: 'swapcontext' has type 'i64 (ptr, ptr)'; expected 'i32 (ptr, ptr)'
; CHECK: call i32 @setcontext(
; CHECK: call i64 @swapcontext(
declare i32 @setcontext(ptr)
declare i64 @swapcontext(ptr, ptr)
define i64 @test(ptr %a) {
  %r = call i32 @setcontext(ptr %a)
  %s = call i64 @swapcontext(ptr %a, ptr %a)
  ret i64 %s
}

;--- call.ll
target triple = "x86_64-unknown-linux-gnu"
; CHECK: warning: {{.*}}'getcontext' stays the system's: 'getcontext' is called with type 'i32 (ptr, i32)'; expected 'i32 (ptr)'
; CHECK: call i32 @getcontext(
declare i32 @getcontext(ptr)
define i32 @test(ptr %a) {
  %r = call i32 @getcontext(ptr %a, i32 0)
  ret i32 %r
}

;--- defined.ll
target triple = "x86_64-unknown-linux-gnu"
; CHECK: warning: {{.*}}'setcontext' stays the system's: 'setcontext' is defined in this module
; CHECK: call i32 @setcontext(
define i32 @setcontext(ptr %a) {
  ret i32 0
}
define i32 @test(ptr %a) {
  %r = call i32 @setcontext(ptr %a)
  ret i32 %r
}

;--- target.ll
target triple = "riscv64-unknown-linux-gnu"
; CHECK: warning: {{.*}}'setcontext' stays the system's: the layout of 'ucontext_t' is not known for 'riscv64-unknown-linux-gnu'
; CHECK: call i32 @setcontext(
declare i32 @setcontext(ptr)
define i32 @test(ptr %a) {
  %r = call i32 @setcontext(ptr %a)
  ret i32 %r
}

;--- unused.ll
target triple = "x86_64-unknown-linux-gnu"
; CHECK-NOT: warning
; CHECK: declare i64 @swapcontext(ptr, ptr)
declare i64 @swapcontext(ptr, ptr)
