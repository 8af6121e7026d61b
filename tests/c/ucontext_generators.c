/* Producers that yield by swapcontext, each with arguments, ending by uc_link. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define WORKERS 8
#define STACK 16384

static ucontext_t main_context, workers[WORKERS];
static int yielded, finished;

static void yield(int id, int value) {
  yielded = value;
  swapcontext(&workers[id], &main_context);
}

static int deep(int id, int depth, int value) {
  volatile char filler[64];
  memset((char *)filler, id, sizeof filler);
  if (depth == 0)
    yield(id, value);
  else
    value = deep(id, depth - 1, value) + filler[depth % 64] - id;
  return value;
}

static void worker(int id, int from, int to, int step) {
  int i;
  for (i = from; i < to; i += step)
    if (deep(id, i % 5, i) != i)
      abort();
  finished++;
}

static double halves(double x) { return x / 2; }

/* More arguments than registers, of the sizes that glibc passes. */
static void many(int a, char *b, int c, long d, int e, unsigned f, int g, void *h, int i) {
  printf("%d %s %d %ld %d %u %d %s %d\n", a, b, c, d, e, f, g, h == (void *)b ? "same" : "other",
         i);
  printf("%.2f\n", halves(a));
}

static void aligned(void) {
  double numbers[2] __attribute__((aligned(16))) = {1, 2};
  printf("aligned %d\n", (int)((size_t)numbers % 16));
}

static void run(void (*function)(void)) {
  ucontext_t context, back;
  char *stack = malloc(STACK);
  getcontext(&context);
  context.uc_stack.ss_sp = stack;
  context.uc_stack.ss_size = STACK;
  context.uc_link = &back;
  makecontext(&context, function, 0);
  if (swapcontext(&back, &context) != 0)
    puts("swapcontext failed");
  free(stack);
}

int main(void) {
  char *text = "text";
  ucontext_t context;
  int i, live = 0, sum = 0;
  /* Contexts are reused, and what an object holds before it is captured does not matter. */
  memset(&context, 0xA5, sizeof context);
  for (i = 0; i < WORKERS; i++) {
    getcontext(&workers[i]);
    workers[i].uc_stack.ss_sp = malloc(STACK);
    workers[i].uc_stack.ss_size = STACK;
    workers[i].uc_link = &main_context;
    makecontext(&workers[i], (void (*)(void))worker, 4, i, i * 10, i * 10 + 7, 1 + i % 3);
  }
  while (finished < WORKERS)
    for (i = 0; i < WORKERS; i++) {
      int before = finished;
      if (workers[i].uc_link == NULL)
        continue;
      swapcontext(&main_context, &workers[i]);
      if (finished > before) {
        workers[i].uc_link = NULL;
        free(workers[i].uc_stack.ss_sp);
        printf("worker %d is done\n", i);
      } else {
        sum += yielded;
        live++;
      }
    }
  printf("%d values, sum %d\n", live, sum);
  if (getcontext(&context) != 0)
    return 1;
  context.uc_stack.ss_sp = malloc(STACK + 8);
  context.uc_stack.ss_size = STACK + 8;
  context.uc_link = &main_context;
  makecontext(&context, (void (*)(void))many, 9, -1, text, 3, -4000000000L, 5, 6u, -7, text, 9);
  swapcontext(&main_context, &context);
  run(aligned);
  return 0;
}
