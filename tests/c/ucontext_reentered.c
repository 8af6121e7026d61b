/* A context of makecontext is resumed again after its function has ended: the function is entered
   anew. Later entries leave by setcontext, because glibc finds no link at a second end. */
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>

#define STACK 65536

static ucontext_t caller, worker;
static int entries;

static void work(int first, int second) {
  printf("entry %d: %d %d\n", ++entries, first, second);
  if (entries > 1)
    setcontext(&caller);
}

int main(void) {
  int turn;
  char *stack = malloc(STACK);
  if (stack == NULL || getcontext(&worker) != 0)
    return 1;
  worker.uc_stack.ss_sp = stack;
  worker.uc_stack.ss_size = STACK;
  worker.uc_link = &caller;
  makecontext(&worker, (void (*)(void))work, 2, 3, 4);
  for (turn = 0; turn < 4; ++turn) {
    if (swapcontext(&caller, &worker) != 0)
      return 2;
    printf("turn %d\n", turn);
  }
  free(stack);
  return 0;
}
