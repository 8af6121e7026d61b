/* getcontext and setcontext as a loop, as an exception, and a chain of uc_links. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define STACK 16384

static ucontext_t handler, first, second, third, end;
static volatile int thrown;

static void loop(void) {
  ucontext_t again;
  volatile int count = 0;
  if (getcontext(&again) != 0)
    exit(1);
  printf("pass %d\n", count);
  if (count++ < 3)
    setcontext(&again);
  puts("left the loop");
}

static void fails(int depth) {
  if (depth > 0)
    fails(depth - 1);
  thrown = 42;
  setcontext(&handler);
  puts("never");
}

static void tries(void) {
  thrown = 0;
  getcontext(&handler);
  if (thrown == 0)
    fails(10);
  printf("caught %d\n", thrown);
}

static void step(int number) { printf("step %d\n", number); }

static void make(ucontext_t *context, ucontext_t *link, int number) {
  getcontext(context);
  context->uc_stack.ss_sp = malloc(STACK);
  context->uc_stack.ss_size = STACK;
  context->uc_link = link;
  makecontext(context, (void (*)(void))step, 1, number);
}

/* A position that swapcontext captured can be gone back to more than once. */
static void twice(void) {
  static ucontext_t here, there;
  static int rounds;
  make(&there, &here, 4);
  swapcontext(&here, &there);
  printf("round %d\n", rounds);
  if (rounds++ < 2)
    setcontext(&here);
}

int main(void) {
  loop();
  tries();
  make(&third, &end, 3);
  make(&second, &third, 2);
  make(&first, &second, 1);
  swapcontext(&end, &first);
  puts("the chain is through");
  twice();
  /* A context without a link ends the thread, here the process. */
  make(&first, NULL, 5);
  fflush(stdout);
  setcontext(&first);
  return 9;
}
