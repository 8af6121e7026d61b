; REQUIRES: llvm-22
; RUN: rm -f %t.o
; RUN: not %clang -Wno-override-module -O2 -Xclang -disable-llvm-passes -c %s -o %t.o 2>&1 | FileCheck %s
; RUN: not ls %t.o
; With LLVM's passes switched off nothing lowers; that is seen before code is generated.

declare ptr @llvm.stackswitch.current()

define ptr @test() {
; CHECK: error: in function 'test', instruction '%c = call ptr @llvm.stackswitch.current()': 'llvm.stackswitch.current' was not lowered
; CHECK: 1 error generated
  %c = call ptr @llvm.stackswitch.current()
  ret ptr %c
}
