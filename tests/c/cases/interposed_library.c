// A library whose functions another program replaces: the bodies that run are the program's.
#include <stdint.h>
#include <stdio.h>

#include "stackswitch.h"

int64_t ends(void *argument, int64_t first) {
  (void)argument;
  return first + 1;
}
int64_t counts(void *argument, int64_t first) {
  (void)argument;
  for (;;) first += stackswitch_suspend_i64(first);
  return 0;
}
// What a body of the library's own calls is replaced too.
void gives(int64_t value) { stackswitch_suspend_i64(value); }
static int64_t by_another(void *argument, int64_t first) {
  (void)argument;
  for (;;) gives(first++);
  return 0;
}
int64_t helps(int64_t value) { return value; }
static int64_t is_helped(void *argument, int64_t first) {
  (void)argument;
  return helps(first) + 1;
}

void run_library(void) {
  void *context = stackswitch_spawn_i64(NULL, ends, NULL);
  printf("%lld\n", (long long)stackswitch_resume_i64(context, 3));
  printf("status %d\n", stackswitch_status(context));
  stackswitch_destroy(context);
  context = stackswitch_spawn_i64(NULL, counts, NULL);
  printf("%lld ", (long long)stackswitch_resume_i64(context, 3));
  printf("%lld\n", (long long)stackswitch_resume_i64(context, 4));
  stackswitch_destroy(context);
  context = stackswitch_spawn_i64(NULL, by_another, NULL);
  printf("%lld ", (long long)stackswitch_resume_i64(context, 5));
  printf("%lld\n", (long long)stackswitch_resume_i64(context, 5));
  stackswitch_destroy(context);
  context = stackswitch_spawn_i64(NULL, is_helped, NULL);
  printf("%lld ", (long long)stackswitch_resume_i64(context, 6));
  printf("status %d\n", stackswitch_status(context));
  stackswitch_destroy(context);
}
