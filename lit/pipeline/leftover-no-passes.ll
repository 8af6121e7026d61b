; UNSUPPORTED: llvm-22
; RUN: %clang -Wno-override-module -O2 -Xclang -disable-llvm-passes -c %s -o %t.o
; RUN: llvm-nm %t.o | FileCheck %s
; Before LLVM 22 a plugin is not asked where LLVM's passes are switched off: what nothing lowered
; becomes a symbol that no linker finds.

declare ptr @llvm.stackswitch.current()

define ptr @test() {
; CHECK: U llvm.stackswitch.current
  %c = call ptr @llvm.stackswitch.current()
  ret ptr %c
}
