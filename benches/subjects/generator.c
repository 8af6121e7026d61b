/* A generator that is consumed in a loop, and the loop that does without one. Compiled through the
 * plugin. */
#include <stackswitch.h>
#include <stdlib.h>

#include "generator.h"
#include "workload.h"

static void *set_up(size_t size) {
  (void)size;
  return calloc(1, sizeof(struct total));
}

/* ---- Integers */

static int64_t integers(void *arg, int64_t first) {
  (void)arg, (void)first;
  for (int64_t i = 0;; i++)
    stackswitch_suspend_i64(i);
}

static void integers_run(void *state, size_t count) {
  struct total *total = state;
  uint64_t sum = 0;
  void *context = stackswitch_spawn_i64(NULL, integers, NULL);
  for (size_t i = 0; i < count; i++)
    sum += opaque((uint64_t)stackswitch_resume_i64(context, 0));
  stackswitch_destroy(context);
  total->sum = sum;
}

static void integers_plain(void *state, size_t count) {
  struct total *total = state;
  uint64_t sum = 0;
  for (size_t i = 0; i < count; i++)
    sum += opaque(i);
  total->sum = sum;
}

/* ---- Numbers that depend on one another */

static int64_t randoms(void *arg, int64_t first) {
  (void)arg;
  for (uint64_t x = (uint64_t)first;;) {
    x = next_random(x);
    stackswitch_suspend_i64((int64_t)x);
  }
}

static void randoms_run(void *state, size_t count) {
  struct total *total = state;
  uint64_t sum = 0;
  void *context = stackswitch_spawn_i64(NULL, randoms, NULL);
  for (size_t i = 0; i < count; i++)
    sum += (uint64_t)stackswitch_resume_i64(context, 42);
  stackswitch_destroy(context);
  total->sum = sum;
}

static void randoms_plain(void *state, size_t count) {
  struct total *total = state;
  uint64_t sum = 0, x = 42;
  for (size_t i = 0; i < count; i++) {
    x = next_random(x);
    sum += x;
  }
  total->sum = sum;
}

const struct workload stackless_integers = {set_up, integers_run, free};
const struct workload plain_integers = {set_up, integers_plain, free};
const struct workload stackless_randoms = {set_up, randoms_run, free};
const struct workload plain_randoms = {set_up, randoms_plain, free};
