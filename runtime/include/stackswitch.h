/* stackswitch: stackful context switching with stack slicing.
 *
 * Each function here is the C form of the intrinsic of the same name
 * (`llvm.stackswitch.base.here` is `stackswitch_base_here`). Compiled with the
 * stackswitch plugin a call is treated exactly as the intrinsic; without it,
 * it is a plain call of the runtime. Link with the flags that
 * `pkg-config --libs stackswitch` prints.
 *
 * docs/LangRef.md says what each operation means.
 */
#ifndef STACKSWITCH_H
#define STACKSWITCH_H

#include <stddef.h>
#include <stdint.h>

/* These keep a second stack for each thread, which contexts would share. */
#ifdef __has_feature
#if __has_feature(safe_stack)
#error "stackswitch: contexts cannot be used with -fsanitize=safe-stack"
#elif __has_feature(shadow_call_stack)
#error "stackswitch: contexts cannot be used with -fsanitize=shadow-call-stack"
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) || defined(__clang__)
#define STACKSWITCH_RETURNS_TWICE __attribute__((returns_twice))
#else
#define STACKSWITCH_RETURNS_TWICE
#endif

/* ---- Errors ------------------------------------------------------------ */

/* Codes. The POSIX layer returns them; the coroutine layer hands them to the
 * error handler. */
#define STACKSWITCH_EINVAL (-1)    /* an argument that cannot work */
#define STACKSWITCH_ENOMEM (-2)    /* no memory for a slice, a context or a region */
#define STACKSWITCH_ENOLINK (-3)   /* no link to go to, or one that has ended */
#define STACKSWITCH_ERUNNING (-4)  /* the context is running */
#define STACKSWITCH_EFINISHED (-5) /* the context has finished */
#define STACKSWITCH_EDESTROYED (-6) /* not a context, or one that was destroyed */
#define STACKSWITCH_EFOREIGN (-7)  /* the context belongs to another thread */
#define STACKSWITCH_EOVERFLOW (-8) /* a context overflowed its region */
#define STACKSWITCH_EBUSY (-9)     /* the base still has contexts */
#define STACKSWITCH_ENOTSUP (-10)  /* not possible on this target or build */
#define STACKSWITCH_ETYPE (-11)    /* checked build: values of different types */
#define STACKSWITCH_ECORRUPT (-12) /* checked build: a slice is not what was saved */
#define STACKSWITCH_ESTACK (-13) /* a context was suspended on a stack that is not its own */

/* Called with the code, the context it is about (may be null) and one line of
 * text, before anything has changed. If it returns, the operation is refused
 * and gives 0 or null. The default prints the line and aborts. */
typedef void (*stackswitch_error_handler)(int code, void *ctx, const char *message);

/* Sets the process's handler (null: the default), returns the one before. */
stackswitch_error_handler stackswitch_set_error_handler(stackswitch_error_handler handler);

/* ---- Memory ------------------------------------------------------------ */

/* Where threads that begin to use the runtime from now on have their heap:
 * headers and slices. `allocate` gives memory aligned to `align` (a power of
 * two) or null, and then the operation is refused with STACKSWITCH_ENOMEM.
 * Null for both: malloc and mmap; without libc there is no such default, and
 * regions come from the allocator too. The functions may run on a small stack
 * of the runtime's and must not call back into it. Each thread keeps the
 * allocator it began with, and gives all back to it when it ends. Returns 0,
 * or STACKSWITCH_EINVAL when only one is null. */
typedef void *(*stackswitch_allocate)(size_t bytes, size_t align);
typedef void (*stackswitch_deallocate)(void *memory);
int stackswitch_set_allocator(stackswitch_allocate allocate, stackswitch_deallocate deallocate);

/* ---- POSIX layer: context memory belongs to the caller ----------------- */

/* Bytes of a context object. Objects start zeroed and are 16-byte aligned. */
size_t stackswitch_context_size(void);
int stackswitch_getcontext(void *ctx, void *base) STACKSWITCH_RETURNS_TWICE;
int stackswitch_setcontext(void *ctx);
int stackswitch_makecontext(void *ctx, void *stack, size_t size, void *link,
                            void (*fn)(void *arg), void *arg);
int stackswitch_swapcontext(void *from, void *to, void *base) STACKSWITCH_RETURNS_TWICE;
void stackswitch_freecontext(void *ctx);
/* Of a suspended context of either layer. */
void *stackswitch_stacktop(void *ctx);

/* ---- Coroutine layer: handles belong to the runtime -------------------- */

void *stackswitch_base_here(void);
void *stackswitch_base_create(size_t reserve);
void stackswitch_base_destroy(void *base);
/* How many mapped regions `spawn` with a null base spreads the calling thread's
 * contexts over from now on, 1 to 64 (the default). Contexts on different
 * regions never copy one another's stacks; each region in use keeps its touched
 * pages. Returns how many it was before, or 0 when refused. */
size_t stackswitch_set_default_regions(size_t count);

/* Values are pointers here; the typed forms below carry other types. */
void *stackswitch_spawn(void *base, void *(*fn)(void *arg, void *first), void *arg);
void *stackswitch_swap(void *to, void *value);
void *stackswitch_resume(void *ctx, void *value);
void *stackswitch_suspend(void *value);
void *stackswitch_swap_ontop(void *to, void *(*fn)(void *value), void *value);

#define STACKSWITCH_TYPED(suffix, T)                                                      \
  void *stackswitch_spawn_##suffix(void *base, T (*fn)(void *arg, T first), void *arg);   \
  T stackswitch_swap_##suffix(void *to, T value);                                         \
  T stackswitch_resume_##suffix(void *ctx, T value);                                      \
  T stackswitch_suspend_##suffix(T value);                                                \
  T stackswitch_swap_ontop_##suffix(void *to, T (*fn)(T value), T value);
STACKSWITCH_TYPED(i8, int8_t)
STACKSWITCH_TYPED(i16, int16_t)
STACKSWITCH_TYPED(i32, int32_t)
STACKSWITCH_TYPED(i64, int64_t)
STACKSWITCH_TYPED(f32, float)
STACKSWITCH_TYPED(f64, double)
#undef STACKSWITCH_TYPED

/* Values of up to 64 bytes. `value` holds the value to send before the switch, and
 * the received value after it. `entry` starts a body that takes such values: it finds
 * `first` at `slot`, and stores the result there. */
void *stackswitch_spawn_wide(void *base, void *fn, void *arg,
                             void (*entry)(void *fn, void *arg, void *slot));
void stackswitch_swap_wide(void *to, void *value, size_t size);
void stackswitch_resume_wide(void *ctx, void *value, size_t size);
void stackswitch_suspend_wide(void *value, size_t size);
void stackswitch_swap_ontop_wide(void *to, void *fn, void *value, size_t size,
                                 void (*entry)(void *fn, void *slot));

void *stackswitch_current(void);
int stackswitch_depth(void);
void *stackswitch_link(void *ctx);
void stackswitch_setlink(void *ctx, void *link);

#define STACKSWITCH_NEW 0
#define STACKSWITCH_SUSPENDED 1
#define STACKSWITCH_RUNNING 2
#define STACKSWITCH_FINISHED 3
int stackswitch_status(void *ctx);

void *stackswitch_clone(void *ctx);
void stackswitch_cancel(void *ctx);
void stackswitch_destroy(void *ctx);
/* Bytes that the context now holds on the heap. */
size_t stackswitch_slice_size(void *ctx);
/* A hint: brings the context's header into cache, and its slice four hints later. A scheduler
 * gives it about eight contexts ahead. */
void stackswitch_prefetch(void *ctx);

/* ---- For compilers ------------------------------------------------------ */

/* `size` bytes for variables of the calling function, aligned to `alignment`, a power of two.
 * stackswitch-slices calls it where large variables are to be on the heap. `frame` is the
 * address of a variable in the function's frame. The function calls this once, and
 * stackswitch_frame_free where it returns; where it is left otherwise the runtime frees the
 * memory. A context with such a frame cannot be cloned, nor captured with a base
 * (STACKSWITCH_ENOTSUP). Never null: when there is no memory the error handler is told, and if
 * it returns the process aborts. */
void *stackswitch_frame_alloc(size_t size, size_t alignment, void *frame);
void stackswitch_frame_free(void *memory);

/* ---- Statistics -------------------------------------------------------- */

/* docs/runtime.md says what exactly is counted. */

/* Of the calling thread, since it started. */
struct stackswitch_stats {
  uint64_t contexts;       /* alive now, without the thread's own */
  uint64_t contexts_peak;
  uint64_t spawned;
  uint64_t switches;       /* all of them */
  uint64_t switches_slow;  /* those that had more to do than exchange registers */
  uint64_t switches_copying; /* those for which bytes were moved; the others copied nothing */
  uint64_t bytes_saved;    /* from stacks to the heap */
  uint64_t bytes_restored; /* and back */
  uint64_t bytes_parked;   /* in slices now */
  uint64_t bytes_parked_peak;
  uint64_t contexts_parked;      /* holding a slice now */
  uint64_t contexts_parked_peak;
  uint64_t heap_bytes;     /* taken from the allocator for headers and slices, now */
  uint64_t heap_bytes_peak;
  uint64_t regions;        /* mapped now */
};
void stackswitch_get_stats(struct stackswitch_stats *out);

/* Of the contexts of one base. */
struct stackswitch_base_stats {
  uint64_t contexts;         /* alive now */
  uint64_t switches;         /* to them; only counted in the checked build, else 0 */
  uint64_t switches_copying; /* to them, for which bytes were moved */
  uint64_t bytes_saved;      /* from their stacks to the heap */
  uint64_t bytes_restored;
  uint64_t bytes_parked;     /* in their slices now */
  uint64_t bytes_parked_peak;
};
void stackswitch_get_base_stats(void *base, struct stackswitch_base_stats *out);

/* Of one context. */
struct stackswitch_context_stats {
  uint64_t bytes_parked;   /* in its slice now */
  uint64_t bytes_in_place; /* on its region now; 0 while it runs, and of a thread's own context */
  /* The rest is only counted in the checked build, else 0. */
  uint64_t switches;         /* to it */
  uint64_t switches_copying;
  uint64_t bytes_saved;
  uint64_t bytes_restored;
  uint64_t bytes_parked_peak;
};
void stackswitch_get_context_stats(void *ctx, struct stackswitch_context_stats *out);

/* Of the process, all threads together. */
struct stackswitch_process_stats {
  uint64_t threads_started;  /* threads that used the runtime */
  uint64_t threads_ended;
  uint64_t contexts_given_back; /* alive when their thread ended */
  uint64_t bytes_given_back;    /* heap in use when its thread ended */
};
void stackswitch_get_process_stats(struct stackswitch_process_stats *out);

/* ---- Hooks ------------------------------------------------------------- */

/* Callbacks on the switches of one thread; each may be null. They run on a small
 * stack of the runtime's, after one context was left and before the next is
 * resumed. They may use thread-local variables and ask for statistics. They must
 * not switch, spawn, destroy or throw. While a thread has hooks, each of its
 * switches takes the slow path. */
struct stackswitch_hooks {
  void *data; /* the callbacks' first argument */
  /* A switch, for which `bytes` were saved and restored, together. `from` is null
   * after an overflow. */
  void (*on_switch)(void *data, void *from, void *to, size_t bytes);
  /* `ctx` has been left: it is suspended or has finished. */
  void (*on_leave)(void *data, void *ctx);
  /* `ctx` will be resumed or started. */
  void (*on_enter)(void *data, void *ctx);
};
/* Sets the calling thread's hooks; null for none. The structure is copied. */
void stackswitch_set_hooks(const struct stackswitch_hooks *hooks);

/* Calls `visitor` for each piece of stack of the calling thread's contexts, so that a
 * garbage collector can look for pointers. A piece has `length` bytes. Their address
 * on the stack is `belongs`; they are at `at` now. A partly displaced context has two
 * pieces. The piece of the running context begins at `sp` (null: at the frame of this
 * call); the caller spills its registers first. The piece of a new context is the
 * argument of its body, with `belongs` null. A block that a frame has on the heap
 * (stackswitch_frame_alloc) is a piece of its own, with `belongs` and `at` equal. The
 * visitor must not call operations that change contexts. */
typedef void (*stackswitch_visitor)(void *data, void *ctx, void *belongs, void *at,
                                    size_t length);
void stackswitch_visit(void *sp, stackswitch_visitor visitor, void *data);

#ifdef __cplusplus
}
#endif

#endif
