// RUN: %clang -O2 -flto -c %s -o %t.full.bc
// RUN: llvm-dis %t.full.bc -o - | FileCheck %s
// RUN: %clang -O2 -flto=thin -c %s -o %t.thin.bc
// RUN: llvm-dis %t.thin.bc -o - | FileCheck %s
// Objects for link-time optimisation are lowered when they are compiled.

#include <stackswitch.h>

void *current(void) __asm__("llvm.stackswitch.current");

void *test(void) {
  // CHECK-LABEL: @test(
  // CHECK: call ptr @stackswitch_current()
  // CHECK-NOT: llvm.stackswitch
  return current();
}
