// The address of a variable of a suspended context is used by others, as long as the context is
// suspended: also when the function that made the context has long ended.
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include "stackswitch.h"

#define NOINLINE __attribute__((noinline))

static int64_t *published;

static int64_t counts(void *argument, int64_t first) {
  (void)argument;
  int64_t x = first;
  published = &x;
  for (;;) {
    x += 1;
    stackswitch_suspend_i64(x);
  }
  return 0;
}

// Only after inlining is the handle known to one function, whose calls have their marks by then.
static void *make(void) { return stackswitch_spawn_i64(NULL, counts, NULL); }
NOINLINE static void poke(int64_t value) { *published += value; }
NOINLINE static int64_t look(void) { return *published; }

NOINLINE static int64_t poked(int64_t n) {
  void *context = make();
  int64_t result = stackswitch_resume_i64(context, n);
  poke(100);
  result = result * 1000 + stackswitch_resume_i64(context, 0);
  poke(200);
  result = result * 1000 + look();
  result = result * 1000 + stackswitch_resume_i64(context, 0);
  stackswitch_destroy(context);
  return result;
}

// Two contexts of one body, in turn.
NOINLINE static int64_t two(int64_t n) {
  void *a = make(), *b = make();
  int64_t result = stackswitch_resume_i64(a, n);
  int64_t *of_a = published;
  result = result * 100 + stackswitch_resume_i64(b, n + 10);
  int64_t *of_b = published;
  *of_a += 3;
  poke(5);
  result = result * 100 + stackswitch_resume_i64(a, 0);
  result = result * 100 + stackswitch_resume_i64(b, 0);
  result = result * 100 + *of_a - *of_b;
  stackswitch_destroy(a);
  stackswitch_destroy(b);
  return result;
}

// The address goes by way of the value that travels.
static void *sends(void *argument, void *first) {
  (void)argument;
  int64_t *to = first, x[2] = {to[0], to[1]};
  for (;;) {
    to = stackswitch_suspend(x);
    x[1] = x[1] * 10 + x[0] + *to;
  }
  return NULL;
}
NOINLINE static void add(int64_t *to, int64_t value) { *to += value; }
NOINLINE static int64_t sent(int64_t n) {
  int64_t own[2] = {n, n + 1};
  void *context = stackswitch_spawn(NULL, sends, NULL);
  int64_t *there = stackswitch_resume(context, own);
  add(there, 20);
  add(own, 1);
  stackswitch_resume(context, own);
  add(there, 30);
  stackswitch_resume(context, own);
  int64_t result = there[0] * 10000 + there[1];
  stackswitch_destroy(context);
  return result;
}

// It is used by a context of its own.
static int64_t watches(void *argument, int64_t first) {
  (void)argument;
  for (;;) {
    *published += first;
    first = stackswitch_suspend_i64(*published);
  }
  return 0;
}
NOINLINE static int64_t watched(int64_t n) {
  void *context = make(), *watch = stackswitch_spawn_i64(NULL, watches, NULL);
  int64_t result = stackswitch_resume_i64(context, n);
  result = result * 1000 + stackswitch_resume_i64(watch, 7);
  result = result * 1000 + stackswitch_resume_i64(context, 0);
  result = result * 1000 + stackswitch_resume_i64(watch, 8);
  stackswitch_destroy(watch);
  stackswitch_destroy(context);
  return result;
}

NOINLINE static void clobber(void) {
  volatile int64_t z[200];
  for (int i = 0; i < 200; i++) z[i] = -i;
  (void)z[0];
}

// A context that is left suspended outlives its creator: by a return, ...
static int64_t array(void *argument, int64_t first) {
  (void)argument;
  int64_t x[4] = {first, first + 1, first + 2, first + 3};
  published = x;
  for (;;) stackswitch_suspend_i64(x[0]);
  return 0;
}
NOINLINE static int64_t *returned(int64_t n) {
  void *context = stackswitch_spawn_i64(NULL, array, NULL);
  stackswitch_resume_i64(context, n);
  return published;
}
// on one way only, ...
NOINLINE static int64_t *sometimes(int64_t n) {
  void *context = stackswitch_spawn_i64(NULL, array, NULL);
  stackswitch_resume_i64(context, n);
  if (n > 100) {
    stackswitch_destroy(context);
    return NULL;
  }
  return published;
}
// by a jump, ...
static jmp_buf outside;
NOINLINE static void jump(void) { longjmp(outside, 1); }
NOINLINE static void jumped(int64_t n) {
  void *context = stackswitch_spawn_i64(NULL, array, NULL);
  stackswitch_resume_i64(context, n);
  jump();
  stackswitch_destroy(context);
}
NOINLINE static void catches(int64_t n) {
  if (setjmp(outside) == 0) jumped(n);
}
// by another turn of a loop, ...
NOINLINE static int64_t turns(int64_t n) {
  int64_t *all[3];
  for (int i = 0; i < 3; i++) {
    void *context = stackswitch_spawn_i64(NULL, array, NULL);
    stackswitch_resume_i64(context, n + 10 * i);
    all[i] = published;
  }
  add(all[0], 100);
  return all[0][0] * 1000000 + all[1][1] * 1000 + all[2][2];
}
// or as the creator's own context is never resumed again.
static int64_t creates(void *argument, int64_t first) {
  (void)argument;
  void *context = stackswitch_spawn_i64(NULL, array, NULL);
  stackswitch_resume_i64(context, first);
  stackswitch_suspend_i64(0);
  stackswitch_destroy(context);
  return 0;
}
NOINLINE static void left(int64_t n) {
  void *context = stackswitch_spawn_i64(NULL, creates, NULL);
  stackswitch_resume_i64(context, n);
  stackswitch_destroy(context);
}

static void show(const char *name, int64_t *there) {
  clobber();
  printf("%s %lld %lld", name, (long long)there[0], (long long)there[3]);
  there[1] = 9;
  clobber();
  printf(" %lld\n", (long long)there[1]);
}

int main(void) {
  printf("%lld\n", (long long)poked(5));
  printf("%lld\n", (long long)two(1));
  printf("%lld\n", (long long)sent(2));
  printf("%lld\n", (long long)watched(1));
  show("returned", returned(5));
  show("sometimes", sometimes(6));
  catches(7);
  show("jumped", published);
  left(8);
  show("left", published);
  printf("%lld\n", (long long)turns(1));
  return 0;
}
