// The program that replaces functions of its library, see interposed_library.c.
#include <stdint.h>

#include "stackswitch.h"

int64_t ends(void *argument, int64_t first);
int64_t counts(void *argument, int64_t first);
void gives(int64_t value);
int64_t helps(int64_t value);
void run_library(void);

int64_t ends(void *argument, int64_t first) {
  (void)argument;
  first += stackswitch_suspend_i64(first * 100);
  return first;
}
int64_t counts(void *argument, int64_t first) {
  (void)argument;
  for (;;) first += stackswitch_suspend_i64(first * 1000);
  return 0;
}
void gives(int64_t value) {
  stackswitch_suspend_i64(value * 2);
  stackswitch_suspend_i64(value * 3);
}
int64_t helps(int64_t value) { return stackswitch_suspend_i64(value * 7); }

int main(void) {
  run_library();
  return 0;
}
