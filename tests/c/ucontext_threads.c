/* A producer and a consumer on stacks of their own in each of several threads, a retry by
 * getcontext and setcontext in each, functions called by their addresses, and stacks that are
 * local arrays. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define THREADS 4
#define STACK 16384

struct pair {
  ucontext_t main, producer, consumer;
  long item, sum;
  int left, attempts;
};

static int (*const swap)(ucontext_t *, const ucontext_t *) = swapcontext;
static int (*volatile capture)(ucontext_t *) = getcontext;

static struct pair pairs[THREADS];

static void produce(int id) {
  struct pair *pair = &pairs[id];
  while (pair->left > 0) {
    pair->item = pair->left--;
    swap(&pair->producer, &pair->consumer);
  }
  pair->item = -1;
  setcontext(&pair->consumer);
}

static void consume(int id) {
  struct pair *pair = &pairs[id];
  for (;;) {
    swapcontext(&pair->consumer, &pair->producer);
    if (pair->item < 0)
      return;
    pair->sum += pair->item;
  }
}

static void make(ucontext_t *context, char *stack, void (*function)(int), int id) {
  getcontext(context);
  context->uc_stack.ss_sp = stack;
  context->uc_stack.ss_size = STACK;
  context->uc_link = &pairs[id].main;
  makecontext(context, (void (*)(void))function, 1, id);
}

static __attribute__((noinline)) int unreliable(struct pair *pair) { return ++pair->attempts < 4; }

static __attribute__((noinline)) void retry(struct pair *pair) {
  ucontext_t start;
  getcontext(&start);
  if (unreliable(pair))
    setcontext(&start);
}

static void *thread(void *argument) {
  int id = (int)(long)argument;
  struct pair *pair = &pairs[id];
  char local[2][STACK];
  char *stacks = id % 2 ? malloc(2 * STACK) : &local[0][0];
  ucontext_t unused;
  capture(&unused);
  pair->left = 1000 + id;
  make(&pair->producer, stacks, produce, id);
  make(&pair->consumer, stacks + STACK, consume, id);
  swapcontext(&pair->main, &pair->consumer);
  retry(pair);
  /* The stacks again, for others. */
  pair->left = 10;
  make(&pair->consumer, stacks, consume, id);
  make(&pair->producer, stacks + STACK, produce, id);
  swapcontext(&pair->main, &pair->consumer);
  if (id % 2)
    free(stacks);
  return NULL;
}

int main(void) {
  pthread_t threads[THREADS];
  long i;
  for (i = 0; i < THREADS; i++)
    pthread_create(&threads[i], NULL, thread, (void *)i);
  for (i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
    printf("%ld: sum %ld, %d attempts\n", i, pairs[i].sum, pairs[i].attempts);
  }
  return 0;
}
