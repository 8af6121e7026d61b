; REQUIRES: lld
; RUN: opt -module-summary %s -o %t.bc
; RUN: not ld.lld -shared --lto-O0 --load-pass-plugin=%plugin %t.bc -o %t.so 2>&1 | FileCheck %s
; A ThinLTO backend at -O0 gives plugins no place to lower; what is left over is still an error.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

declare ptr @llvm.stackswitch.current()

define ptr @test() {
; CHECK: error: in function 'test', instruction '{{.*}}call ptr @llvm.stackswitch.current()': 'llvm.stackswitch.current' was not lowered
  %c = call ptr @llvm.stackswitch.current()
  ret ptr %c
}
