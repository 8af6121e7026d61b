// A body that suspends with one type or another, as it is told: each of its contexts is waited for
// with one type.
#include <stdint.h>
#include <stdio.h>

#include "stackswitch.h"

struct told {
  int floating;
};

static int64_t body(void *argument, int64_t first) {
  struct told *told = argument;
  if (told->floating) {
    double got = stackswitch_suspend_f64(2.5);
    return (int64_t)(got * 4);
  }
  return stackswitch_suspend_i64(first + 1);
}

static double starts(void *argument, double first) { return first + *(double *)argument; }

int main(void) {
  struct told no = {0}, yes = {1};
  void *context = stackswitch_spawn_i64(NULL, body, &no);
  printf("%lld ", (long long)stackswitch_resume_i64(context, 1));
  printf("%lld\n", (long long)stackswitch_resume_i64(context, 1));
  stackswitch_destroy(context);

  // This one is started by another context, which then has its answer.
  void *volatile other = stackswitch_spawn_i64(NULL, body, &yes);
  stackswitch_setlink(other, stackswitch_current());
  double half = 0.5;
  void *watch = stackswitch_spawn_f64(NULL, starts, &half);
  printf("%g\n", stackswitch_resume_f64(watch, 1));
  stackswitch_destroy(watch);
  stackswitch_destroy(other);
  return 0;
}
