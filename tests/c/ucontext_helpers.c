/* Programs reach swapcontext through helpers of their own: inlined by force, called from one place
 * or from several, two deep, with local variables that are live across the switch. */
#include <stdio.h>
#include <ucontext.h>

#define APART __attribute__((noinline))

enum { WORKERS = 3, ROUNDS = 1000 };

static ucontext_t scheduler, workers[WORKERS];
static char stacks[WORKERS][65536] __attribute__((aligned(16)));
static unsigned long sums[WORKERS];
static int running;

static inline __attribute__((always_inline)) int forced(ucontext_t *from, ucontext_t *to) {
  return swapcontext(from, to);
}

APART static int once(ucontext_t *from, ucontext_t *to, int kept) {
  volatile int live = kept;
  int result = swapcontext(from, to);
  return result == 0 ? live : -1;
}

APART static int twice(ucontext_t *from, ucontext_t *to, int kept) {
  int first = once(from, to, kept + 1);
  return first - 1;
}

/* Each worker is resumed after another call than the one before, so a switch resumes after its own
 * call instruction, and after other ones. */
APART static unsigned long turn(int me, int next, int round) {
  switch ((me + round) % 3) {
  case 0:
    return (unsigned long)once(&workers[me], &workers[next], round);
  case 1:
    return (unsigned long)twice(&workers[me], &workers[next], round);
  default:
    return forced(&workers[me], &workers[next]) == 0 ? (unsigned long)round : 0;
  }
}

static void work(int me) {
  for (int round = 0; round < ROUNDS; round++) {
    int next = running = (me + 1) % WORKERS;
    sums[me] = sums[me] * 31 + turn(me, next, round);
  }
  forced(&workers[me], &scheduler);
}

int main(void) {
  for (int i = 0; i < WORKERS; i++) {
    getcontext(&workers[i]);
    workers[i].uc_stack.ss_sp = stacks[i];
    workers[i].uc_stack.ss_size = sizeof stacks[i];
    workers[i].uc_link = &scheduler;
    makecontext(&workers[i], (void (*)(void))work, 1, i);
  }
  /* The first worker to end comes back here; the others still wait. */
  for (int i = 0; i < WORKERS; i++) {
    once(&scheduler, &workers[i], 7);
    printf("%d %lu %lu %lu\n", running, sums[0], sums[1], sums[2]);
  }
  return 0;
}
