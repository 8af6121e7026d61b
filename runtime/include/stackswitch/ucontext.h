/* A drop-in for <ucontext.h>: programs written for getcontext, setcontext,
 * makecontext and swapcontext compile unchanged and switch without system calls.
 *
 * Include it in place of <ucontext.h>, or compile with
 * `-include stackswitch/ucontext.h`: a later `#include <ucontext.h>` then
 * changes nothing. All files that share a `ucontext_t` must include the same.
 *
 * Signal mask: left alone by default, which is what makes a switch fast. Define
 * STACKSWITCH_UCONTEXT_SIGMASK as 1 before the include for the mask to be saved
 * and set as POSIX has it, by sigprocmask.
 *
 * What is otherwise not as in glibc, see docs/tools.md: a context belongs to its
 * thread, an object cannot be copied, and the third argument of a signal
 * handler is not such an object.
 */
#ifndef STACKSWITCH_UCONTEXT_H
#define STACKSWITCH_UCONTEXT_H

/* The system's own header goes first: it and <signal.h> define names that are
 * taken over below. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <ucontext.h>

#include "../stackswitch.h"

#ifndef STACKSWITCH_UCONTEXT_SIGMASK
#define STACKSWITCH_UCONTEXT_SIGMASK 0
#endif

/* Arguments that a function started by makecontext can have. */
#define STACKSWITCH_UCONTEXT_ARGUMENTS 16
/* At least what stackswitch_context_size gives. */
#define STACKSWITCH_UCONTEXT_BYTES 512

#ifdef __cplusplus
extern "C" {
#endif

struct stackswitch_ucontext {
  struct stackswitch_ucontext *uc_link;
  sigset_t uc_sigmask;
  stack_t uc_stack;
  /* The runtime's object. What it held before counts only if the tag says so. */
  union {
    struct {
      size_t unused;
      uint32_t tag;
    } head;
    unsigned char bytes[STACKSWITCH_UCONTEXT_BYTES];
  } uc_object __attribute__((aligned(16)));
};

/* What lies at the top of a stack that makecontext was given. */
struct stackswitch_ucontext_start {
  void (*function)(void);
  struct stackswitch_ucontext *link;
  long arguments[STACKSWITCH_UCONTEXT_ARGUMENTS];
};

/* A result as POSIX has it: -1 and errno. */
static __inline__ int stackswitch_ucontext_result(int code) {
  if (code >= 0)
    return 0;
  errno = code == STACKSWITCH_ENOMEM ? ENOMEM : EINVAL;
  return -1;
}

/* An object to capture into, which may hold anything: POSIX lets it be uninitialised. */
static __inline__ void *stackswitch_ucontext_fresh(struct stackswitch_ucontext *ucp) {
  ucp->uc_object.head.tag = 0;
#if STACKSWITCH_UCONTEXT_SIGMASK
  sigprocmask(SIG_BLOCK, 0, &ucp->uc_sigmask);
#endif
  return &ucp->uc_object;
}

/* Before a switch: what goes on has its own signal mask. */
static __inline__ void *stackswitch_ucontext_leave(struct stackswitch_ucontext *from,
                                                   const struct stackswitch_ucontext *to) {
  from->uc_object.head.tag = 0;
#if STACKSWITCH_UCONTEXT_SIGMASK
  sigprocmask(SIG_SETMASK, &to->uc_sigmask, &from->uc_sigmask);
#else
  (void)to;
#endif
  return &from->uc_object;
}

/* After a switch, which has failed or been gone back from. */
static __inline__ int stackswitch_ucontext_back(const struct stackswitch_ucontext *from, int code) {
#if STACKSWITCH_UCONTEXT_SIGMASK
  if (code < 0)
    sigprocmask(SIG_SETMASK, &from->uc_sigmask, 0);
#else
  (void)from;
#endif
  return stackswitch_ucontext_result(code);
}

static __inline__ int stackswitch_ucontext_set(const struct stackswitch_ucontext *ucp) {
  int code;
#if STACKSWITCH_UCONTEXT_SIGMASK
  sigset_t before;
  sigprocmask(SIG_SETMASK, &ucp->uc_sigmask, &before);
#endif
  code = stackswitch_setcontext((void *)&ucp->uc_object);
#if STACKSWITCH_UCONTEXT_SIGMASK
  sigprocmask(SIG_SETMASK, &before, 0);
#endif
  return stackswitch_ucontext_result(code);
}

/* The first function on a stack of makecontext's. */
static __inline__ void stackswitch_ucontext_run(void *argument) {
  const struct stackswitch_ucontext_start *start =
      (const struct stackswitch_ucontext_start *)argument;
  const long *a = start->arguments;
  /* A function does not mind more arguments than it has. */
  typedef void function_with_all(long, long, long, long, long, long, long, long, long, long, long,
                                 long, long, long, long, long);
  function_with_all *function = (function_with_all *)start->function;
  function(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11], a[12], a[13],
           a[14], a[15]);
#if STACKSWITCH_UCONTEXT_SIGMASK
  if (start->link)
    sigprocmask(SIG_SETMASK, &start->link->uc_sigmask, 0);
#endif
}

/* Arguments are ints, or as large as a register, which is what glibc takes too. When it cannot be
 * done, for too many of them or too small a stack, the object is no context: a switch to it
 * fails with EINVAL. */
static __inline__ void stackswitch_ucontext_make(struct stackswitch_ucontext *ucp,
                                                 void (*function)(void), int count, ...) {
  const size_t start_bytes = sizeof(struct stackswitch_ucontext_start);
  int made = STACKSWITCH_EINVAL, i;
  if (count >= 0 && count <= STACKSWITCH_UCONTEXT_ARGUMENTS && ucp->uc_stack.ss_sp &&
      ucp->uc_stack.ss_size > start_bytes + 16) {
    char *stack = (char *)ucp->uc_stack.ss_sp;
    size_t size = ucp->uc_stack.ss_size - start_bytes;
    struct stackswitch_ucontext_start *start;
    va_list arguments;
    size -= (size_t)(stack + size) % 16;
    start = (struct stackswitch_ucontext_start *)(stack + size);
    start->function = function;
    start->link = ucp->uc_link;
    va_start(arguments, count);
    for (i = 0; i < STACKSWITCH_UCONTEXT_ARGUMENTS; i++)
      start->arguments[i] = i < count ? va_arg(arguments, long) : 0;
    va_end(arguments);
    made = stackswitch_makecontext(&ucp->uc_object, stack, size,
                                   ucp->uc_link ? &ucp->uc_link->uc_object : 0,
                                   stackswitch_ucontext_run, start);
  }
  if (made < 0)
    stackswitch_freecontext(&ucp->uc_object);
}

#ifdef __cplusplus
}
#endif

/* Macros where a wrapper's frame would be gone when the position is gone back to. */
#define ucontext_t struct stackswitch_ucontext
#define getcontext(ucp) \
  stackswitch_ucontext_result(stackswitch_getcontext(stackswitch_ucontext_fresh(ucp), 0))
#define setcontext(ucp) stackswitch_ucontext_set(ucp)
#define makecontext stackswitch_ucontext_make
#define swapcontext(oucp, ucp)                                                       \
  __extension__({                                                                    \
    struct stackswitch_ucontext *stackswitch_from_ = (oucp);                         \
    const struct stackswitch_ucontext *stackswitch_to_ = (ucp);                      \
    stackswitch_ucontext_back(                                                       \
        stackswitch_from_,                                                           \
        stackswitch_swapcontext(stackswitch_ucontext_leave(stackswitch_from_, stackswitch_to_), \
                                (void *)&stackswitch_to_->uc_object, 0));            \
  })

#endif
