// Switches in functions that handle exceptions: what handlers and cleanups use is there, whether the
// exception comes from another context, is thrown into this one while it waits, or is its own, and
// wherever the context has been meanwhile.
#include <alloca.h>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <initializer_list>
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
int64_t destroyed;

// Knows what it must find in the variable that it refers to.
struct Guard {
  const int64_t &variable;
  int64_t expected;
  ~Guard() {
    check(variable == expected, "what a cleanup sees");
    destroyed++;
  }
};

// Each waits once and returns what it was sent, or, if it catches a number, a thousand more.
constexpr int64_t CAUGHT = 1000;

// More values than there are registers, needed after the switch and in its handler.
NOINLINE int64_t crowded(int64_t value) {
  int64_t seed = value + zero;
  int64_t a = seed * 3, b = seed * 5, c = seed * 7, d = seed * 9, e = seed * 11, f = seed * 13;
  int64_t g = seed * 15, h = seed * 17, i = seed * 19, j = seed * 21, k = seed * 23, l = seed * 25;
  double x = seed * 0.5, y = seed * 0.25;
  int64_t sum = a + b + c + d + e + f + g + h + i + j + k + l;
  try {
    int64_t got = stackswitch_suspend_i64(value);
    check(a * 3 + b - c + d - e + f - g + h - i + j - k + l + int64_t(x * 2 + y * 4) ==
              seed * (9 + 5 - 7 + 9 - 11 + 13 - 15 + 17 - 19 + 21 - 23 + 25 + 2),
          "values after the switch");
    return got;
  } catch (int thrown) {
    check(a + b + c + d + e + f + g + h + i + j + k + l == sum && sum == seed * 168,
          "integers in the handler");
    check(x == seed * 0.5 && y == seed * 0.25, "doubles in the handler");
    check(a - b + c - d + e - f + g - h + i - j + k - l == seed * -12, "integers once more");
    return thrown + CAUGHT;
  }
}

// Loops on both ways, which keep values in registers.
NOINLINE int64_t loops(int64_t value) {
  int64_t n = (value & 15) + 3 + zero, m = value + n, odd = 1, sum = 0;
  for (int64_t i = 0; i < n; i++) odd += 2, sum += m ^ i;
  int64_t kept = sum, result;
  try {
    result = stackswitch_suspend_i64(value);
    for (int64_t i = 0; i < n; i++) odd -= 2, sum -= m ^ i;
  } catch (int thrown) {
    result = thrown + CAUGHT;
    for (int64_t i = 0; i < n; i++) odd -= 2, sum -= m ^ i, kept += i;
    check(kept == kept + sum && m == value + n, "a loop in the handler");
  }
  check(odd == 1 && sum == 0, "a loop behind the switch");
  return result;
}

// A cleanup only, of something that has changed since it was made.
NOINLINE int64_t cleanup(int64_t value, int64_t &ends) {
  struct End {
    int64_t &ends;
    ~End() { ends++; }
  } end{ends};
  int64_t variable = value + zero;
  Guard guard{variable, value + 1};
  variable++;
  return stackswitch_suspend_i64(value);
}

NOINLINE int64_t catches_cleanup(int64_t value) {
  int64_t ends = 0, result;
  try {
    result = cleanup(value, ends);
  } catch (int thrown) {
    result = thrown + CAUGHT;
  }
  check(ends == 1, "a cleanup");
  return result;
}

// Handlers in one another; the inner one does not fit, or throws again.
NOINLINE int64_t nested(int64_t value) {
  int64_t local = value * 3 + zero, seen = 0;
  try {
    Guard guard{local, value * 3 + 7};
    try {
      try {
        local += 7;
        return stackswitch_suspend_i64(value);
      } catch (const char *) {
        check(false, "a handler of another type");
      }
    } catch (int thrown) {
      seen = thrown;
      check(local == value * 3 + 7, "the inner handler");
      throw;
    }
  } catch (int thrown) {
    check(thrown == seen && local == value * 3 + 7, "the outer handler");
    return thrown + CAUGHT;
  }
  return -1;
}

// A frame whose size is not known before, and that is aligned: it is found by registers that the
// switch must keep, for the handler as well.
NOINLINE int64_t dynamic(int64_t value) {
  alignas(128) volatile int64_t local = value;
  size_t size = 16 + (value & 255);
  char *memory = static_cast<char *>(alloca(size));
  std::memset(memory, int(value & 127), size);
  int64_t result;
  try {
    result = stackswitch_suspend_i64(value);
  } catch (int thrown) {
    result = thrown + CAUGHT;
  }
  check((reinterpret_cast<uintptr_t>(&local) & 127) == 0 && local == value, "an aligned variable");
  for (size_t i = 0; i < size; i++) check(memory[i] == char(value & 127), "a dynamic frame");
  return result;
}

// While another exception is being handled.
NOINLINE int64_t in_handler(int64_t value) {
  int64_t local = value + zero;
  try {
    throw local;
  } catch (int64_t &own) {
    try {
      int64_t result = stackswitch_suspend_i64(value);
      check(own == local && std::uncaught_exceptions() == 0, "the own exception after the switch");
      return result;
    } catch (int thrown) {
      check(own == local && local == value, "the own exception in a handler");
      return thrown + CAUGHT;
    }
  }
}

// It throws itself, right after the switch.
NOINLINE int64_t throws_itself(int64_t value) {
  int64_t local = value * 5 + zero;
  try {
    int64_t got = stackswitch_suspend_i64(value);
    throw got + local;
  } catch (int64_t sum) {
    check(local == value * 5, "after the own exception");
    return sum - local;
  } catch (int thrown) {
    check(local == value * 5, "after an exception thrown into it");
    return thrown + CAUGHT;
  }
}

// Nothing may leave it, but it may switch.
NOINLINE int64_t no_exception(int64_t value) noexcept {
  int64_t local = value + zero;
  Guard guard{local, value};
  return stackswitch_suspend_i64(value);
}

// One that waits without exceptions, then with.
NOINLINE int64_t twice(int64_t value) {
  check(no_exception(value) == value, "without exceptions");
  try {
    Guard guard{value, value};
    return stackswitch_suspend_i64(value);
  } catch (...) {
    try {
      throw;
    } catch (int thrown) {
      return thrown + CAUGHT;
    } catch (...) {
    }
    throw; // a cancellation
  }
}

using Step = int64_t (*)(int64_t);
const Step steps[] = {crowded, loops,      catches_cleanup, nested,
                      dynamic, in_handler, throws_itself,   twice};
constexpr int STEPS = sizeof steps / sizeof *steps;

int64_t body(void *arg, int64_t value) {
  Step step = *static_cast<const Step *>(arg);
  int64_t count = 0;
  Guard guard{count, 0};
  for (;;) {
    guard.expected = ++count;
    value = step(value);
  }
}

int64_t throws(int64_t value) { throw int(value); }
int64_t doubles(int64_t value) { return value * 2; }

// What a context has answered, which `twice` does only when it has waited once more.
int64_t answer(void *context, int step, int64_t answered, int64_t sent) {
  if (steps[step] != twice) return answered;
  check(answered == sent, "the first of two");
  return stackswitch_resume_i64(context, sent);
}

void round(void *const *contexts, int64_t number) {
  for (int i = 0; i < STEPS; i++) {
    int64_t sent = number * 7 + i;
    // What it has been sent comes back when it waits the next time.
    check(answer(contexts[i], i, stackswitch_resume_i64(contexts[i], sent), sent) == sent, "a round");
    if (number % 3 == 1) {
      int64_t got = stackswitch_swap_ontop_i64(contexts[i], throws, int(number));
      check(answer(contexts[i], i, got, number + CAUGHT) == number + CAUGHT, "thrown into it");
    }
    if (number % 3 == 2) {
      int64_t got = stackswitch_swap_ontop_i64(contexts[i], doubles, number);
      check(answer(contexts[i], i, got, number * 2) == number * 2, "run on top of it");
    }
  }
}

// Each with all kinds of frames: on regions of their own, or sharing one.
void all(void *base) {
  void *contexts[STEPS], *clones[STEPS];
  for (int i = 0; i < STEPS; i++) {
    contexts[i] = stackswitch_spawn_i64(base, body, const_cast<Step *>(&steps[i]));
    int64_t sent = i;
    check(answer(contexts[i], i, stackswitch_resume_i64(contexts[i], sent), sent) == sent, "first");
  }
  for (int64_t number = 0; number < 12; number++) round(contexts, number);
  for (int i = 0; i < STEPS; i++)
    clones[i] = steps[i] == in_handler ? nullptr : stackswitch_clone(contexts[i]);
  for (int64_t number = 12; number < 24; number++) round(contexts, number);
  for (int i = 0; i < STEPS; i++) {
    if (!clones[i]) continue;
    int64_t got = stackswitch_swap_ontop_i64(clones[i], throws, 77);
    check(answer(clones[i], i, got, 77 + CAUGHT) == 77 + CAUGHT, "thrown into a clone");
  }
  for (int i = 0; i < STEPS; i++) {
    for (void *context : {contexts[i], clones[i]}) {
      if (!context) continue;
      int64_t before = destroyed;
      stackswitch_cancel(context);
      bool guarded = steps[i] == catches_cleanup || steps[i] == nested || steps[i] == twice;
      check(stackswitch_status(context) == 3 && destroyed == before + 1 + guarded, "cancelled");
      stackswitch_destroy(context);
    }
  }
}

// What leaves a context comes out of the switch of the one that has resumed it.
int64_t leaves(void *, int64_t value) {
  value = stackswitch_suspend_i64(value);
  throw int(value);
}

NOINLINE int64_t resumes(void *context, int64_t value, bool by_swap) {
  int64_t local = value * 3 + zero, other = value * 5 + zero;
  Guard guard{local, value * 3};
  try {
    int64_t got = by_swap ? stackswitch_swap_i64(context, value) : stackswitch_resume_i64(context, value);
    check(local == value * 3 && other == value * 5, "after a resume");
    return got;
  } catch (int thrown) {
    check(local == value * 3 && other == value * 5, "in the handler of a resume");
    return thrown + CAUGHT;
  }
}

void exceptions_from_contexts() {
  for (int i = 0; i < 20; i++) {
    void *context = stackswitch_spawn_i64(nullptr, leaves, nullptr);
    int64_t before = destroyed;
    check(resumes(context, i, false) == i, "before the exception");
    check(resumes(context, i, i % 2) == i + CAUGHT, "an exception that left a context");
    check(stackswitch_status(context) == 3 && destroyed == before + 2, "its end");
    stackswitch_destroy(context);
  }
}

// Other types of value.
void *throws_pointer(void *value) { throw value; }
int8_t throws_small(int8_t value) { throw int8_t(value); }

void *types_body(void *, void *value) {
  for (;;) {
    int64_t local = zero + 5;
    try {
      value = stackswitch_suspend(value);
    } catch (void *thrown) {
      value = thrown;
    }
    check(local == 5, "with pointers");
    try {
      int8_t small = stackswitch_suspend_i8(int8_t(reinterpret_cast<intptr_t>(value)));
      value = reinterpret_cast<void *>(intptr_t(small));
    } catch (int8_t thrown) {
      value = reinterpret_cast<void *>(intptr_t(thrown));
    }
    check(local == 5, "with small integers");
  }
}

void types() {
  void *context = stackswitch_spawn(nullptr, types_body, nullptr);
  auto pointer = [](intptr_t number) { return reinterpret_cast<void *>(number); };
  check(stackswitch_resume(context, pointer(1)) == pointer(1), "the first pointer");
  for (int i = 0; i < 20; i++) {
    // Bring one kind of value and wait for the other.
    intptr_t number = -i;
    int8_t small = i % 2 ? int8_t(uintptr_t(stackswitch_swap_ontop(context, throws_pointer, pointer(number))))
                         : int8_t(uintptr_t(stackswitch_resume(context, pointer(number))));
    check(small == number, "a small integer");
    void *got = i % 2 ? pointer(stackswitch_swap_ontop_i8(context, throws_small, int8_t(number)))
                      : pointer(stackswitch_resume_i8(context, int8_t(number)));
    check(int8_t(uintptr_t(got)) == number, "a pointer");
  }
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
  while (signals < 1000) all(nullptr);
  setitimer(ITIMER_REAL, &never, nullptr);
}

} // namespace

int main() {
  all(nullptr);
  void *base = stackswitch_base_create(1 << 20);
  all(base);
  stackswitch_base_destroy(base);
  exceptions_from_contexts();
  types();
  interrupted();
  stackswitch_stats stats;
  stackswitch_get_stats(&stats);
  check(stats.switches > 2 * stats.switches_slow, "most are fast");
  std::puts("all as it should be");
}
