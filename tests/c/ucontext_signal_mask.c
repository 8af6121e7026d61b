/* The signal mask belongs to the context, as POSIX has it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>

#define STACK 32768

static ucontext_t main_context, context;

static void show(const char *where) {
  sigset_t mask;
  sigprocmask(SIG_BLOCK, NULL, &mask);
  printf("%s: usr1 %d usr2 %d\n", where, sigismember(&mask, SIGUSR1), sigismember(&mask, SIGUSR2));
}

static void change(int how, int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  sigprocmask(how, &set, NULL);
}

static void body(void) {
  show("body starts");
  change(SIG_BLOCK, SIGUSR2);
  swapcontext(&context, &main_context);
  show("body goes on");
}

int main(void) {
  ucontext_t again;
  volatile int passes = 0;
  change(SIG_BLOCK, SIGUSR1);
  getcontext(&context);
  change(SIG_UNBLOCK, SIGUSR1);
  context.uc_stack.ss_sp = malloc(STACK);
  context.uc_stack.ss_size = STACK;
  context.uc_link = &main_context;
  makecontext(&context, body, 0);
  show("main");
  swapcontext(&main_context, &context);
  show("main again");
  swapcontext(&main_context, &context);
  show("main at the end");
  getcontext(&again);
  show("captured");
  change(SIG_BLOCK, SIGUSR2);
  if (passes++ == 0)
    setcontext(&again);
  return 0;
}
