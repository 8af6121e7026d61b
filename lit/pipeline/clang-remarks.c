// RUN: %clang -O1 -g -Rpass=stackswitch -Rpass-missed=stackswitch -c %s -o /dev/null 2>&1 | FileCheck %s
// RUN: %clang -O1 -g -c %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=SILENT --allow-empty
// RUN: %clang -O0 -g -Rpass=stackswitch -c %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=SILENT --allow-empty
// clang shows the optimiser's decisions in the source, where it is asked to.
// SILENT-NOT: remark
#include <stackswitch.h>

static int64_t twice(void *arg, int64_t first) { return 2 * first; }

static int64_t generator(void *arg, int64_t first) {
  return stackswitch_suspend_i64(first);
}

int64_t test(int64_t n) {
// CHECK: clang-remarks.c:[[# @LINE + 1]]:{{[0-9]+}}: remark: the context of 'twice' cannot suspend and is resumed once: it is a direct call [-Rpass=stackswitch]
  void *a = stackswitch_spawn_i64(0, twice, 0);
  int64_t r = stackswitch_resume_i64(a, n);
  stackswitch_destroy(a);
// CHECK: clang-remarks.c:[[# @LINE + 1]]:{{[0-9]+}}: remark: the context is no direct call: 'generator' may suspend: it calls 'llvm.stackswitch.suspend' [-Rpass-missed=stackswitch]
  void *b = stackswitch_spawn_i64(0, generator, 0);
  r += stackswitch_resume_i64(b, n);
  stackswitch_destroy(b);
  return r;
}
