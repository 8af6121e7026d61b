/* Two contexts of one base with an array on the heap each, for a debugger to look at. */
#include <stackswitch.h>
#include <stdio.h>

__attribute__((noinline)) static void fill(long *numbers, long count, long start) {
  for (long i = 0; i < count; i++) {
    numbers[i] = start + i;
    __asm__ volatile("" ::: "memory");
  }
}

__attribute__((noinline)) static long last(const long *numbers, long count) {
  __asm__ volatile("" ::"r"(numbers) : "memory");
  return numbers[count - 1];
}

static long body(void *arg, long first) {
  long numbers[500];
  fill(numbers, 500, (long)arg);
  long got = stackswitch_suspend_i64(first); /* before the switch */
  numbers[0] += got;                         /* after the switch */
  return last(numbers, 500) + numbers[0];    /* body ends */
}

int main(void) {
  void *base = stackswitch_base_create(1 << 20);
  void *one = stackswitch_spawn_i64(base, body, (void *)1000);
  void *two = stackswitch_spawn_i64(base, body, (void *)2000);
  long sum = stackswitch_resume_i64(one, 1) + stackswitch_resume_i64(two, 1);
  printf("%d\n", stackswitch_slice_size(one) < 1000);
  sum += stackswitch_resume_i64(one, 5) + stackswitch_resume_i64(two, 6);
  printf("%ld\n", sum);
  return 0;
}
