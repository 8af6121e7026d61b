; REQUIRES: lld
; RUN: opt %s -o %t.bc
; RUN: opt -module-summary %s -o %t.thin.bc
; RUN: ld.lld -shared --load-pass-plugin=%plugin %t.bc -o %t.so
; RUN: llvm-nm -D %t.so | FileCheck %s
; RUN: ld.lld -shared --lto-O0 --load-pass-plugin=%plugin %t.bc -o %t.so
; RUN: llvm-nm -D %t.so | FileCheck %s
; RUN: ld.lld -shared --lto-O1 --load-pass-plugin=%plugin %t.bc -o %t.so
; RUN: llvm-nm -D %t.so | FileCheck %s
; RUN: ld.lld -shared --lto-O3 --load-pass-plugin=%plugin %t.bc -o %t.so
; RUN: llvm-nm -D %t.so | FileCheck %s
; RUN: ld.lld -shared --load-pass-plugin=%plugin %t.thin.bc -o %t.so
; RUN: llvm-nm -D %t.so | FileCheck %s
; RUN: ld.lld -shared --lto-O1 --load-pass-plugin=%plugin %t.thin.bc -o %t.so
; RUN: llvm-nm -D %t.so | FileCheck %s
; RUN: ld.lld -shared --lto-O3 --load-pass-plugin=%plugin %t.thin.bc -o %t.so
; RUN: llvm-nm -D %t.so | FileCheck %s
; With the plugin, the linker lowers bitcode that nothing has lowered before, functions that are
; not to be optimised included.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

declare ptr @llvm.stackswitch.current()
declare ptr @llvm.stackswitch.base.here()

define ptr @test() {
; CHECK-NOT: llvm.stackswitch
; CHECK: U stackswitch_base_here
; CHECK: U stackswitch_current
; CHECK-NOT: llvm.stackswitch
  %c = call ptr @llvm.stackswitch.current()
  ret ptr %c
}

define ptr @kept() noinline optnone {
  %b = call ptr @llvm.stackswitch.base.here()
  ret ptr %b
}
