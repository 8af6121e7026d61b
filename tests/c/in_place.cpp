// Switches in functions with frames of every kind: what is live across them is kept, whether the
// context stays in place, is displaced, is cloned, is unwound by an exception or a cancellation,
// or is interrupted by signals.
#include <alloca.h>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/time.h>

#include "stackswitch.h"

#define NOINLINE __attribute__((noinline))

namespace {

void check(bool good, const char *what) {
  if (good) return;
  std::printf("wrong: %s\n", what);
  std::exit(1);
}

volatile int64_t zero;

// More values than there are registers, of each kind.
NOINLINE int64_t crowded(int64_t value) {
  int64_t seed = value + zero;
  int64_t ints[20];
  double doubles[20];
  long double extended = seed * 1.25L;
  for (int i = 0; i < 20; i++) ints[i] = seed * (i + 3), doubles[i] = seed * (i + 0.5);
  int64_t result = stackswitch_suspend_i64(value);
  for (int i = 0; i < 20; i++)
    check(ints[i] == seed * (i + 3) && doubles[i] == seed * (i + 0.5), "crowded");
  check(extended == seed * 1.25L, "an extended double");
  return result;
}

// Vectors as wide as the target has them.
typedef float Vector __attribute__((vector_size(64)));
NOINLINE int64_t vectors(int64_t value) {
  Vector all[12];
  for (int i = 0; i < 12; i++)
    for (int j = 0; j < 16; j++) all[i][j] = float(value + zero + i * j);
  int64_t result = stackswitch_suspend_i64(value);
  for (int i = 0; i < 12; i++)
    for (int j = 0; j < 16; j++) check(all[i][j] == float(value + zero + i * j), "vectors");
  return result;
}

// A frame whose size is not known before.
NOINLINE int64_t dynamic(int64_t value) {
  size_t size = 16 + (value & 255);
  char *memory = static_cast<char *>(alloca(size));
  std::memset(memory, int(value & 127), size);
  int64_t result = stackswitch_suspend_i64(value);
  for (size_t i = 0; i < size; i++) check(memory[i] == char(value & 127), "dynamic");
  return result;
}

// One that is aligned, and has a base pointer when it is dynamic too.
NOINLINE int64_t aligned(int64_t value) {
  alignas(128) volatile int64_t local = value;
  char *memory = static_cast<char *>(alloca(16 + (value & 63)));
  memory[0] = char(value & 127);
  int64_t result = stackswitch_suspend_i64(value);
  check((reinterpret_cast<uintptr_t>(&local) & 127) == 0, "alignment");
  check(local == value && memory[0] == char(value & 127), "aligned");
  return result;
}

// Nothing else is called: locals might lie below the stack pointer.
NOINLINE int64_t leaf(int64_t value) {
  volatile int64_t locals[8];
  for (int i = 0; i < 8; i++) locals[i] = value + i;
  int64_t result = stackswitch_suspend_i64(value);
  int64_t wrong = 0;
  for (int i = 0; i < 8; i++) wrong |= locals[i] ^ (value + i);
  return wrong ? -1 : result;
}

NOINLINE int64_t tail(int64_t value) { return stackswitch_suspend_i64(value); }

// The three operations and all integers; the context that comes back is the caller.
NOINLINE int64_t kinds(int64_t value) {
  void *link = stackswitch_link(stackswitch_current());
  check(stackswitch_suspend_i8(int8_t(value)) == int8_t(value), "i8");
  check(stackswitch_suspend_i16(int16_t(value)) == int16_t(value), "i16");
  check(stackswitch_swap_i32(link, int32_t(value)) == int32_t(value), "i32");
  check(stackswitch_suspend(&value) == &value, "pointer");
  return stackswitch_swap_i64(link, value);
}

using Step = int64_t (*)(int64_t);
const Step steps[] = {crowded, vectors, dynamic, aligned, leaf, tail};
constexpr int STEPS = sizeof steps / sizeof *steps;

int destroyed;
struct Cleanup {
  ~Cleanup() { destroyed++; }
};

// Goes on for ever, adding one to what it is given.
int64_t body(void *arg, int64_t value) {
  Cleanup cleanup;
  Step step = *static_cast<const Step *>(arg);
  try {
    for (;;) value = step(value + 1);
  } catch (int thrown) {
    return thrown;
  }
}

void *start(void *base, int step) {
  return stackswitch_spawn_i64(base, body, const_cast<Step *>(&steps[step]));
}

NOINLINE void rounds(void *const *contexts, int count, int64_t from) {
  for (int64_t round = from; round < from + 50; round++)
    for (int i = 0; i < count; i++)
      check(stackswitch_resume_i64(contexts[i], round * 7) == round * 7 + 1, "round");
}

int64_t throws(int64_t value) { throw int(value); }

// Each with all kinds of frames: on regions of their own, or sharing one.
void all(void *base) {
  void *contexts[STEPS], *clones[STEPS];
  for (int i = 0; i < STEPS; i++) contexts[i] = start(base, i);
  rounds(contexts, STEPS, 0);
  for (int i = 0; i < STEPS; i++) clones[i] = stackswitch_clone(contexts[i]);
  rounds(contexts, STEPS, 50);
  rounds(clones, STEPS, 100);
  rounds(contexts, STEPS, 150);
  destroyed = 0;
  for (int i = 0; i < STEPS; i++) {
    int64_t thrown = stackswitch_swap_ontop_i64(contexts[i], throws, 40 + i);
    check(thrown == 40 + i && stackswitch_status(contexts[i]) == 3, "thrown on top");
    check(destroyed == 2 * i + 1, "cleanup");
    stackswitch_cancel(clones[i]);
    check(stackswitch_status(clones[i]) == 3 && destroyed == 2 * i + 2, "cancelled");
    stackswitch_destroy(contexts[i]);
    stackswitch_destroy(clones[i]);
  }
}

int64_t kinds_body(void *, int64_t value) {
  for (;;) value = kinds(value);
}

NOINLINE void all_kinds() {
  void *context = stackswitch_spawn_i64(nullptr, kinds_body, nullptr);
  stackswitch_setlink(context, stackswitch_current());
  for (int64_t value = -3; value < 3; value++) {
    stackswitch_swap_i64(context, value);
    check(stackswitch_swap_i8(context, int8_t(value)) == int16_t(value), "i8, i16");
    check(stackswitch_resume_i16(context, int16_t(value)) == int16_t(value), "i16, i32");
    void *address = reinterpret_cast<void *>(uintptr_t(stackswitch_swap_i64(context, value)));
    check(stackswitch_resume(context, address) == reinterpret_cast<void *>(value), "pointer, i64");
  }
  stackswitch_destroy(context);
}

// What leaves a context's function arrives where that was resumed.
int64_t leaves(void *, int64_t value) {
  for (int i = 0; i < 3; i++) value = leaf(value);
  throw int(value);
}

NOINLINE int64_t resume(void *context, int64_t value) {
  volatile int64_t local = value;
  int64_t result = stackswitch_resume_i64(context, value);
  return local == value ? result : -1;
}

void exceptions() {
  void *context = stackswitch_spawn_i64(nullptr, leaves, nullptr);
  Cleanup cleanup;
  for (int i = 0; i < 3; i++) check(resume(context, i) == i, "before the exception");
  int caught = 0;
  try {
    resume(context, 55);
  } catch (int thrown) {
    caught = thrown;
  }
  check(caught == 55 && stackswitch_status(context) == 3, "an exception that left a context");
  stackswitch_destroy(context);
}

volatile sig_atomic_t signals;
// Writes to as much of the stack as it is given.
void interrupt(int) {
  volatile char scratch[512];
  for (size_t i = 0; i < sizeof scratch; i++) scratch[i] = 0x5a;
  signals = signals + 1;
}

void interrupted() {
  struct sigaction action = {};
  action.sa_handler = interrupt;
  sigaction(SIGALRM, &action, nullptr);
  itimerval often = {{0, 50}, {0, 50}}, never = {};
  setitimer(ITIMER_REAL, &often, nullptr);
  while (signals < 2000) all(nullptr);
  setitimer(ITIMER_REAL, &never, nullptr);
}

} // namespace

int main() {
  // Before this thread has used the runtime: null is refused, nothing else happens.
  auto old = stackswitch_set_error_handler([](int, void *, const char *) {});
  void *volatile nobody = nullptr;
  check(stackswitch_swap(nobody, &old) == nullptr, "null");
  stackswitch_set_error_handler(old);

  all(nullptr);
  void *base = stackswitch_base_create(1 << 20);
  all(base);
  stackswitch_base_destroy(base);
  all_kinds();
  exceptions();
  interrupted();
  stackswitch_stats stats;
  stackswitch_get_stats(&stats);
  check(stats.switches > 2 * stats.switches_slow, "most are fast");
  std::puts("all as it should be");
}
