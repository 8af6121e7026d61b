// Frames that hold contexts are copied by captures with a base, and put back, by another module: see
// captured_library.c. A context stays the one that it is.
#include <stdint.h>
#include <stdio.h>

#include "captured.h"
#include "stackswitch.h"

#define NOINLINE __attribute__((noinline))

static int64_t counts(void *argument, int64_t first) {
  (void)argument;
  for (int64_t n = first;; n++) stackswitch_suspend_i64(n);
  return 0;
}

static int times;

// Control comes back to after the capture, with the stack as it was there.
NOINLINE static void marks(void) {
  void *context = stackswitch_spawn_i64(NULL, counts, NULL);
  printf("%lld", (long long)stackswitch_resume_i64(context, 1));
  mark();
  printf(" %lld", (long long)stackswitch_resume_i64(context, 0));
  if (times++ < 2) go_back();
  printf(" end\n");
  stackswitch_destroy(context);
}

// The same, from a function further down.
__attribute__((returns_twice)) NOINLINE static void calls_mark(int depth) {
  volatile char room[64];
  room[0] = (char)depth;
  if (depth > 0) calls_mark(depth - 1);
  else mark();
  (void)room[0];
}
NOINLINE static void marks_below(void) {
  void *context = stackswitch_spawn_i64(NULL, counts, NULL);
  printf("%lld", (long long)stackswitch_resume_i64(context, 10));
  calls_mark(3);
  printf(" %lld", (long long)stackswitch_resume_i64(context, 0));
  if (times++ < 2) go_back();
  printf(" end\n");
  stackswitch_destroy(context);
}

// Two threads of control whose stacks take turns in one place, each with a context in its frame.
static void turns(void *argument) {
  int64_t start = *(int64_t *)argument;
  void *context = stackswitch_spawn_i64(NULL, counts, NULL);
  int64_t sum = stackswitch_resume_i64(context, start);
  for (int i = 0; i < 3; i++) {
    yield();
    sum = sum * 10 + stackswitch_resume_i64(context, 0) % 10;
  }
  printf("%lld\n", (long long)sum);
  stackswitch_destroy(context);
}

int main(void) {
  stackswitch_getcontext(base_object(), NULL);
  marks();
  times = 0;
  marks_below();
  int64_t starts[2] = {1, 5};
  run_two(turns, &starts[0], &starts[1]);
  return 0;
}
