/* What generators give, and what their consumers do with it: the same for all. */
#ifndef GENERATOR_H
#define GENERATOR_H

#include <stddef.h>
#include <stdint.h>

/* The compiler does not know what comes out: no loop is folded or done several turns at once. */
static inline uint64_t opaque(uint64_t value) {
  __asm__("" : "+r"(value));
  return value;
}

/* The next of a row that no formula gives. */
static inline uint64_t next_random(uint64_t x) {
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  return x;
}

/* Where a sum goes, so that it is needed. */
struct total {
  volatile uint64_t sum;
};

#endif
