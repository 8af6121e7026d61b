// RUN: %clang -O0 -S -emit-llvm %s -o - | FileCheck %s
// RUN: %clang -O1 -S -emit-llvm %s -o - | FileCheck %s
// RUN: %clang -O2 -S -emit-llvm %s -o - | FileCheck %s
// RUN: %clang -O3 -S -emit-llvm %s -o - | FileCheck %s
// RUN: not %clang -O0 -DWRONG -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=ERROR
// RUN: not %clang -O2 -DWRONG -c %s -o %t.o 2>&1 | FileCheck %s --check-prefix=ERROR
// A function that is not to be optimised is checked and lowered at every level of the rest.

#include <stackswitch.h>

void *current(void) __asm__("llvm.stackswitch.current");

__attribute__((optnone)) void *test(void) {
  // CHECK: define {{.*}}@test({{.*}} [[KEPT:#[0-9]+]]
  // CHECK: call ptr @stackswitch_current()
  // CHECK-NOT: llvm.stackswitch
#ifdef WRONG
  // ERROR: error: in function 'test', {{.*}}: argument 'ctx' of 'stackswitch_destroy' is null
  stackswitch_destroy(0);
#endif
  return current();
}
// CHECK: attributes [[KEPT]] = { {{.*}}optnone
