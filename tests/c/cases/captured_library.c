// Captures with a base, of frames of captured.c. That is another module, so no pass sees both.
#include "captured.h"

#include <stddef.h>

#include "stackswitch.h"

#define OBJECT static _Alignas(16) char
OBJECT base[4096];
OBJECT point[4096];
OBJECT threads[3][4096];
static int running;

void *base_object(void) { return base; }

int mark(void) { return stackswitch_getcontext(point, base); }
void go_back(void) { stackswitch_setcontext(point); }

// To the other one; or, from both, to the first object as soon as they have ended.
void yield(void) {
  int from = running;
  running = 3 - running;
  stackswitch_swapcontext(threads[from], threads[running], base);
}

static void (*started)(void *);
static void starts(void *argument) {
  started(argument);
  // The other one goes on, and ends last.
  running = 3 - running;
}

void run_two(void (*function)(void *), void *one, void *other) {
  started = function;
  for (int i = 1; i < 3; i++) stackswitch_getcontext(threads[i], base);
  stackswitch_makecontext(threads[1], NULL, 0, threads[2], starts, one);
  stackswitch_makecontext(threads[2], NULL, 0, threads[0], starts, other);
  running = 1;
  stackswitch_swapcontext(threads[0], threads[1], base);
  for (int i = 0; i < 3; i++) stackswitch_freecontext(threads[i]);
  stackswitch_freecontext(point);
}
