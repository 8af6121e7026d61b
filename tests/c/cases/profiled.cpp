/* A profiler's signal at every instruction of switches, those in place too: the unwinder finds frames of
 * loaded code, or stops. The CPU traps after each instruction. Not for the JIT, whose code belongs to
 * no loaded file. */
#define _GNU_SOURCE 1
#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <stackswitch/ucontext.h>
#include <stdio.h>
#include <unistd.h>

static volatile long steps, frames, ends;

static void failed(int) {
  static const char text[] = "the unwinder failed\n";
  _exit(write(1, text, sizeof text - 1) < 0 ? 4 : 3);
}

static void sample(int, siginfo_t *, void *context) {
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  if (ends) {
    registers[REG_EFL] &= ~0x100l;
    return;
  }
  void *found[64];
  int count = backtrace(found, 64);
  steps = steps + 1;
  frames = frames + count;
  for (int i = 0; i + 1 < count; i++) {
    Dl_info info;
    if (!dladdr(found[i], &info)) failed(0);
  }
}

static inline __attribute__((always_inline)) void start() {
  steps = frames = ends = 0;
  __asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq" ::: "memory", "cc");
}

static void stop(const char *what) {
  ends = 1;
  printf("%s: %s\n", what, steps > 20 && frames > 3 * steps ? "frames at every instruction" : "few");
}

__attribute__((noinline)) static int64_t wide(int64_t n) {
  volatile char big[200 << 10];
  big[n & 1023] = n;
  n += stackswitch_suspend_i64(n);
  return n + big[n & 1023];
}
__attribute__((noinline)) static int64_t dynamic(int64_t n) {
  volatile char *bytes = (volatile char *)__builtin_alloca(n + 100);
  bytes[n] = 1;
  n += stackswitch_suspend_i64(n);
  return n + bytes[1];
}
static int64_t has_wide_frame(void *, int64_t n) { for (;;) n = wide(n) & 1023; }
static int64_t has_dynamic_frame(void *, int64_t n) { for (;;) n = dynamic(n) & 1023; }
static int64_t plain(void *, int64_t n) { for (;;) n += stackswitch_suspend_i64(n); }
static int64_t handles(void *, int64_t n) {
  for (;;) {
    try {
      n += stackswitch_suspend_i64(n);
    } catch (int) {
      n = 1;
    }
  }
}
extern "C" int64_t adds_one(int64_t n) { return n + 1; }

static ucontext_t caller, fiber;
static char stack[65536];
static void on_fiber() { for (;;) swapcontext(&fiber, &caller); }

int main() {
  void *loaded[4];
  backtrace(loaded, 4);
  struct sigaction action = {};
  action.sa_sigaction = sample;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGTRAP, &action, nullptr);
  action = {};
  action.sa_handler = failed;
  sigaction(SIGSEGV, &action, nullptr);
  sigaction(SIGBUS, &action, nullptr);

  getcontext(&fiber);
  fiber.uc_stack.ss_sp = stack;
  fiber.uc_stack.ss_size = sizeof stack;
  fiber.uc_link = &caller;
  makecontext(&fiber, on_fiber, 0);
  for (int i = 0; i < 2; i++) swapcontext(&caller, &fiber);
  start();
  for (int i = 0; i < 3; i++) swapcontext(&caller, &fiber);
  stop("swapcontext");

  int64_t (*bodies[])(void *, int64_t) = {has_wide_frame, has_dynamic_frame, plain, handles};
  void *contexts[4];
  for (int i = 0; i < 4; i++) {
    contexts[i] = stackswitch_spawn_i64(nullptr, bodies[i], nullptr);
    stackswitch_setlink(contexts[i], stackswitch_current());
    stackswitch_resume_i64(contexts[i], 1);
  }
  start();
  for (int round = 0; round < 3; round++)
    for (int i = 0; i < 4; i++) stackswitch_resume_i64(contexts[i], 1);
  stop("resume, suspend");
  start();
  for (int round = 0; round < 3; round++)
    for (int i = 0; i < 4; i++) stackswitch_swap_ontop_i64(contexts[i], adds_one, 1);
  stop("swap.ontop");
  return 0;
}
