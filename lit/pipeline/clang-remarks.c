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

void unknown(void);

static int64_t calls(void *arg, int64_t first) {
  unknown();
  return first;
}

int64_t test(int64_t n) {
// CHECK: clang-remarks.c:[[# @LINE + 1]]:{{[0-9]+}}: remark: the context of 'twice' cannot suspend and is resumed once: it is a direct call [-Rpass=stackswitch]
  void *a = stackswitch_spawn_i64(0, twice, 0);
  int64_t r = stackswitch_resume_i64(a, n);
  stackswitch_destroy(a);
// CHECK: clang-remarks.c:[[# @LINE + 1]]:{{[0-9]+}}: remark: the context of 'generator' is stackless: its frame of {{[0-9]+}} bytes is a variable here [-Rpass=stackswitch]
  void *b = stackswitch_spawn_i64(0, generator, 0);
  r += stackswitch_resume_i64(b, n);
  stackswitch_destroy(b);
// CHECK: clang-remarks.c:[[# @LINE + 2]]:{{[0-9]+}}: remark: the context is no direct call: 'calls' may suspend: it calls 'unknown', whose body is not known [-Rpass-missed=stackswitch]
// CHECK: clang-remarks.c:[[# @LINE + 1]]:{{[0-9]+}}: remark: the context is not stackless: 'calls' needs its own stack: it calls 'unknown', whose body is not known [-Rpass-missed=stackswitch]
  void *c = stackswitch_spawn_i64(0, calls, 0);
  r += stackswitch_resume_i64(c, n);
  stackswitch_destroy(c);
  return r;
}
