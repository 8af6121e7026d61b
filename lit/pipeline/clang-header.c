// RUN: %clang -O0 -S -emit-llvm %s -o - | FileCheck %s
// RUN: %clang -O1 -S -emit-llvm %s -o - | FileCheck %s
// RUN: %clang -O2 -S -emit-llvm %s -o - | FileCheck %s
// RUN: %clang -O3 -S -emit-llvm %s -o - | FileCheck %s
// RUN: %clang -O2 -c %s -o %t.o
// The header's functions are what the intrinsics become, at every level.

#include <stackswitch.h>

static int64_t body(void *arg, int64_t first) {
  return stackswitch_suspend_i64(first + *(int64_t *)arg);
}

int64_t test(void *arg, void *ctx) {
  // CHECK-LABEL: @test(
  // CHECK: call ptr @stackswitch_spawn_i64(ptr {{.*}}null, ptr {{.*}}@body, ptr {{.*}})
  // CHECK: call i64 @stackswitch_resume_i64(
  // CHECK: call i32 @stackswitch_getcontext({{.*}}) [[TWICE:#[0-9]+]]
  void *co = stackswitch_spawn_i64(0, body, arg);
  int64_t result = stackswitch_resume_i64(co, 1);
  stackswitch_destroy(co);
  return stackswitch_getcontext(ctx, 0) + result;
}

// CHECK: attributes [[TWICE]] = { {{.*}}returns_twice
