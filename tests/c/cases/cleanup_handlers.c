/* C's cleanup handlers (pthread_cleanup_push without -fexceptions) belong to a context: a switch
 * between push and pop, threads that end in a context and beside suspended ones, many regions and
 * one. */
#include <pthread.h>
#include <stackswitch.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define APART __attribute__((noinline))

static void note(void *what) { printf("  cleanup %s\n", (const char *)what); }

static void begin(const char *what) { printf("%s\n", what); }

/* Suspends with one handler pushed, and again with two. */
static int64_t nested(void *name, int64_t n) {
  pthread_cleanup_push(note, name);
  n += stackswitch_suspend_i64(n);
  pthread_cleanup_push(note, (void *)"inner");
  n += stackswitch_suspend_i64(n);
  pthread_cleanup_pop(1);
  n += stackswitch_suspend_i64(n);
  pthread_cleanup_pop(1);
  return n;
}

/* Covers the frames of other contexts of the same region, without handlers. */
static int64_t covers(void *unused, int64_t n) {
  (void)unused;
  volatile char bytes[4000];
  memset((void *)bytes, 0x41, sizeof bytes);
  n += stackswitch_suspend_i64(n);
  return n + bytes[5];
}

/* Ends the thread from inside a context. */
static int64_t ends(void *name, int64_t n) {
  pthread_cleanup_push(note, name);
  n += stackswitch_suspend_i64(n);
  pthread_exit(NULL);
  pthread_cleanup_pop(0);
  return n;
}

static int64_t ends_without(void *unused, int64_t n) {
  (void)unused;
  n += stackswitch_suspend_i64(n);
  pthread_exit(NULL);
  return n;
}

/* Waits to be cancelled with the thread. */
static int64_t waits(void *name, int64_t n) {
  pthread_cleanup_push(note, name);
  n += stackswitch_suspend_i64(n);
  pthread_cancel(pthread_self());
  pthread_testcancel();
  pthread_cleanup_pop(0);
  return n;
}

static int64_t resume(void *context, int64_t n) { return stackswitch_resume_i64(context, n); }

static void *spawn(int64_t (*body)(void *, int64_t), const char *name) {
  return stackswitch_spawn_i64(NULL, body, (void *)(uintptr_t)name);
}

/* A context pops its handler after the thread has pushed its own. */
static void *pops_across(void *unused) {
  (void)unused;
  void *context = spawn(nested, "context");
  resume(context, 1);
  pthread_cleanup_push(note, (void *)"thread");
  resume(context, 1);
  resume(context, 1);
  resume(context, 1);
  pthread_exit(NULL);
  pthread_cleanup_pop(0);
  return NULL;
}

/* The thread ends beside a context with a handler whose frame is covered. */
static void *ends_beside(void *unused) {
  (void)unused;
  stackswitch_set_default_regions(1);
  void *context = spawn(nested, "context"), *other = spawn(covers, NULL);
  resume(context, 1);
  resume(context, 1);
  resume(other, 1);
  pthread_exit(NULL);
}

/* Two contexts push, and pop in turn. */
static void *in_turn(void *regions) {
  if (regions)
    stackswitch_set_default_regions(1);
  void *first = spawn(nested, "first"), *second = spawn(nested, "second");
  for (int i = 0; i < 4; i++) {
    resume(first, i);
    resume(second, i);
  }
  stackswitch_destroy(first);
  stackswitch_destroy(second);
  return NULL;
}

/* The handlers of the context that ends the thread run, then the thread's own; the other context's
 * do not. */
static void *ends_inside(void *body) {
  void *beside = spawn(nested, "beside");
  void *context = spawn((int64_t(*)(void *, int64_t))(uintptr_t)body, "context");
  resume(context, 1);
  resume(beside, 1);
  pthread_cleanup_push(note, (void *)"thread");
  resume(beside, 1);
  resume(context, 1);
  pthread_cleanup_pop(0);
  return NULL;
}

/* As above, but the thread has popped its handler, which was there when the context pushed. */
static void *ends_inside_after_pop(void *body) {
  void *context = spawn((int64_t(*)(void *, int64_t))(uintptr_t)body, "context");
  pthread_cleanup_push(note, (void *)"popped");
  resume(context, 1);
  pthread_cleanup_pop(0);
  resume(context, 1);
  return NULL;
}

/* A thread that pushes before it uses the runtime. */
static void *pushes_first(void *unused) {
  (void)unused;
  pthread_cleanup_push(note, (void *)"first of all");
  void *context = spawn(nested, "context");
  resume(context, 1);
  pthread_cleanup_push(note, (void *)"second");
  resume(context, 1);
  pthread_cleanup_pop(1);
  resume(context, 1);
  resume(context, 1);
  pthread_exit(NULL);
  pthread_cleanup_pop(0);
  return NULL;
}

/* A context is destroyed between push and pop. */
static void *destroys(void *unused) {
  (void)unused;
  void *context = spawn(nested, "context");
  resume(context, 1);
  resume(context, 1);
  stackswitch_destroy(context);
  pthread_cleanup_push(note, (void *)"thread");
  pthread_exit(NULL);
  pthread_cleanup_pop(0);
  return NULL;
}

static void run(const char *what, void *(*body)(void *), void *argument) {
  pthread_t thread;
  void *result;
  begin(what);
  pthread_create(&thread, NULL, body, argument);
  pthread_join(thread, &result);
  printf("  joined%s\n", result == PTHREAD_CANCELED ? ", cancelled" : "");
}

/* While a context has handlers every switch is a slow one, and after the pop it is not. */
static int64_t pings(void *unused, int64_t n) {
  (void)unused;
  while (n >= 0)
    n = stackswitch_suspend_i64(n + 1);
  return n;
}

APART static uint64_t slow_switches(void *context) {
  struct stackswitch_stats before, after;
  stackswitch_get_stats(&before);
  for (int i = 0; i < 100; i++)
    resume(context, i);
  stackswitch_get_stats(&after);
  return after.switches_slow - before.switches_slow;
}

int main(void) {
  run("pops across", pops_across, NULL);
  run("ends beside", ends_beside, NULL);
  run("in turn", in_turn, NULL);
  run("in turn on one region", in_turn, (void *)"1");
  run("ends inside", ends_inside, (void *)(uintptr_t)ends);
  run("ends inside, without handlers there", ends_inside, (void *)(uintptr_t)ends_without);
  run("cancelled inside", ends_inside, (void *)(uintptr_t)waits);
  run("ends inside after pop", ends_inside_after_pop, (void *)(uintptr_t)ends);
  run("pushes first", pushes_first, NULL);
  run("destroys", destroys, NULL);
  void *context = spawn(pings, NULL);
  resume(context, 0);
  slow_switches(context);
  uint64_t without = slow_switches(context), with = 0;
  pthread_cleanup_push(note, (void *)"main");
  with = slow_switches(context);
  pthread_cleanup_pop(1);
  printf("more slow switches while pushed: %d, same after: %d\n", with > without,
         slow_switches(context) == without);
  return 0;
}
