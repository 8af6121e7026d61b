/* Contexts that cannot be made or gone to: swapcontext says so and nothing has changed. */
#include <stackswitch/ucontext.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static char stack[16384];

static void body(void) { puts("the body of a context that was refused runs"); }

static int failures;

static void expect_refusal(const char *what, ucontext_t *context) {
  ucontext_t here;
  errno = 0;
  if (swapcontext(&here, context) != -1 || errno != EINVAL) {
    printf("%s is not refused\n", what);
    failures++;
  }
}

static void make(ucontext_t *context, void *sp, size_t size, int count) {
  getcontext(context);
  context->uc_stack.ss_sp = sp;
  context->uc_stack.ss_size = size;
  context->uc_link = NULL;
  makecontext(context, body, count);
}

int main(void) {
  ucontext_t context;
  memset(&context, 0, sizeof context);
  expect_refusal("an object that nothing was captured into", &context);
  make(&context, stack, 64, 0);
  expect_refusal("a stack that is too small", &context);
  make(&context, NULL, sizeof stack, 0);
  expect_refusal("no stack", &context);
  make(&context, stack, sizeof stack, sizeof stack / sizeof(long));
  expect_refusal("too many arguments", &context);
  return failures;
}
