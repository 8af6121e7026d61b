/* A context overflows its region, and another uses the region after it. */
#include <stackswitch.h>
#include <stdio.h>

static void *host, *overflowing;

static void handler(int code, void *ctx, const char *message) {
  (void)message;
  printf("%d %s\n", code == STACKSWITCH_EOVERFLOW, ctx == overflowing ? "the context" : "another");
  fflush(stdout);
  stackswitch_swap_i64(host, 7);
}

__attribute__((noinline)) static long dig(long n) {
  volatile char frame[2000];
  frame[n & 1023] = 1;
  return dig(n + 1) + frame[n & 1023];
}

static int64_t body(void *arg, int64_t n) {
  (void)arg;
  n += stackswitch_suspend_i64(n);
  return dig(n);
}

int main(void) {
  stackswitch_set_error_handler(handler);
  host = stackswitch_current();
  void *base = stackswitch_base_create(1 << 20);
  for (int i = 0; i < 2; i++) {
    overflowing = stackswitch_spawn_i64(base, body, NULL);
    stackswitch_resume_i64(overflowing, 1);
    printf("%d\n", (int)stackswitch_resume_i64(overflowing, 1));
    stackswitch_destroy(overflowing);
  }
  stackswitch_base_destroy(base);
  return 0;
}
