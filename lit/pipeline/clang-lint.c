// RUN: %plainclang -fplugin=%plugin -fpass-plugin=%plugin -mllvm -stackswitch-pointers=sliced -O1 -g -c %s -o /dev/null 2>&1 | FileCheck %s
// RUN: %plainclang -fplugin=%plugin -fpass-plugin=%plugin -mllvm -stackswitch-pointers=sliced -O0 -g -c %s -o /dev/null 2>&1 | FileCheck %s
// RUN: %plainclang -c %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=PLAIN --allow-empty
// clang shows the lint's warnings in the source, and the other place as a note.
// PLAIN-NOT: warning
#include <stackswitch.h>

static void *inner(void *arg, void *first) {
  *(int *)arg = 1;
  return first;
}

static void *outer(void *arg, void *first) {
  int local = 0;
// CHECK: clang-lint.c:[[# @LINE + 1]]:{{[0-9]+}}: warning: {{.*}}the address of the local variable '%{{.*}} = alloca i32, align 4' gets
  void *c = stackswitch_spawn(0, inner, &local);
  stackswitch_resume(c, 0);
  return first;
}

void start(void) {
// CHECK: note: {{.*}}clang-lint.c:[[# @LINE + 1]]:{{[0-9]+}}: {{.*}}this function is started on that base here
  void *c = stackswitch_spawn(0, outer, 0);
  stackswitch_resume(c, 0);
}
