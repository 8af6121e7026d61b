// A context in a function to which control comes back a second time, by a jump or by a capture:
// where its blocks say that a resume comes once, it comes twice.
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stackswitch.h"

#define NOINLINE __attribute__((noinline))

static int64_t once(void *argument, int64_t first) {
  (void)argument;
  return first + 1;
}
static int64_t counts(void *argument, int64_t first) {
  (void)argument;
  (void)first;
  for (int64_t n = 1;; n++) stackswitch_suspend_i64(n);
  return 0;
}

static jmp_buf plain;
static sigjmp_buf with_mask;
static void *builtin[5];
NOINLINE static void jump(void) { longjmp(plain, 1); }
NOINLINE static void jump_with_mask(void) { siglongjmp(with_mask, 1); }
NOINLINE static void jump_builtin(void) { __builtin_longjmp(builtin, 1); }

// What is a call by its blocks is resumed once more, which is an error that is not made: the second
// time the status says so.
NOINLINE static void status_plain(void) {
  void *context = stackswitch_spawn_i64(NULL, once, NULL);
  volatile int turn = 0;
  setjmp(plain);
  if (turn++ > 5) {
    puts("endless");
    return;
  }
  int status = stackswitch_status(context);
  printf("status %d\n", status);
  if (status == 0) {
    printf("%lld\n", (long long)stackswitch_resume_i64(context, 4));
    jump();
  }
  stackswitch_destroy(context);
}
NOINLINE static void status_with_mask(void) {
  void *context = stackswitch_spawn_i64(NULL, once, NULL);
  volatile int turn = 0;
  sigsetjmp(with_mask, 1);
  if (turn++ > 5) {
    puts("endless");
    return;
  }
  int status = stackswitch_status(context);
  printf("status %d\n", status);
  if (status == 0) {
    printf("%lld\n", (long long)stackswitch_resume_i64(context, 5));
    jump_with_mask();
  }
  stackswitch_destroy(context);
}
NOINLINE static void status_builtin(void) {
  void *context = stackswitch_spawn_i64(NULL, once, NULL);
  volatile int turn = 0;
  __builtin_setjmp(builtin);
  if (turn++ > 5) {
    puts("endless");
    return;
  }
  int status = stackswitch_status(context);
  printf("status %d\n", status);
  if (status == 0) {
    printf("%lld\n", (long long)stackswitch_resume_i64(context, 6));
    jump_builtin();
  }
  stackswitch_destroy(context);
}

// Objects of the POSIX layer.
_Alignas(16) static char object[4096], other[4096];
NOINLINE static void status_captured(void) {
  void *context = stackswitch_spawn_i64(NULL, once, NULL);
  volatile int turn = 0;
  memset(object, 0, sizeof object);
  if (stackswitch_getcontext(object, NULL)) puts("error");
  if (turn++ > 5) {
    puts("endless");
    return;
  }
  int status = stackswitch_status(context);
  printf("status %d\n", status);
  if (status == 0) {
    printf("%lld\n", (long long)stackswitch_resume_i64(context, 7));
    stackswitch_setcontext(object);
  }
  stackswitch_destroy(context);
}
static void back(void *argument) {
  stackswitch_setcontext(argument);
}
NOINLINE static void status_swapped(void) {
  static _Alignas(16) char stack[65536];
  void *context = stackswitch_spawn_i64(NULL, once, NULL);
  volatile int turn = 0;
  memset(object, 0, sizeof object);
  memset(other, 0, sizeof other);
  stackswitch_getcontext(other, NULL);
  stackswitch_makecontext(other, stack, sizeof stack, NULL, back, object);
  stackswitch_swapcontext(object, other, NULL);
  if (turn++ > 5) {
    puts("endless");
    return;
  }
  int status = stackswitch_status(context);
  printf("status %d\n", status);
  if (status == 0) {
    printf("%lld\n", (long long)stackswitch_resume_i64(context, 8));
    stackswitch_setcontext(object);
  }
  stackswitch_destroy(context);
}

// A context that goes on from turn to turn.
NOINLINE static void count_builtin(void) {
  static volatile int times;
  void *context = stackswitch_spawn_i64(NULL, counts, NULL);
  __builtin_setjmp(builtin);
  printf("%lld ", (long long)stackswitch_resume_i64(context, 0));
  times = times + 1;
  if (times < 4) jump_builtin();
  puts("end");
  stackswitch_destroy(context);
}
NOINLINE static void count_plain(void) {
  static volatile int times;
  void *context = stackswitch_spawn_i64(NULL, counts, NULL);
  setjmp(plain);
  printf("%lld ", (long long)stackswitch_resume_i64(context, 0));
  times = times + 1;
  if (times < 4) jump();
  puts("end");
  stackswitch_destroy(context);
}

// The handle is a member of the object that the body is given.
struct counter {
  void *context;
  int64_t value;
};
static void *counts_in(void *argument, void *first) {
  struct counter *counter = argument;
  (void)first;
  for (;;) {
    counter->value += 1;
    stackswitch_suspend(NULL);
  }
  return NULL;
}
NOINLINE static void count_member(void) {
  static volatile int times;
  struct counter counter = {NULL, 0};
  counter.context = stackswitch_spawn(NULL, counts_in, &counter);
  setjmp(plain);
  stackswitch_resume(counter.context, NULL);
  printf("%lld ", (long long)*(volatile int64_t *)&counter.value);
  times = times + 1;
  if (times < 4) jump();
  puts("end");
  stackswitch_destroy(counter.context);
}

// What is spawned and asked for around the second return.
NOINLINE static void asked(void) {
  volatile int turn = 0;
  void *context = stackswitch_spawn_i64(NULL, counts, NULL);
  int before = stackswitch_status(context);
  __builtin_setjmp(builtin);
  int here = stackswitch_status(context);
  void *link = stackswitch_link(context);
  printf("%d %d %d\n", before, here, link == NULL);
  if (turn++ < 2) {
    stackswitch_resume_i64(context, 0);
    jump_builtin();
  }
  stackswitch_destroy(context);
}

// A function of the program's own that returns twice, called by its name and by its address.
__attribute__((returns_twice, naked, noinline)) static int own_setjmp(__attribute__((unused)) void **to) {
#ifdef __x86_64__
  __asm__("mov %rbx, (%rdi)\n"
          "mov %rbp, 8(%rdi)\n"
          "mov %r12, 16(%rdi)\n"
          "mov %r13, 24(%rdi)\n"
          "mov %r14, 32(%rdi)\n"
          "mov %r15, 40(%rdi)\n"
          "lea 8(%rsp), %rax\n"
          "mov %rax, 48(%rdi)\n"
          "mov (%rsp), %rax\n"
          "mov %rax, 56(%rdi)\n"
          "xor %eax, %eax\n"
          "ret");
#endif
}
__attribute__((naked, noinline, noreturn)) static void own_longjmp(__attribute__((unused)) void **to) {
#ifdef __x86_64__
  __asm__("mov (%rdi), %rbx\n"
          "mov 8(%rdi), %rbp\n"
          "mov 16(%rdi), %r12\n"
          "mov 24(%rdi), %r13\n"
          "mov 32(%rdi), %r14\n"
          "mov 40(%rdi), %r15\n"
          "mov 48(%rdi), %rsp\n"
          "mov $1, %eax\n"
          "jmp *56(%rdi)");
#endif
}
static void *own[8];
NOINLINE static void status_own(void) {
  void *context = stackswitch_spawn_i64(NULL, once, NULL);
  volatile int turn = 0;
  own_setjmp(own);
  if (turn++ > 5) {
    puts("endless");
    return;
  }
  int status = stackswitch_status(context);
  printf("status %d\n", status);
  if (status == 0) {
    printf("%lld\n", (long long)stackswitch_resume_i64(context, 9));
    own_longjmp(own);
  }
  stackswitch_destroy(context);
}

// The child has the parent's memory until it ends.
NOINLINE static void forked(void) {
  void *context = stackswitch_spawn_i64(NULL, counts, NULL);
  pid_t child = vfork();
  if (child == 0) {
    stackswitch_resume_i64(context, 0);
    _exit(0);
  }
  waitpid(child, NULL, 0);
  printf("%lld\n", (long long)stackswitch_resume_i64(context, 0));
  stackswitch_destroy(context);
}

int main(void) {
  status_plain();
  status_with_mask();
  status_builtin();
  status_captured();
  status_swapped();
  status_own();
  count_builtin();
  count_plain();
  count_member();
  asked();
  forked();
  return 0;
}
