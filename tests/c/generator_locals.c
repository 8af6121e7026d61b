/* A generator whose context is stackless, and what a debugger is asked about it. */
#include <stackswitch.h>
#include <stdio.h>

static volatile int64_t seen;

static int64_t squares(void *arg, int64_t first) {
  int64_t number = *(int64_t *)arg, sent = first;
  for (;;) {
    sent = stackswitch_suspend_i64(number * number);
    number += sent;
    seen = number; /* the debugger stops here */
  }
}

int main(void) {
  volatile int64_t start = 3;
  int64_t from = start, sum = 0;
  void *context = stackswitch_spawn_i64(NULL, squares, &from);
  for (int64_t i = 1; i <= start; i++)
    sum += stackswitch_resume_i64(context, i);
  stackswitch_destroy(context);
  printf("%lld\n", (long long)sum);
  return 0;
}
