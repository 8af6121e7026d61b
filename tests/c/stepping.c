/* A program to step through: switches in functions, in an inlined one, and by a value that does not
 * travel in a register. */
#include <stackswitch.h>
#include <stdio.h>

__attribute__((noinline)) static long use(long x) {
  __asm__ volatile("" : "+r"(x));
  return x;
}

static inline __attribute__((always_inline)) long yield(long value) {
  long sent = use(value + 1);
  long back = stackswitch_suspend_i64(sent);
  return use(back - sent); /* yield goes on */
}

static long body(void *arg, long first) {
  long local = use(first * 2);
  long got = stackswitch_suspend_i64(local);
  long after = use(got + local); /* body goes on */
  got = yield(after);
  return use(got + after + local + (long)arg) + 1; /* body ends */
}

static double wide(void *arg, double first) {
  long local = use((long)first * 2);
  double got = stackswitch_suspend_f64((double)local);
  long after = use((long)got + local); /* wide goes on */
  return (double)(after + local + (long)arg);
}

int main(void) {
  void *ctx = stackswitch_spawn_i64(0, body, (void *)100);
  long seen = use(1);
  long first = stackswitch_resume_i64(ctx, seen + 2); /* main starts */
  long sum = use(first + seen);                       /* main goes on */
  long second = stackswitch_resume_i64(ctx, sum);     /* main sends */
  sum = use(second + sum);                            /* main again */
  long third = stackswitch_resume_i64(ctx, sum);
  printf("%ld %ld %ld\n", sum, second, third); /* main prints */
  void *other = stackswitch_spawn_f64(0, wide, (void *)100);
  double x = stackswitch_resume_f64(other, 3);
  double y = stackswitch_resume_f64(other, x);
  printf("%f %f\n", x, y);
  return 0;
}
