// Many contexts in a function that runs on a small stack, on which nothing below its end changes.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stackswitch.h"

#define NOINLINE __attribute__((noinline))

#define BODY(number)                                                                               \
  static int64_t body##number(void *argument, int64_t first) {                                    \
    (void)argument;                                                                                \
    int64_t x[96];                                                                                 \
    for (int i = 0; i < 96; i++) x[i] = first * i + number;                                        \
    for (;;) {                                                                                     \
      first = stackswitch_suspend_i64(x[first % 96]);                                              \
      x[(first + 7) % 96] += first;                                                                \
    }                                                                                              \
    return 0;                                                                                      \
  }
BODY(0) BODY(1) BODY(2) BODY(3) BODY(4) BODY(5) BODY(6) BODY(7)

#define ONE(body)                                                                                  \
  {                                                                                                \
    void *context = stackswitch_spawn_i64(NULL, body, NULL);                                       \
    sum = sum * 3 + stackswitch_resume_i64(context, sum & 31);                                     \
    sum += stackswitch_resume_i64(context, sum & 15);                                              \
    stackswitch_destroy(context);                                                                  \
  }
#define TEN(body)                                                                                  \
  ONE(body) ONE(body) ONE(body) ONE(body) ONE(body) ONE(body) ONE(body) ONE(body) ONE(body) ONE(body)

// One after the other, of one body.
NOINLINE static int64_t one_body(int64_t sum) {
  TEN(body0) TEN(body0) TEN(body0)
  return sum & 0xffff;
}
// Of several.
NOINLINE static int64_t bodies(int64_t sum) {
  ONE(body0) ONE(body1) ONE(body2) ONE(body3) ONE(body4) ONE(body5) ONE(body6) ONE(body7)
  ONE(body0) ONE(body1) ONE(body2) ONE(body3) ONE(body4) ONE(body5) ONE(body6) ONE(body7)
  return sum & 0xffff;
}
// In functions that become parts of one.
static inline int64_t part(int64_t sum) {
  ONE(body3)
  return sum;
}
NOINLINE static int64_t parts(int64_t sum) {
  for (int i = 0; i < 3; i++) sum = part(part(part(part(sum & 0xff) & 0xff) & 0xff) & 0xff);
  return sum & 0xffff;
}
// All at once.
NOINLINE static int64_t at_once(int64_t sum) {
  void *all[8];
#define SPAWN(n) all[n] = stackswitch_spawn_i64(NULL, body##n, NULL);
#define RESUME(n) sum = sum * 3 + stackswitch_resume_i64(all[n], sum & 31);
#define EACH(do) do(0) do(1) do(2) do(3) do(4) do(5) do(6) do(7)
#define DESTROY(n) stackswitch_destroy(all[n]);
  EACH(SPAWN) EACH(RESUME) EACH(RESUME) EACH(DESTROY)
  return sum & 0xffff;
}
// In each call of a recursion.
NOINLINE static int64_t deep(int64_t sum, int depth) {
  if (depth == 0) return sum;
  void *context = stackswitch_spawn_i64(NULL, body0, NULL);
  sum = (sum + stackswitch_resume_i64(context, sum & 31)) & 0xffff;
  sum = deep(sum, depth - 1);
  sum = (sum + stackswitch_resume_i64(context, sum & 31)) & 0xffff;
  stackswitch_destroy(context);
  return sum;
}
NOINLINE static int64_t deeper(int64_t sum, int depth);
NOINLINE static int64_t mutual(int64_t sum, int depth) {
  return depth == 0 ? sum : deeper(sum + 1, depth) + 1;
}
NOINLINE static int64_t deeper(int64_t sum, int depth) {
  void *context = stackswitch_spawn_i64(NULL, body1, NULL);
  sum = (sum + stackswitch_resume_i64(context, sum & 31)) & 0xffff;
  sum = mutual(sum, depth - 1);
  sum = (sum + stackswitch_resume_i64(context, sum & 31)) & 0xffff;
  stackswitch_destroy(context);
  return sum;
}

static int64_t result;
static void *caller, *callee;
static int which;
static void work(void *argument) {
  (void)argument;
  switch (which) {
  case 0: result = one_body(3); break;
  case 1: result = bodies(3); break;
  case 2: result = parts(3); break;
  case 3: result = at_once(3); break;
  case 4: result = deep(3, 20); break;
  case 5: result = mutual(3, 20); break;
  }
}
static void *object(void) {
  size_t size = (stackswitch_context_size() + 15) & ~(size_t)15;
  return memset(aligned_alloc(16, size), 0, size);
}

int main(void) {
  size_t size = 16384;
  caller = object();
  callee = object();
  char *memory = malloc(3 * size);
  for (which = 0; which < 6; which++) {
    memset(memory, 0x5a, 3 * size);
    stackswitch_getcontext(callee, NULL);
    stackswitch_makecontext(callee, memory + size, size, caller, work, NULL);
    stackswitch_swapcontext(caller, callee, NULL);
    size_t changed = 0;
    for (size_t i = 0; i < size; i++) changed += memory[i] != 0x5a;
    printf("%lld, %zu bytes below the stack changed\n", (long long)result, changed);
  }
  free(memory);
  free(caller);
  free(callee);
}
