// Three readers share one stack, two writers have one each: the picture in the README.
//
//     stackswitch run -O0 --trace timeline.json examples/timeline.c
//     stackswitch trace timeline.json -o docs/timeline.svg
//
// Each reader displaces the reader before it. The writers stay resident.
#include <stackswitch.h>

// Uses some of the stack, and takes some microseconds.
static void work(int64_t steps) {
  volatile char buffer[256];
  for (int64_t i = 0; i < steps * 64; ++i) buffer[i % 256] = (char)i;
}

static int64_t reader(void *argument, int64_t steps) {
  while (steps > 0) {
    work(steps);
    steps = stackswitch_suspend_i64(0);
  }
  return 0;
}

static int64_t writer(void *argument, int64_t steps) {
  while (steps > 0) {
    work(steps);
    steps = stackswitch_suspend_i64(0);
  }
  return 0;
}

int main(void) {
  void *shared = stackswitch_base_create(1 << 20);
  void *contexts[5];
  for (int i = 0; i < 3; ++i) contexts[i] = stackswitch_spawn_i64(shared, reader, NULL);
  for (int i = 3; i < 5; ++i) contexts[i] = stackswitch_spawn_i64(stackswitch_base_create(1 << 20), writer, NULL);
  for (int round = 0; round < 3; ++round)
    for (int i = 0; i < 5; ++i) stackswitch_resume_i64(contexts[i], 40 + 10 * i);
  for (int i = 0; i < 5; ++i) {
    stackswitch_resume_i64(contexts[i], 0);
    stackswitch_destroy(contexts[i]);
  }
}
