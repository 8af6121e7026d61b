/* stackswitch through its plain C ABI: no plugin, no inlining. */
#include <alloca.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <stackswitch.h>

#include "workload.h"

enum { PAGE = 4096, RESERVE = 64 << 20 };

/* ---- Resident: the thread's own context and one on a default region ------- */

static void *echo(void *arg, void *value) {
  (void)arg;
  for (;;)
    value = stackswitch_suspend(value);
}

static void *resident_set_up(size_t size) {
  (void)size;
  return stackswitch_spawn(NULL, echo, NULL);
}

static void resident_run(void *context, size_t count) {
  for (size_t i = 0; i < count; i += 2)
    stackswitch_resume(context, NULL);
}

static void resident_tear_down(void *context) { stackswitch_destroy(context); }

const struct workload stackswitch_resident = {resident_set_up, resident_run, resident_tear_down};

/* The same by symmetric transfer: both ways go through one function. */
static void *echo_by_swap(void *peer, void *value) {
  for (;;)
    value = stackswitch_swap(peer, value);
}

static void *swap_set_up(size_t size) {
  (void)size;
  return stackswitch_spawn(NULL, echo_by_swap, stackswitch_current());
}

static void swap_run(void *context, size_t count) {
  for (size_t i = 0; i < count; i += 2)
    stackswitch_swap(context, NULL);
}

const struct workload stackswitch_resident_swap = {swap_set_up, swap_run, resident_tear_down};

/* ---- Sliced: two contexts of one base that displace each other ------------ */

struct end {
  struct pair *pair;
  void *context, *other;
  size_t locals;
};

struct pair {
  void *base, *main;
  size_t left;
  struct end ends[2];
};

/* Makes every page of `locals` one that has been written to. */
static void touch(volatile char *locals, size_t size) {
  for (size_t i = 0; i < size; i += PAGE / 2)
    locals[i] = 1;
}

static void *sliced_body(void *arg, void *value) {
  struct end *self = arg;
  struct pair *pair = self->pair;
  touch(alloca(self->locals), self->locals);
  for (;;)
    value = stackswitch_swap(pair->left-- ? self->other : pair->main, value);
}

static void pair_end(struct pair *pair) {
  for (int i = 0; i < 2; i++) {
    if (pair->ends[i].context)
      stackswitch_destroy(pair->ends[i].context);
    pair->ends[i].context = NULL;
  }
}

/* Starts both with so much in their frames; returns how large their slices are. */
static void pair_start(struct pair *pair, const size_t locals[2], size_t slices[2]) {
  for (int i = 0; i < 2; i++) {
    struct end *end = &pair->ends[i];
    end->pair = pair;
    end->locals = locals[i];
    end->context = stackswitch_spawn(pair->base, sliced_body, end);
    pair->ends[1 - i].other = end->context;
  }
  pair->left = 0;
  for (int i = 0; i < 3; i++) {
    stackswitch_swap(pair->ends[i % 2].context, NULL);
    pair->left = 0;
    /* The one that ran before has just been displaced. */
    slices[1 - i % 2] = stackswitch_slice_size(pair->ends[1 - i % 2].context);
  }
}

/* Two contexts with slices of just `sizes`. */
static struct pair *new_pair(const size_t sizes[2]) {
  struct pair *pair = calloc(1, sizeof *pair);
  size_t locals[2] = {0, 0}, slices[2];
  pair->base = stackswitch_base_create(RESERVE);
  pair->main = stackswitch_current();
  for (int attempt = 0; attempt < 3; attempt++) {
    pair_start(pair, locals, slices);
    if (slices[0] == sizes[0] && slices[1] == sizes[1])
      return pair;
    pair_end(pair);
    for (int i = 0; i < 2; i++) {
      if (locals[i] + sizes[i] < slices[i])
        goto impossible;
      locals[i] += sizes[i] - slices[i];
    }
  }
impossible:
  stackswitch_base_destroy(pair->base);
  free(pair);
  return NULL;
}

static void *sliced_set_up(size_t size) {
  const size_t sizes[2] = {size, size};
  return new_pair(sizes);
}

static void *unequal_set_up(size_t size) {
  const size_t sizes[2] = {size, size + 64};
  return new_pair(sizes);
}

static void sliced_run(void *state, size_t count) {
  struct pair *pair = state;
  pair->left = count;
  stackswitch_swap(pair->ends[0].context, NULL);
}

static void sliced_tear_down(void *state) {
  struct pair *pair = state;
  pair_end(pair);
  stackswitch_base_destroy(pair->base);
  free(pair);
}

const struct workload stackswitch_sliced = {sliced_set_up, sliced_run, sliced_tear_down};
/* One of the two is 64 bytes deeper. */
const struct workload stackswitch_sliced_unequal = {unequal_set_up, sliced_run, sliced_tear_down};

/* ---- Rings: N contexts of one base, each switches to the next ------------- */

static struct {
  void *base, *main;
  size_t length, at, left, ahead;
  void **contexts; /* in the order they were made */
  void **queue;    /* in the order of their turns, `ahead` more than `length` */
} ring;

static inline void *next(void) {
  if (ring.left == 0)
    return ring.main;
  ring.left--;
  size_t at = ring.at;
  ring.at = at + 1 == ring.length ? 0 : at + 1;
  return ring.queue[at];
}

static void *ring_body(void *arg, void *value) {
  (void)arg;
  for (;;)
    value = stackswitch_swap(next(), value);
}

static void *prefetching_body(void *arg, void *value) {
  (void)arg;
  for (;;) {
    void *to = next();
    stackswitch_prefetch(ring.queue[ring.at + ring.ahead]);
    value = stackswitch_swap(to, value);
  }
}

static void *new_ring(size_t length, void *(*body)(void *, void *)) {
  ring.base = stackswitch_base_create(RESERVE);
  ring.main = stackswitch_current();
  ring.length = length;
  ring.at = ring.left = 0;
  ring.ahead = ring_order.ahead;
  ring.contexts = calloc(length, sizeof *ring.contexts);
  ring.queue = calloc(length + ring.ahead, sizeof *ring.queue);
  for (size_t i = 0; i < length; i++)
    ring.contexts[i] = stackswitch_spawn(ring.base, body, NULL);
  for (size_t i = 0; i < length + ring.ahead; i++)
    ring.queue[i] = ring.contexts[ring_order.turns[i]];
  for (size_t i = 0; i < length; i++)
    stackswitch_swap(ring.contexts[i], NULL);
  return &ring;
}

static void *ring_set_up(size_t length) { return new_ring(length, ring_body); }
static void *prefetching_set_up(size_t length) { return new_ring(length, prefetching_body); }

static void ring_run(void *state, size_t count) {
  (void)state;
  ring.left = count;
  stackswitch_swap(next(), NULL);
}

static void ring_tear_down(void *state) {
  (void)state;
  for (size_t i = 0; i < ring.length; i++)
    stackswitch_destroy(ring.contexts[i]);
  stackswitch_base_destroy(ring.base);
  free(ring.contexts);
  free(ring.queue);
}

const struct workload stackswitch_ring = {ring_set_up, ring_run, ring_tear_down};
const struct workload stackswitch_ring_prefetch = {prefetching_set_up, ring_run, ring_tear_down};

/* ---- Create, run to the end, destroy -------------------------------------- */

static void *at_once(void *arg, void *value) {
  (void)arg;
  return value;
}

static void *lifecycle_set_up(size_t size) {
  (void)size;
  return stackswitch_base_create(RESERVE);
}

static void lifecycle_run(void *base, size_t count) {
  for (size_t i = 0; i < count; i++) {
    void *context = stackswitch_spawn(base, at_once, NULL);
    stackswitch_resume(context, NULL);
    stackswitch_destroy(context);
  }
}

static void lifecycle_tear_down(void *base) { stackswitch_base_destroy(base); }

const struct workload stackswitch_lifecycle = {lifecycle_set_up, lifecycle_run,
                                               lifecycle_tear_down};

/* The same after there were very many contexts at once. */
static void *after_peak_set_up(size_t most) {
  void *base = stackswitch_base_create(RESERVE);
  void **contexts = calloc(most, sizeof *contexts);
  for (size_t i = 0; i < most; i++)
    contexts[i] = stackswitch_spawn(base, at_once, NULL);
  for (size_t i = 0; i < most; i++)
    stackswitch_destroy(contexts[i]);
  free(contexts);
  return base;
}

const struct workload stackswitch_lifecycle_after_peak = {after_peak_set_up, lifecycle_run,
                                                          lifecycle_tear_down};

/* ---- Parked contexts: only made, in a process of their own ----------------- */

struct parked {
  void *base, *main;
  size_t made;
  size_t locals;
  void **contexts;
};

static void *parked_body(void *arg, void *value) {
  struct parked *parked = arg;
  touch(alloca(parked->locals), parked->locals);
  for (;;)
    value = stackswitch_swap(parked->main, value);
}

static void *parked_with(size_t most, size_t locals) {
  struct parked *parked = calloc(1, sizeof *parked);
  parked->base = stackswitch_base_create(RESERVE);
  parked->main = stackswitch_current();
  parked->locals = locals;
  parked->contexts = malloc(most * sizeof *parked->contexts);
  memset(parked->contexts, 1, most * sizeof *parked->contexts);
  return parked;
}

static void parked_run(void *state, size_t count) {
  struct parked *parked = state;
  for (size_t i = 0; i < count; i++) {
    void *context = stackswitch_spawn(parked->base, parked_body, parked);
    stackswitch_swap(context, NULL);
    parked->contexts[parked->made++] = context;
  }
}

static void parked_tear_down(void *state) {
  struct parked *parked = state;
  for (size_t i = 0; i < parked->made; i++)
    stackswitch_destroy(parked->contexts[i]);
  stackswitch_base_destroy(parked->base);
  free(parked->contexts);
  free(parked);
}

/* The slice of a context that has so many bytes of locals. */
static size_t parked_slice(size_t locals) {
  struct parked *parked = parked_with(2, locals);
  parked_run(parked, 2);
  size_t slice = stackswitch_slice_size(parked->contexts[0]);
  parked_tear_down(parked);
  return slice;
}

/* Slices of 136 bytes or, as ours come in steps of 16, the next larger ones. */
static void *parked_set_up(size_t most) {
  size_t locals = 0;
  while (parked_slice(locals) < 136)
    locals += 16;
  return parked_with(most, locals);
}

/* A local buffer of 128 bytes in each. */
static void *parked_locals_set_up(size_t most) { return parked_with(most, 128); }

const struct workload stackswitch_parked = {parked_set_up, parked_run, parked_tear_down};
const struct workload stackswitch_parked_locals = {parked_locals_set_up, parked_run,
                                                   parked_tear_down};

/* The slice of the first context that was parked. */
size_t stackswitch_parked_slice(void *state) {
  struct parked *parked = state;
  return stackswitch_slice_size(parked->contexts[0]);
}

/* ---- What the statistics say ----------------------------------------------- */

static uint64_t bytes_saved(void) {
  struct stackswitch_stats stats;
  stackswitch_get_stats(&stats);
  return stats.bytes_saved;
}

static void *hot_body(void *scheduler, void *value) {
  volatile char locals[1024];
  for (;;) {
    touch(locals, sizeof locals);
    value = stackswitch_swap(scheduler, value);
  }
}

/* Bytes copied while `count` contexts with a null base, 1 KiB deep, take turns. */
size_t stackswitch_hot_set_copies(size_t count) {
  enum { LAPS = 100 };
  void **contexts = calloc(count, sizeof *contexts);
  for (size_t i = 0; i < count; i++)
    contexts[i] = stackswitch_spawn(NULL, hot_body, stackswitch_current());
  for (size_t i = 0; i < count; i++)
    stackswitch_swap(contexts[i], NULL);
  uint64_t before = bytes_saved();
  for (size_t lap = 0; lap < LAPS; lap++)
    for (size_t i = 0; i < count; i++)
      stackswitch_swap(contexts[i], NULL);
  uint64_t copied = bytes_saved() - before;
  for (size_t i = 0; i < count; i++)
    stackswitch_destroy(contexts[i]);
  free(contexts);
  return copied;
}

struct below {
  size_t copied;
  void *scheduler;
};

/* Runs below a scheduler and looks whether that has been displaced. */
static void *below_body(void *arg, void *value) {
  struct below *below = arg;
  for (;;) {
    below->copied += stackswitch_slice_size(below->scheduler);
    value = stackswitch_suspend(value);
  }
}

struct schedule {
  size_t count;
  struct below below;
};

static void *scheduler_body(void *arg, void *value) {
  enum { LAPS = 10 };
  struct schedule *schedule = arg;
  schedule->below.scheduler = stackswitch_current();
  void *base = stackswitch_base_here();
  void **contexts = calloc(schedule->count, sizeof *contexts);
  for (size_t i = 0; i < schedule->count; i++)
    contexts[i] = stackswitch_spawn(base, below_body, &schedule->below);
  for (size_t lap = 0; lap < LAPS; lap++)
    for (size_t i = 0; i < schedule->count; i++)
      stackswitch_resume(contexts[i], NULL);
  for (size_t i = 0; i < schedule->count; i++)
    stackswitch_destroy(contexts[i]);
  free(contexts);
  stackswitch_base_destroy(base);
  return value;
}

/* Bytes of a scheduler's stack that are ever displaced while it resumes `count` contexts that
 * were started below it, again and again. */
size_t stackswitch_scheduler_copies(size_t count) {
  struct schedule schedule = {count, {0, NULL}};
  void *base = stackswitch_base_create(RESERVE);
  void *scheduler = stackswitch_spawn(base, scheduler_body, &schedule);
  stackswitch_resume(scheduler, NULL);
  stackswitch_destroy(scheduler);
  stackswitch_base_destroy(base);
  return schedule.below.copied;
}
