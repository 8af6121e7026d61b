; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; What counts is the type of a call, not that of the declaration that linking left.

declare i32 @llvm.stackswitch.getcontext(ptr, ptr)
declare void @stackswitch_getcontext()

define i32 @test(ptr %ctx) {
; CHECK: call i32 @stackswitch_getcontext(ptr %ctx, ptr null) [[ATTRS:#[0-9]+]]
; CHECK: attributes [[ATTRS]] = { returns_twice }
  %r = call i32 @llvm.stackswitch.getcontext(ptr %ctx, ptr null)
  ret i32 %r
}
