/* glibc's ucontext functions. */
#include <stdlib.h>
#include <ucontext.h>

#include "workload.h"

enum { STACK = 16384 };

struct duo {
  ucontext_t main, other;
  char stack[STACK];
};

/* makecontext passes integers only. */
static struct duo *running;

static void echo(void) {
  struct duo *duo = running;
  for (;;)
    swapcontext(&duo->other, &duo->main);
}

static void at_once(void) {}

static void start(struct duo *duo, void (*body)(void)) {
  getcontext(&duo->other);
  duo->other.uc_stack.ss_sp = duo->stack;
  duo->other.uc_stack.ss_size = sizeof duo->stack;
  duo->other.uc_link = &duo->main;
  makecontext(&duo->other, body, 0);
}

static void *resident_set_up(size_t size) {
  (void)size;
  struct duo *duo = malloc(sizeof *duo);
  start(duo, echo);
  running = duo;
  return duo;
}

static void resident_run(void *state, size_t count) {
  struct duo *duo = state;
  for (size_t i = 0; i < count; i += 2)
    swapcontext(&duo->main, &duo->other);
}

const struct workload swapcontext_resident = {resident_set_up, resident_run, free};

static void *lifecycle_set_up(size_t size) {
  (void)size;
  return malloc(sizeof(struct duo));
}

/* The stack is used again. */
static void lifecycle_run(void *state, size_t count) {
  struct duo *duo = state;
  for (size_t i = 0; i < count; i++) {
    start(duo, at_once);
    swapcontext(&duo->main, &duo->other);
  }
}

const struct workload swapcontext_lifecycle = {lifecycle_set_up, lifecycle_run, free};
