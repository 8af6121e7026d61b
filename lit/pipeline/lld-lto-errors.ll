; REQUIRES: lld
; RUN: opt %s -o %t.bc
; RUN: opt -module-summary %s -o %t.thin.bc
; RUN: rm -f %t.so
; RUN: not ld.lld -shared --load-pass-plugin=%plugin %t.bc -o %t.so 2>&1 | FileCheck %s
; RUN: not ld.lld -shared --lto-O0 --load-pass-plugin=%plugin %t.bc -o %t.so 2>&1 | FileCheck %s
; RUN: not ld.lld -shared --load-pass-plugin=%plugin %t.thin.bc -o %t.so 2>&1 | FileCheck %s
; RUN: not ls %t.so
; The linker reports mistakes in bitcode that nothing has verified before, and makes no file.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

declare void @llvm.stackswitch.destroy(ptr)

define void @test() {
; CHECK: error: in function 'test', instruction '{{.*}}call void @llvm.stackswitch.destroy(ptr null)'
  call void @llvm.stackswitch.destroy(ptr null)
  ret void
}
