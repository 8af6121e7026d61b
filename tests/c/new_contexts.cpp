// Contexts that have not run, with bodies of every kind, and many that wait in the same place.
#include <stackswitch.h>

#define KEPT __attribute__((noinline, used))

KEPT static void *plain(void *, void *first) { return stackswitch_suspend(first); }

// The compiler's plugin passes a value of this size on through an adapter.
KEPT static signed char small(void *, signed char first) { return stackswitch_suspend_i8(first); }

KEPT static double wide(void *, double first) { return stackswitch_suspend_f64(first) + 1; }

template <class T> KEPT void *of_type(void *, void *first) {
  static T times;
  times = times + 1;
  return stackswitch_suspend(first);
}

KEPT static void *waiting(void *, void *first) {
  for (;;)
    first = stackswitch_suspend(first);
}

KEPT static void stop(void **contexts) { asm volatile("" : : "r"(contexts) : "memory"); }

int main() {
  enum { PLAIN, SMALL, WIDE, TEMPLATE, LAMBDA, COUNT };
  void *contexts[COUNT];
  void *base = stackswitch_base_create(1 << 20);
  contexts[PLAIN] = stackswitch_spawn(base, plain, nullptr);
  contexts[SMALL] = stackswitch_spawn_i8(base, small, nullptr);
  contexts[WIDE] = stackswitch_spawn_f64(base, wide, nullptr);
  contexts[TEMPLATE] = stackswitch_spawn(base, of_type<int>, nullptr);
  contexts[LAMBDA] = stackswitch_spawn(
      base, [](void *, void *first) { return stackswitch_suspend(first); }, nullptr);
  void *many = stackswitch_base_create(1 << 20);
  for (int i = 0; i < 3000; i++)
    stackswitch_resume(stackswitch_spawn(many, waiting, nullptr), nullptr);
  stop(contexts);
  return 0;
}
