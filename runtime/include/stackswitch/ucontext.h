/* A drop-in for <ucontext.h>: programs written for getcontext, setcontext,
 * makecontext and swapcontext compile unchanged and switch without system calls.
 *
 * Include it in place of <ucontext.h>, or compile with
 * `-include stackswitch/ucontext.h`: a later `#include <ucontext.h>` then
 * changes nothing. All files that share a `ucontext_t` must include the same.
 *
 * The structure is the system's own, the functions are the runtime's. A compiler
 * with the plugin does the same to files that include <ucontext.h> alone, see
 * docs/tools.md.
 *
 * Signal mask: left alone by default, which is what makes a switch fast. Define
 * STACKSWITCH_UCONTEXT_SIGMASK as 1 before the include for the mask to be saved
 * and set as POSIX has it.
 *
 * What is otherwise not as in glibc, see docs/tools.md: a context belongs to its
 * thread, and the third argument of a signal handler is no context to go to.
 */
#ifndef STACKSWITCH_UCONTEXT_H
#define STACKSWITCH_UCONTEXT_H

/* The system's own header goes first: names of it are taken over below. */
#include <signal.h>
#include <ucontext.h>

#include "../stackswitch.h"

#ifndef STACKSWITCH_UCONTEXT_SIGMASK
#define STACKSWITCH_UCONTEXT_SIGMASK 0
#endif

/* gcc neither inlines a function that calls one which returns twice, nor compiles it where it must be
 * inlined. So it gets swapcontext without that attribute, as from glibc's header. The plugin for
 * clang needs it. */
#ifdef __clang__
#define STACKSWITCH_SWAP_RETURNS_TWICE STACKSWITCH_RETURNS_TWICE
#else
#define STACKSWITCH_SWAP_RETURNS_TWICE
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The system's functions on the system's `ucontext_t`, which holds an object of the
 * runtime then (64-bit Linux). Results are 0, or -1 and errno. Objects need not be
 * zeroed. `_sigmask`: the signal mask is part of the context, and setcontext and
 * swapcontext set it when they go to such a context. */
int stackswitch_ucontext_getcontext(ucontext_t *ucp) STACKSWITCH_RETURNS_TWICE;
int stackswitch_ucontext_getcontext_sigmask(ucontext_t *ucp) STACKSWITCH_RETURNS_TWICE;
int stackswitch_ucontext_setcontext(const ucontext_t *ucp);
void stackswitch_ucontext_makecontext(ucontext_t *ucp, void (*fn)(void), int argc, ...);
int stackswitch_ucontext_swapcontext(ucontext_t *oucp,
                                     const ucontext_t *ucp) STACKSWITCH_SWAP_RETURNS_TWICE;
int stackswitch_ucontext_swapcontext_sigmask(ucontext_t *oucp,
                                             const ucontext_t *ucp) STACKSWITCH_SWAP_RETURNS_TWICE;

#ifdef __cplusplus
}
#endif

#if STACKSWITCH_UCONTEXT_SIGMASK
#define getcontext stackswitch_ucontext_getcontext_sigmask
#define swapcontext stackswitch_ucontext_swapcontext_sigmask
#else
#define getcontext stackswitch_ucontext_getcontext
#define swapcontext stackswitch_ucontext_swapcontext
#endif
#define setcontext stackswitch_ucontext_setcontext
#define makecontext stackswitch_ucontext_makecontext

#endif
