/* Uses the C header in every way that C can: both layers, typed values, bases,
 * statistics. Compiled with the plugin and without it, it prints the same. */
#include <stackswitch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A generator of squares: sends each to whoever resumes it. */
static int64_t squares(void *arg, int64_t first) {
  int64_t count = *(int64_t *)arg;
  for (int64_t i = first; i < first + count; i++)
    stackswitch_suspend_i64(i * i);
  return -1;
}

static void generate(void) {
  int64_t count = 4;
  void *generator = stackswitch_spawn_i64(NULL, squares, &count);
  for (int64_t value = stackswitch_resume_i64(generator, 3); value >= 0;
       value = stackswitch_resume_i64(generator, 0))
    printf("square %lld\n", (long long)value);
  printf("status %d\n", stackswitch_status(generator));
  stackswitch_destroy(generator);
}

/* A recursion that suspends at the bottom with a buffer in every frame. */
static double dive(int depth, double value) {
  char buffer[200];
  memset(buffer, depth, sizeof buffer);
  double result = depth ? dive(depth - 1, value + 0.5) : stackswitch_suspend_f64(value);
  for (size_t i = 0; i < sizeof buffer; i++)
    if (buffer[i] != (char)depth)
      abort();
  return result + 1;
}

static double diver(void *arg, double first) { return dive(*(int *)arg, first); }

/* Contexts of one base displace one another. */
static void displace(void) {
  enum { COUNT = 20 };
  void *base = stackswitch_base_create((size_t)64 << 20);
  void *contexts[COUNT];
  int depths[COUNT];
  double sum = 0;
  for (int i = 0; i < COUNT; i++) {
    depths[i] = 5 * i;
    contexts[i] = stackswitch_spawn_f64(base, diver, &depths[i]);
    sum += stackswitch_resume_f64(contexts[i], i);
  }
  printf("sum on the way down %.1f\n", sum);
  sum = 0;
  for (int i = 0; i < COUNT; i++) {
    int at = (i * 7) % COUNT;
    sum += stackswitch_resume_f64(contexts[at], at);
  }
  printf("sum on the way up %.1f\n", sum);
  struct stackswitch_stats stats;
  stackswitch_get_stats(&stats);
  printf("slices were %s\n", stats.bytes_saved > 0 && stats.bytes_restored > 0 ? "moved" : "not moved");
  for (int i = 0; i < COUNT; i++)
    stackswitch_destroy(contexts[i]);
  stackswitch_base_destroy(base);
}

/* Symmetric transfer between two contexts, by pointers. */
static void *partner;
static void *left_handle;

static void *right(void *arg, void *first) {
  for (char *value = first; value; value = stackswitch_swap(left_handle, value))
    printf("right got %s\n", value);
  return arg;
}

static void *left(void *arg, void *first) {
  (void)arg;
  left_handle = stackswitch_current();
  printf("left got %s\n", (char *)first);
  stackswitch_swap(partner, "one");
  stackswitch_swap(partner, "two");
  return "done";
}

static void transfer(void) {
  void *l = stackswitch_spawn(NULL, left, NULL);
  partner = stackswitch_spawn(NULL, right, NULL);
  printf("left returned %s\n", (char *)stackswitch_resume(l, "start"));
  stackswitch_destroy(partner);
  stackswitch_destroy(l);
}

/* The POSIX layer on a stack of its own. */
static void *home_object, *work_object;

static void work(void *arg) {
  printf("work on %s\n", (char *)arg);
  stackswitch_swapcontext(work_object, home_object, NULL);
  printf("work again\n");
}

static void posix(void) {
  size_t size = (stackswitch_context_size() + 15) & ~(size_t)15;
  size_t stack_size = (size_t)256 << 10;
  home_object = memset(aligned_alloc(16, size), 0, size);
  work_object = memset(aligned_alloc(16, size), 0, size);
  void *stack = aligned_alloc(16, stack_size);
  printf("get %d\n", stackswitch_getcontext(work_object, NULL));
  printf("make %d\n", stackswitch_makecontext(work_object, stack, stack_size, home_object, work,
                                              "a given stack"));
  printf("swap %d\n", stackswitch_swapcontext(home_object, work_object, NULL));
  printf("swap %d\n", stackswitch_swapcontext(home_object, work_object, NULL));
  stackswitch_freecontext(work_object);
  free(stack);
  free(work_object);
  free(home_object);
}

int main(void) {
  generate();
  displace();
  transfer();
  posix();
  return 0;
}
