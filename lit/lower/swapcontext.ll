; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; llvm.stackswitch.swapcontext becomes a call of its runtime function.

declare i32 @llvm.stackswitch.swapcontext(ptr, ptr, ptr)

define i32 @test(ptr %from, ptr %to) {
; CHECK-LABEL: define i32 @test(
; CHECK: %r = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr null)
  %r = call i32 @llvm.stackswitch.swapcontext(ptr %from, ptr %to, ptr null)
  ret i32 %r
}

; CHECK: declare i32 @stackswitch_swapcontext(ptr, ptr, ptr) [[ATTRS:#[0-9]+]]
; CHECK-NOT: llvm.stackswitch
; CHECK: attributes [[ATTRS]] = { {{.*}}returns_twice }
