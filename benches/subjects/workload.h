/* What the benchmark program asks of a subject written in C or C++. */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct workload {
  /* Makes what is measured. Null: this subject cannot do `size`. */
  void *(*set_up)(size_t size);
  /* Does `count` of the operations that are counted, a few more at most. */
  void (*run)(void *state, size_t count);
  void (*tear_down)(void *state);
};

/* Who runs after whom in a ring: contexts by number, in the order of their turns. Each subject
 * has its run queue where a scheduler has it, in a place that is known without looking at the
 * stack of whoever runs; so a processor can fetch what the next turn needs ahead of time.
 * `turns` has `ahead` more entries than `length`, which repeat the first ones. */
struct order {
  size_t length;
  size_t ahead;
  const size_t *turns;
};
extern struct order ring_order;

#ifdef __cplusplus
}
#endif

#endif
