// Contexts of every kind for a debugger to look at: in place, parked on the heap, shared by clones,
// in moved pages, on a stack of the POSIX layer, with an exception in flight, of another thread, and
// of one that has nothing but objects of the POSIX layer.
#include <pthread.h>
#include <stackswitch.h>
#include <stdlib.h>
#include <string.h>

#define KEPT __attribute__((noinline, used))

KEPT static char *waits(char *value) {
  char *next = (char *)stackswitch_suspend(value); // waits here
  return next + 1;
}

KEPT static char *deep(int depth, char *value) {
  volatile int level = depth;
  char *result = depth == 0 ? waits(value) : deep(depth - 1, value);
  return result + level;
}

KEPT static void *shallow_body(void *, void *first) { return deep(0, (char *)first) + 1; }

KEPT static void *deep_body(void *, void *first) { return deep(3, (char *)first) + 1; }

KEPT static void *large_body(void *, void *first) {
  volatile char room[1 << 20];
  memset((void *)room, 1, sizeof room);
  return deep(0, (char *)first) + room[7];
}

KEPT static void *catching_body(void *, void *first) {
  try {
    throw first;
  } catch (void *caught) {
    return waits((char *)caught) + 1;
  }
}

KEPT static void *short_body(void *, void *first) { return first; }

// A value that does not travel in a register.
KEPT static double wide_body(void *, double first) {
  return stackswitch_suspend_f64(first) + 1; // waits with a double
}

static void *start, *other;

KEPT static void posix_body(void *) { stackswitch_swapcontext(other, start, nullptr); }

static void *theirs;

KEPT static void *thread_body(void *) {
  void *base = stackswitch_base_create(1 << 20);
  theirs = stackswitch_spawn(base, shallow_body, nullptr);
  stackswitch_resume(theirs, nullptr);
  return nullptr;
}

KEPT static void stop(void **contexts) { asm volatile("" : : "r"(contexts) : "memory"); }

static void *plain_start, *plain_other;

KEPT static void plain_body(void *) {
  for (volatile int turn = 0;; turn = turn + 1)
    stackswitch_swapcontext(plain_other, plain_start, nullptr); // waits in place
}

static pthread_barrier_t ready, done;

static void *thread(void *) {
  thread_body(nullptr);
  pthread_barrier_wait(&ready);
  pthread_barrier_wait(&done);
  stackswitch_destroy(theirs);
  return nullptr;
}

// Two turns: objects that have been captured before can be captured in place.
static void *plain_thread(void *) {
  char *stack = (char *)malloc(16384);
  plain_start = calloc(1, stackswitch_context_size());
  plain_other = calloc(1, stackswitch_context_size());
  stackswitch_getcontext(plain_other, nullptr);
  stackswitch_makecontext(plain_other, stack, 16384, plain_start, plain_body, nullptr);
  for (int turn = 0; turn < 2; turn++)
    stackswitch_swapcontext(plain_start, plain_other, nullptr);
  pthread_barrier_wait(&ready);
  pthread_barrier_wait(&done);
  return nullptr;
}

int main() {
  enum { SHALLOW, DEEP, LARGE, CATCHING, NEW, FINISHED, IN_PLACE, CLONE, WIDE, COUNT };
  void *(*const bodies[])(void *, void *) = {shallow_body, deep_body,  large_body,  catching_body,
                                             shallow_body, short_body, shallow_body};
  void *contexts[COUNT];
  void *base = stackswitch_base_create(4 << 20);
  for (int i = 0; i < CLONE; i++)
    contexts[i] = stackswitch_spawn(base, bodies[i], contexts);
  for (int i = 0; i < CLONE; i++)
    if (i != NEW && i != IN_PLACE)
      stackswitch_resume(contexts[i], nullptr);
  contexts[WIDE] = stackswitch_spawn_f64(base, wide_body, nullptr);
  stackswitch_resume_f64(contexts[WIDE], 0);
  contexts[CLONE] = stackswitch_clone(contexts[DEEP]);
  stackswitch_resume(contexts[IN_PLACE], nullptr);

  char *stack = (char *)malloc(16384);
  start = calloc(1, stackswitch_context_size());
  other = calloc(1, stackswitch_context_size());
  stackswitch_getcontext(other, nullptr);
  stackswitch_makecontext(other, stack, 16384, start, posix_body, nullptr);
  stackswitch_swapcontext(start, other, nullptr);

  pthread_t second, third;
  pthread_barrier_init(&ready, nullptr, 3);
  pthread_barrier_init(&done, nullptr, 3);
  pthread_create(&second, nullptr, thread, nullptr);
  pthread_create(&third, nullptr, plain_thread, nullptr);
  pthread_barrier_wait(&ready);
  stop(contexts);
  pthread_barrier_wait(&done);
  pthread_join(second, nullptr);
  pthread_join(third, nullptr);
  return 0;
}
