; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; llvm.stackswitch.getcontext becomes a call of its runtime function.

declare i32 @llvm.stackswitch.getcontext(ptr, ptr)

define i32 @test(ptr %ctx, ptr %base) {
; CHECK-LABEL: define i32 @test(
; CHECK: %r = call i32 @stackswitch_getcontext(ptr %ctx, ptr %base)
  %r = call i32 @llvm.stackswitch.getcontext(ptr %ctx, ptr %base)
  ret i32 %r
}

; CHECK: declare i32 @stackswitch_getcontext(ptr, ptr) [[ATTRS:#[0-9]+]]
; CHECK-NOT: llvm.stackswitch
; CHECK: attributes [[ATTRS]] = { {{.*}}returns_twice }
