// swapcontext with a null base in functions with frames of every kind, on both sides of a switch:
// what is live across it is kept, by a thread without contexts, whose switches are in place, and by
// one with contexts, whose switches are calls. At each instruction the stack pointer is one that a
// signal handler can use. What one switch hands on to the next is true there.
#include <alloca.h>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <pthread.h>
#include <sys/time.h>
#include <ucontext.h>

#include "stackswitch.h"

#define NOINLINE __attribute__((noinline))

namespace {

void check(bool good, const char *what) {
  if (good) return;
  std::printf("wrong: %s\n", what);
  std::exit(1);
}

volatile int64_t zero;
int64_t switches;

enum { OBJECT = 256, STACK = 64 * 1024 };

// One of two flows of control: its object, the other's, and where values are handed over.
struct Side {
  void *mine, *other;
  int64_t *value;
};

inline __attribute__((always_inline)) int64_t exchange(const Side &side, int64_t value) {
  switches++;
  *side.value = value;
  check(stackswitch_swapcontext(side.mine, side.other, nullptr) == 0, "the result");
  return *side.value;
}

// More values than there are registers, of each kind.
NOINLINE int64_t crowded(const Side &side, int64_t value) {
  int64_t seed = value + zero;
  int64_t ints[20];
  double doubles[20];
  long double extended = seed * 1.25L;
  for (int i = 0; i < 20; i++) ints[i] = seed * (i + 3), doubles[i] = seed * (i + 0.5);
  int64_t result = exchange(side, value);
  for (int i = 0; i < 20; i++)
    check(ints[i] == seed * (i + 3) && doubles[i] == seed * (i + 0.5), "crowded");
  check(extended == seed * 1.25L, "an extended double");
  return result;
}

// Vectors as wide as the target has them, and masks where it has those.
typedef float Vector __attribute__((vector_size(64)));
NOINLINE int64_t vectors(const Side &side, int64_t value) {
  Vector all[12], seeds;
  for (int j = 0; j < 16; j++) seeds[j] = float(value + zero + j);
  auto masks = seeds > float(value + 7);
  for (int i = 0; i < 12; i++) all[i] = seeds * float(i + 1);
  int64_t result = exchange(side, value);
  for (int i = 0; i < 12; i++)
    for (int j = 0; j < 16; j++) check(all[i][j] == float(value + j) * float(i + 1), "vectors");
  for (int j = 0; j < 16; j++) check((masks[j] != 0) == (j > 7), "masks");
  return result;
}

// A frame whose size is not known before.
NOINLINE int64_t dynamic(const Side &side, int64_t value) {
  size_t size = 16 + (value & 255);
  char *memory = static_cast<char *>(alloca(size));
  std::memset(memory, int(value & 127), size);
  int64_t result = exchange(side, value);
  for (size_t i = 0; i < size; i++) check(memory[i] == char(value & 127), "dynamic");
  return result;
}

// One that grows between switches.
NOINLINE int64_t growing(const Side &side, int64_t value) {
  char *memory[3];
  for (int i = 0; i < 3; i++) {
    memory[i] = static_cast<char *>(alloca(32 + (value & 31)));
    std::memset(memory[i], int(value & 63) + i, 32);
    if (i < 2) check(exchange(side, value) >= 0, "growing");
  }
  int64_t result = exchange(side, value);
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 32; j++) check(memory[i][j] == char((value & 63) + i), "grown");
  return result;
}

// One that is aligned, and has a base pointer when it is dynamic too.
NOINLINE int64_t aligned(const Side &side, int64_t value) {
  alignas(128) volatile int64_t local = value;
  int64_t result = exchange(side, value);
  check((reinterpret_cast<uintptr_t>(&local) & 127) == 0 && local == value, "aligned");
  return result;
}

NOINLINE int64_t aligned_dynamic(const Side &side, int64_t value) {
  alignas(128) volatile int64_t local = value;
  char *memory = static_cast<char *>(alloca(16 + (value & 63)));
  memory[0] = char(value & 127);
  int64_t result = exchange(side, value);
  check((reinterpret_cast<uintptr_t>(&local) & 127) == 0, "alignment");
  check(local == value && memory[0] == char(value & 127), "aligned and dynamic");
  return result;
}

// Nothing else is called: locals might lie below the stack pointer.
NOINLINE int64_t leaf(const Side &side, int64_t value) {
  volatile int64_t locals[8];
  for (int i = 0; i < 8; i++) locals[i] = value + i;
  *side.value = value;
  int wrong = stackswitch_swapcontext(side.mine, side.other, nullptr);
  for (int i = 0; i < 8; i++) wrong |= locals[i] != value + i;
  return wrong ? -1 : *side.value;
}

// Arguments lie on the stack, above the frame.
NOINLINE int64_t many(const Side &side, int64_t a, int64_t b, int64_t c, int64_t d, int64_t e,
                      int64_t f, double g, int64_t h) {
  int64_t result = exchange(side, a);
  check(b == a + 1 && c == a + 2 && d == a + 3 && e == a + 4 && f == a + 5 && g == double(a) + 0.5 &&
            h == a + 6,
        "arguments");
  return result;
}

NOINLINE int64_t arguments(const Side &side, int64_t value) {
  return many(side, value, value + 1, value + 2, value + 3, value + 4, value + 5,
              double(value) + 0.5, value + 6);
}

using Step = int64_t (*)(const Side &, int64_t);
// Each gives a value away and returns the one that it gets; all but `growing` do so once.
const Step steps[] = {crowded, vectors,         dynamic, aligned,
                      aligned_dynamic, leaf, arguments};
constexpr int STEPS = sizeof steps / sizeof *steps;

struct Pair {
  alignas(16) char main[OBJECT], other[OBJECT];
  int64_t value;
  Step step;
  char *stack;
};

void echo(void *argument) {
  Pair *pair = static_cast<Pair *>(argument);
  Side side = {pair->other, pair->main, &pair->value};
  int64_t value = pair->value;
  while (value >= 0) value = pair->step(side, value + 1);
  // On the way back by the link.
  pair->value = -2;
}

// Where stacks are, and what signals have seen.
char *stacks;
uintptr_t native_low, native_high;
volatile sig_atomic_t signals, astray;

void interrupt(int, siginfo_t *, void *context) {
  auto sp = uintptr_t(static_cast<ucontext_t *>(context)->uc_mcontext.gregs[REG_RSP]);
  auto given = uintptr_t(stacks);
  bool known = (sp > native_low && sp <= native_high) ||
               (sp > given && sp <= given + size_t(STEPS) * STACK);
  if (!known) astray = astray + 1;
  // As much of the stack as the handler is given.
  volatile char scratch[512];
  for (size_t i = 0; i < sizeof scratch; i++) scratch[i] = 0x5a;
  signals = signals + 1;
}

Pair pairs[STEPS];

void start(int which) {
  Pair &pair = pairs[which];
  pair.stack = stacks + size_t(which) * STACK;
  pair.step = steps[which];
  pair.value = 1;
  check(stackswitch_getcontext(pair.other, nullptr) == 0, "getcontext");
  check(stackswitch_makecontext(pair.other, pair.stack, STACK, pair.main, echo, &pair) == 0,
        "makecontext");
  Side side = {pair.main, pair.other, &pair.value};
  check(exchange(side, 1) == 2, "the first value");
}

void stop(int which) {
  Side side = {pairs[which].main, pairs[which].other, &pairs[which].value};
  check(exchange(side, -1) == -2, "the end");
}

// Every kind of frame on one side with kinds from one on on the other.
NOINLINE void rounds(int count, int first = 0) {
  for (int round = 0; round < count; round++)
    for (int i = first; i < STEPS; i++) {
      Side side = {pairs[i].main, pairs[i].other, &pairs[i].value};
      for (Step step : steps) check(step(side, round * 7) == round * 7 + 1, "round");
      check(growing(side, round) == round + 1, "round");
    }
}

void all(int count) {
  for (int i = 0; i < STEPS; i++) start(i);
  rounds(count);
  for (int i = 0; i < STEPS; i++) stop(i);
}

void handle(int signal) {
  struct sigaction action = {};
  action.sa_sigaction = interrupt;
  action.sa_flags = SA_SIGINFO;
  sigaction(signal, &action, nullptr);
}

void interrupted() {
  handle(SIGALRM);
  itimerval often = {{0, 50}, {0, 50}}, never = {};
  setitimer(ITIMER_REAL, &often, nullptr);
  for (signals = 0; signals < 300;) all(10);
  setitimer(ITIMER_REAL, &never, nullptr);
  check(!astray, "a stack pointer in a signal");
}

// A signal after each instruction.
NOINLINE void single_steps() {
  handle(SIGTRAP);
  for (int i = 0; i < STEPS; i++) start(i);
  signals = 0;
  asm volatile("leaq -128(%%rsp), %%rsp\n\tpushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\t"
               "leaq 128(%%rsp), %%rsp" ::: "cc", "memory");
  rounds(1, STEPS - 3);
  asm volatile("leaq -128(%%rsp), %%rsp\n\tpushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq\n\t"
               "leaq 128(%%rsp), %%rsp" ::: "cc", "memory");
  for (int i = 0; i < STEPS; i++) stop(i);
  check(signals > 1000 && !astray, "a stack pointer between two instructions");
}

// How many switches were not short.
int64_t slow() {
  stackswitch_stats stats;
  stackswitch_get_stats(&stats);
  return int64_t(stats.switches_slow);
}

// A loop of nothing but switches, and what the other side does in its turns meanwhile.
enum Turn { IN_PLACE, BY_CALL, BEGIN_NOTES, END_NOTES, BY_COPY };
struct Turns {
  alignas(16) char main[OBJECT], other[OBJECT], nothing[OBJECT], copy[OBJECT];
  int64_t given, got;
  Turn turn;
  void *base, *context;
};

int (*volatile call)(void *, void *, void *) = stackswitch_swapcontext;

void turns(void *argument) {
  Turns *turns = static_cast<Turns *>(argument);
  auto body = [](void *, void *first) { return first; };
  for (;;) {
    turns->got = turns->given * 3;
    int result = 0;
    if (turns->turn == BEGIN_NOTES) {
      turns->base = stackswitch_base_create(1 << 20);
      turns->context = stackswitch_spawn(turns->base, body, nullptr);
    } else if (turns->turn == END_NOTES) {
      stackswitch_resume(turns->context, nullptr);
      stackswitch_destroy(turns->context);
      stackswitch_base_destroy(turns->base);
    }
    if (turns->turn == BY_COPY) {
      std::memcpy(turns->copy, turns->main, OBJECT);
      std::memset(turns->main, 0, OBJECT);
      result = stackswitch_swapcontext(turns->other, turns->copy, nullptr);
    } else if (turns->turn == BY_CALL)
      result = call(turns->other, turns->main, nullptr);
    else
      result = stackswitch_swapcontext(turns->other, turns->main, nullptr);
    check(result == 0, "the result of a turn");
  }
}

// `bad`: each second time to what holds nothing.
NOINLINE void take_turns(Turns &turns, int64_t count, bool bad = false) {
  int64_t sum = 0, expected = 0;
  int failures = 0;
  for (int64_t i = zero; i < count; i++) {
    turns.given = i;
    void *to = bad && i % 2 ? turns.nothing : turns.other;
    int result = stackswitch_swapcontext(turns.main, to, nullptr);
    failures += result != 0;
    sum += turns.got;
    expected += i * 3 - (bad && i % 2 ? 3 : 0);
  }
  check(sum == expected && failures == (bad ? count / 2 : 0), "turns");
}

// How many of so many turns were not short.
int64_t slow_turns(Turns &turns, Turn turn, int64_t count, bool bad = false) {
  int64_t before = slow();
  turns.turn = turn;
  take_turns(turns, count, bad);
  return slow() - before;
}

// What a switch hands on to the next one is still true after whatever happened in between.
NOINLINE void handed_on() {
  static Turns state;
  check(stackswitch_getcontext(state.other, nullptr) == 0, "getcontext");
  check(stackswitch_makecontext(state.other, stacks, STACK, nullptr, turns, &state) == 0,
        "makecontext");
  slow_turns(state, IN_PLACE, 1);
  for (int i = 0; i < 3; i++) {
    check(slow_turns(state, IN_PLACE, 1000) <= 2, "turns are short");
    check(slow_turns(state, BY_CALL, 1000) <= 2, "turns by calls are short");
    check(slow_turns(state, IN_PLACE, 1000, true) <= 1000 + 2, "turns that are not refused are short");
    // Control comes by another object than the one that is captured into next, which is empty.
    check(slow_turns(state, BY_COPY, 1000) >= 999, "an empty object is captured into anew");
    slow_turns(state, BEGIN_NOTES, 1);
    check(slow_turns(state, IN_PLACE, 1000) >= 2000, "turns are noted");
    check(slow_turns(state, BY_CALL, 1000) >= 2000, "turns by calls are noted");
    check(slow_turns(state, IN_PLACE, 1000, true) >= 1000, "turns that are not refused are noted");
    slow_turns(state, END_NOTES, 1);
    slow_turns(state, IN_PLACE, 1);
  }
}

} // namespace

int main() {
  pthread_attr_t attributes;
  void *low;
  size_t size;
  pthread_getattr_np(pthread_self(), &attributes);
  pthread_attr_getstack(&attributes, &low, &size);
  native_low = reinterpret_cast<uintptr_t>(low), native_high = native_low + size;
  stacks = static_cast<char *>(std::aligned_alloc(64, size_t(STEPS) * STACK));

  // Before this thread has used the runtime: null and what holds nothing are refused.
  void *volatile nobody = nullptr;
  alignas(16) static char nothing[2][OBJECT];
  check(stackswitch_context_size() <= OBJECT, "an object's size");
  check(stackswitch_swapcontext(nothing[0], nothing[1], nullptr) < 0, "what holds nothing");
  check(stackswitch_swapcontext(nobody, nothing[1], nullptr) < 0, "null to capture into");
  check(stackswitch_swapcontext(nothing[0], nobody, nullptr) < 0, "null to go to");

  int64_t before = slow();
  all(50);
  check(switches > 50 * STEPS && slow() - before < switches / 20, "most are short");
  interrupted();
  single_steps();

  // With a context nothing is known of the stack that the thread is on, but by notes.
  before = slow();
  switches = 0;
  void *base = stackswitch_base_create(1 << 20);
  auto body = [](void *, void *first) { return first; };
  void *context = stackswitch_spawn(base, body, nullptr);
  all(10);
  check(slow() - before >= switches, "all are noted");
  stackswitch_resume(context, nullptr);
  stackswitch_destroy(context);
  stackswitch_base_destroy(base);

  // It has gone.
  all(1);
  before = slow();
  switches = 0;
  all(50);
  check(slow() - before < switches / 20, "most are short again");
  handed_on();
  std::free(stacks);
  std::puts("all as it should be");
}
