; REQUIRES: lld
; RUN: sed 's/^; IR: //' %s | opt -module-summary -o %t.bc
; RUN: ld.lld -shared --lto-O0 --load-pass-plugin=%plugin %t.bc -o %t.so
; RUN: llvm-nm %t.so | FileCheck %s
; A ThinLTO backend at -O0 gives plugins no extension point. Shared variables move all the same.

; CHECK: stackswitch_frame_alloc

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

; IR: !llvm.module.flags = !{!0}
; IR: !0 = !{i32 4, !"stackswitch-pointers", i32 1}

declare i64 @stackswitch_suspend_i64(i64)
declare void @given(ptr)

define i64 @test() optnone noinline {
  %a = alloca i64
  call void @given(ptr %a)
  %r = call i64 @stackswitch_suspend_i64(i64 1)
  ret i64 %r
}
