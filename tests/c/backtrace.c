/* Functions for a debugger to stop in: a context's own, below a switch that copies, and one that
 * runs on top of a suspended context. */
#include <stackswitch.h>

__attribute__((noinline, noclone)) static void *leaf(void *value) {
  __asm__ volatile("" ::: "memory");
  return value;
}

__attribute__((noinline, noclone)) static void *inner(void *value) {
  void *result = stackswitch_suspend(leaf(value));
  return (char *)result + 1;
}

static void *body(void *arg, void *first) {
  (void)arg;
  return (char *)inner(first) + 1;
}

int main(void) {
  void *base = stackswitch_base_create(1 << 20);
  void *first = stackswitch_spawn(base, body, 0), *second = stackswitch_spawn(base, body, 0);
  /* The first suspends to the second, which takes its place, and that one to here. */
  stackswitch_setlink(first, second);
  stackswitch_setlink(second, stackswitch_current());
  stackswitch_swap(first, 0);
  stackswitch_swap_ontop(first, leaf, 0);
  return 0;
}
