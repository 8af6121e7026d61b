// RUN: %clangxx -O0 -S -emit-llvm %s -o - | FileCheck %s
// RUN: %clangxx -O2 -S -emit-llvm %s -o - | FileCheck %s
// C++ calls that may throw past a cleanup are invokes of the runtime.

#include <stackswitch.h>

struct Guard {
  ~Guard();
};

void *test(void *ctx) {
  // CHECK: invoke ptr @stackswitch_resume(
  Guard guard;
  return stackswitch_resume(ctx, nullptr);
}
