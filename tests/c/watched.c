/* A program that a tool has nothing to say about, and, with an argument, the same with one bug in
 * a context. */
#include <pthread.h>
#include <stackswitch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile int zero;

/* Fills a buffer in every frame and checks it after the switch at the bottom. */
__attribute__((noinline)) static int dive(int depth, int id) {
  volatile char buffer[40];
  int *heap = malloc(sizeof *heap), result;
  *heap = id;
  memset((char *)buffer, id, sizeof buffer);
  if (depth > 0)
    result = dive(depth - 1, id);
  else
    result = (int)(long)stackswitch_suspend((void *)(long)id);
  for (size_t i = 0; i < sizeof buffer; i++)
    if (buffer[i] != (char)id)
      abort();
  result += *heap;
  free(heap);
  return result;
}

static void *body(void *arg, void *first) {
  int id = (int)(long)arg, sum = (int)(long)first;
  for (int round = 0; round < 3; round++)
    sum += dive(id % 7 * 3 + round, id);
  return (void *)(long)sum;
}

#define CONTEXTS 24

/* Some share stacks and displace one another, some have stacks to themselves. */
static long churn(void *base) {
  void *contexts[CONTEXTS];
  long sum = 0;
  for (int i = 0; i < CONTEXTS; i++)
    contexts[i] = stackswitch_spawn(i % 3 ? base : NULL, body, (void *)(long)(i + 1));
  for (int round = 0; round < 3; round++)
    for (int i = 0; i < CONTEXTS; i++)
      sum += (long)stackswitch_resume(contexts[i], (void *)(long)round);
  for (int i = 0; i < CONTEXTS; i += 2) {
    sum += (long)stackswitch_resume(contexts[i], NULL);
    if (stackswitch_status(contexts[i]) != STACKSWITCH_FINISHED)
      abort();
  }
  for (int i = 1; i < CONTEXTS; i += 2)
    while (stackswitch_status(contexts[i]) != STACKSWITCH_FINISHED)
      stackswitch_resume(contexts[i], NULL);
  for (int i = 0; i < CONTEXTS; i++)
    stackswitch_destroy(contexts[i]);
  return sum;
}

/* Contexts that are given up where they are, and others after them in the same place. */
__attribute__((noinline)) static void sink(int depth) {
  volatile char buffer[100];
  memset((char *)buffer, depth, sizeof buffer);
  if (depth > 0)
    sink(depth - 1);
  else
    stackswitch_suspend((void *)buffer);
  buffer[0] = 1;
}

static void *abandoned(void *arg, void *first) {
  sink((int)(long)arg);
  return first;
}

static void give_up(void *base) {
  for (int i = 0; i < 20; i++) {
    void *context = stackswitch_spawn(base, abandoned, (void *)(long)(i % 5));
    stackswitch_resume(context, NULL);
    if (i % 3)
      stackswitch_cancel(context);
    stackswitch_destroy(context);
  }
}

static long everything(void) {
  void *base = stackswitch_base_create(1 << 20), *here = stackswitch_base_here();
  give_up(base);
  long sum = churn(base);
  give_up(here);
  sum += churn(here);
  stackswitch_base_destroy(here);
  stackswitch_base_destroy(base);
  return sum;
}

static void *thread(void *arg) {
  *(long *)arg = everything();
  return NULL;
}

/* ---- bugs */

static volatile int shared;

static void *bug_in_use(void *arg, void *first) {
  char *heap = malloc(10);
  stackswitch_suspend(first);
  free(heap);
  stackswitch_suspend(first);
  printf("%d\n", heap[zero]);
  return arg;
}

static void *bug_in_frame(void *arg, void *first) {
  volatile char buffer[16];
  memset((char *)buffer, 1, sizeof buffer);
  stackswitch_suspend(first);
  stackswitch_suspend(first);
  printf("%d\n", buffer[16 + zero]);
  return arg;
}

static void *bug_uninitialised(void *arg, void *first) {
  int number[4];
  number[1] = 0;
  stackswitch_suspend(first);
  stackswitch_suspend(first);
  if (number[2 + zero])
    puts("uninitialised");
  if (number[1])
    puts("initialised");
  return arg;
}

static void *bug_race(void *arg, void *first) {
  (void)arg;
  for (;;) {
    shared++;
    stackswitch_suspend(first);
  }
}

static void *racer(void *bug) {
  void *base = stackswitch_base_create(1 << 20);
  void *one = stackswitch_spawn(base, (void *(*)(void *, void *))bug, NULL);
  void *other = stackswitch_spawn(base, (void *(*)(void *, void *))bug, NULL);
  for (int i = 0; i < 2; i++) {
    stackswitch_resume(one, NULL);
    stackswitch_resume(other, NULL);
  }
  stackswitch_resume(one, NULL);
  stackswitch_resume(other, NULL);
  return NULL;
}

int main(int argc, char **argv) {
  if (argc > 1) {
    const char *bug = argv[1];
    if (strcmp(bug, "use") == 0)
      racer((void *)bug_in_use);
    else if (strcmp(bug, "frame") == 0)
      racer((void *)bug_in_frame);
    else if (strcmp(bug, "uninitialised") == 0)
      racer((void *)bug_uninitialised);
    else {
      pthread_t one, other;
      pthread_create(&one, NULL, racer, (void *)bug_race);
      pthread_create(&other, NULL, racer, (void *)bug_race);
      pthread_join(one, NULL);
      pthread_join(other, NULL);
    }
    return 0;
  }
  long sums[3];
  pthread_t threads[2];
  for (int i = 0; i < 2; i++)
    pthread_create(&threads[i], NULL, thread, &sums[i]);
  sums[2] = everything();
  for (int i = 0; i < 2; i++)
    pthread_join(threads[i], NULL);
  printf("%ld %d\n", sums[2], sums[0] == sums[2] && sums[1] == sums[2]);
  return 0;
}
