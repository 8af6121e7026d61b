/* Both layers in one program: contexts of the coroutine layer are made, and make bases, on stacks
 * of makecontext's, whether control came there before or after the first of them was made. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stackswitch.h"
#include "stackswitch/ucontext.h"

#define STACK 65536

static ucontext_t main_context, one, other, before;
static volatile int64_t sum;
static int rounds;

static void check(int good, const char *what) {
  if (good)
    return;
  printf("wrong: %s\n", what);
  exit(1);
}

static int64_t deep(int64_t value, int depth) {
  volatile char filler[300];
  memset((char *)filler, (int)value, sizeof filler);
  if (depth > 0)
    value = deep(value, depth - 1);
  else
    value = stackswitch_suspend_i64(value + 1);
  check(filler[value & 127] == filler[5], "a frame");
  return value;
}

static int64_t body(void *argument, int64_t value) {
  while (argument == NULL)
    value = deep(value, (int)(value % 4));
  return value;
}

/* Contexts that displace one another below this frame, with switches of the other layer between. */
static void with_bases(ucontext_t *self) {
  void *base = stackswitch_base_here();
  void *contexts[3];
  int i, turn;
  for (i = 0; i < 3; i++)
    contexts[i] = stackswitch_spawn_i64(base, body, NULL);
  for (turn = 0; turn < 6; turn++) {
    for (i = 0; i < 3; i++) {
      int64_t got = stackswitch_resume_i64(contexts[i], turn * 3 + i);
      check(got == turn * 3 + i + 1, "a resume");
      sum += got;
    }
    check(swapcontext(self, &main_context) == 0, "a swapcontext");
  }
  for (i = 0; i < 3; i++)
    stackswitch_destroy(contexts[i]);
  stackswitch_base_destroy(base);
}

static void first(void) {
  int i;
  /* No context has been made yet. */
  for (i = 0; i < 3; i++)
    swapcontext(&one, &main_context);
  with_bases(&one);
}

static void second(void) { with_bases(&other); }

static void make(ucontext_t *context, void (*function)(void)) {
  char *stack = malloc(STACK);
  getcontext(context);
  context->uc_stack.ss_sp = stack;
  context->uc_stack.ss_size = STACK;
  context->uc_link = &main_context;
  makecontext(context, function, 0);
}

static void drive(int turns) {
  void *coroutine = rounds ? stackswitch_spawn_i64(NULL, body, NULL) : NULL;
  int i;
  for (i = 0; i < turns; i++) {
    swapcontext(&main_context, &one);
    if (coroutine)
      check(stackswitch_resume_i64(coroutine, i) == i + 1, "between");
    if (i >= 3)
      swapcontext(&main_context, &other);
  }
  if (coroutine)
    stackswitch_destroy(coroutine);
}

int main(void) {
  volatile int again = 0;
  void *me = stackswitch_current();
  for (rounds = 0; rounds < 3; rounds++) {
    make(&one, first);
    make(&other, second);
    drive(10);
    free(one.uc_stack.ss_sp);
    free(other.uc_stack.ss_sp);
    check(stackswitch_current() == me && stackswitch_status(me) == 2, "who runs");
    printf("round %d: %ld\n", rounds, (long)sum);
  }
  /* Captured while contexts are there, gone back to when there are none. */
  void *volatile context = stackswitch_spawn_i64(NULL, body, NULL);
  getcontext(&before);
  if (again++ == 0) {
    stackswitch_destroy(context);
    setcontext(&before);
  }
  printf("%d passes\n", again);
  return 0;
}
