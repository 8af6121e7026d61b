// RUN: %clangxx -O0 -S -emit-llvm %s -o - | FileCheck %s
// RUN: %clangxx -O1 -S -emit-llvm %s -o - | FileCheck %s
// RUN: %clangxx -O2 -S -emit-llvm %s -o - | FileCheck %s
// RUN: %clangxx -O3 -S -emit-llvm %s -o - | FileCheck %s
// RUN: %clangxx -O2 -flto -c %s -o %t.bc
// RUN: llvm-dis %t.bc -o - | FileCheck %s
// RUN: %clangxx -O2 -flto=thin -c %s -o %t.bc
// RUN: llvm-dis %t.bc -o - | FileCheck %s
// C++ calls that may throw past a cleanup are invokes: of the runtime, or of what a switch in place
// asks for. Others are calls.

#include <stackswitch.h>

struct Guard {
  ~Guard();
};

void *test(void *ctx) {
  // CHECK-LABEL: define {{.*}}@_Z4testPv(
  // CHECK: {{invoke ptr @stackswitch_resume\(|asm .*@stackswitch_resume\)}}
  // CHECK: {{invoke ptr %|cleanup}}
  Guard guard;
  return stackswitch_resume(ctx, nullptr);
}

void *unguarded(void *ctx) {
  // CHECK-LABEL: define {{.*}}@_Z9unguardedPv(
  // CHECK-NOT: invoke
  // In place, or a call.
  // CHECK: {{call ptr @stackswitch_resume\(|asm .*@stackswitch_resume\)}}
  // CHECK: ret ptr
  return stackswitch_resume(ctx, nullptr);
}
