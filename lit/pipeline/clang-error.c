// RUN: rm -f %t.o
// RUN: not %clang -g -O2 -c %s -o %t.o 2>&1 | FileCheck %s
// RUN: not ls %t.o
// clang shows a mistake in the source.

#include <stackswitch.h>

void test(void) {
  // CHECK: clang-error.c:[[@LINE+1]]:3: error: in function 'test', instruction '{{.*}}call void @stackswitch_destroy(ptr {{.*}}null){{.*}}': argument 'ctx' of 'stackswitch_destroy' is null
  stackswitch_destroy(0);
}
// CHECK: 1 error generated
