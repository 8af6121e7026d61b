// C++ exceptions and contexts: the program prints what it sees and is compared with
// exceptions.expected. With an argument it does one thing that ends the process.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>

#include "stackswitch.h"

namespace {

struct Tracer {
  const char *name;
  ~Tracer() { std::printf("  %s destroyed, uncaught %d\n", name, std::uncaught_exceptions()); }
};

template <class T> int value_of(void *context, T (*resume)(void *, T)) {
  try {
    resume(context, T());
  } catch (int thrown) {
    return thrown;
  }
  return -1;
}

// ---- exceptions that leave a context's function

void *thrower(void *number, void *) {
  Tracer tracer{"frame of the thrower"};
  throw static_cast<int>(reinterpret_cast<long>(number));
}

int64_t thrower_i64(void *, int64_t) { throw 64; }
double thrower_f64(void *, double) { throw 65; }

struct Wide {
  long parts[8];
};
void *wide_body(void *, Wide *slot) {
  if (slot->parts[7] != 8) std::abort();
  throw 66;
}
void wide_entry(void *fn, void *arg, void *slot) {
  reinterpret_cast<void *(*)(void *, Wide *)>(fn)(arg, static_cast<Wide *>(slot));
}

void escapes() {
  std::puts("an exception leaves a context:");
  void *context = stackswitch_spawn(nullptr, thrower, reinterpret_cast<void *>(63));
  std::printf("  caught %d\n", value_of(context, stackswitch_resume));
  std::printf("  status %d, uncaught %d\n", stackswitch_status(context), std::uncaught_exceptions());
  stackswitch_destroy(context);
  context = stackswitch_spawn_i64(nullptr, thrower_i64, nullptr);
  std::printf("  caught %d\n", value_of(context, stackswitch_resume_i64));
  stackswitch_destroy(context);
  context = stackswitch_spawn_f64(nullptr, thrower_f64, nullptr);
  std::printf("  caught %d\n", value_of(context, stackswitch_resume_f64));
  stackswitch_destroy(context);
  context = stackswitch_spawn_wide(nullptr, reinterpret_cast<void *>(wide_body), nullptr, wide_entry);
  try {
    Wide wide{{1, 2, 3, 4, 5, 6, 7, 8}};
    stackswitch_resume_wide(context, &wide, sizeof wide);
  } catch (int thrown) {
    std::printf("  caught %d\n", thrown);
  }
  stackswitch_destroy(context);
}

// Passes through contexts that are nested in one another, sliced from one base.
void *nested(void *depth, void *base) {
  long level = reinterpret_cast<long>(depth);
  if (level == 0) throw std::runtime_error("from the innermost");
  std::string name = "level " + std::to_string(level);
  Tracer tracer{name.c_str()};
  void *inner = stackswitch_spawn(base, nested, reinterpret_cast<void *>(level - 1));
  try {
    stackswitch_resume(inner, base);
  } catch (const std::exception &error) {
    std::printf("  level %ld: %s\n", level, error.what());
    stackswitch_destroy(inner);
    throw;
  }
  return nullptr;
}

void chain() {
  std::puts("it goes through a chain of contexts on one stack:");
  void *base = stackswitch_base_create(1 << 20);
  void *context = stackswitch_spawn(base, nested, reinterpret_cast<void *>(3));
  try {
    stackswitch_resume(context, base);
  } catch (const std::exception &error) {
    std::printf("  main: %s\n", error.what());
  }
  stackswitch_destroy(context);
  stackswitch_base_destroy(base);
}

// A link that has not run yet is left at once as well.
void *never(void *, void *) { std::abort(); }

void through_new_link() {
  std::puts("it goes through a link that is new:");
  void *link = stackswitch_spawn(nullptr, never, nullptr);
  void *context = stackswitch_spawn(nullptr, thrower, reinterpret_cast<void *>(67));
  stackswitch_setlink(link, stackswitch_current());
  stackswitch_setlink(context, link);
  std::printf("  caught %d\n", value_of(context, stackswitch_swap));
  std::printf("  status %d %d\n", stackswitch_status(context), stackswitch_status(link));
  stackswitch_destroy(context);
  stackswitch_destroy(link);
}

// ---- exceptions thrown into a context

void *bomb(void *value) { throw static_cast<int>(reinterpret_cast<long>(value)); }
int64_t bomb_i64(int64_t value) { throw static_cast<int>(value); }
double bomb_f64(double value) { throw static_cast<int>(value); }
void bomb_wide(void *, void *slot) { throw static_cast<int>(static_cast<Wide *>(slot)->parts[7]); }

// Catches what is thrown out of its suspension.
template <class Suspend> void target(Suspend suspend) {
  try {
    Tracer tracer{"frame of the target"};
    suspend();
  } catch (int thrown) {
    std::printf("  target caught %d\n", thrown);
  }
}

void *target_ptr(void *, void *first) {
  target([] { stackswitch_suspend(nullptr); });
  return first;
}
int64_t target_i64(void *, int64_t first) {
  target([] { stackswitch_suspend_i64(0); });
  return first;
}
double target_f64(void *, double first) {
  target([] { stackswitch_suspend_f64(0); });
  return first;
}
void *target_wide(void *, Wide *) {
  target([] {
    Wide wide{};
    stackswitch_suspend_wide(&wide, sizeof wide);
  });
  return nullptr;
}

void finished(void *context) {
  std::printf("  status %d\n", stackswitch_status(context));
  stackswitch_destroy(context);
}

void injections() {
  std::puts("exceptions are thrown into a context:");
  void *context = stackswitch_spawn(nullptr, target_ptr, nullptr);
  stackswitch_resume(context, nullptr);
  stackswitch_swap_ontop(context, bomb, reinterpret_cast<void *>(1));
  finished(context);
  context = stackswitch_spawn_i64(nullptr, target_i64, nullptr);
  stackswitch_resume_i64(context, 0);
  stackswitch_swap_ontop_i64(context, bomb_i64, 2);
  finished(context);
  context = stackswitch_spawn_f64(nullptr, target_f64, nullptr);
  stackswitch_resume_f64(context, 0);
  stackswitch_swap_ontop_f64(context, bomb_f64, 3);
  finished(context);
  Wide wide{{1, 2, 3, 4, 5, 6, 7, 4}};
  context = stackswitch_spawn_wide(nullptr, reinterpret_cast<void *>(target_wide), nullptr, wide_entry);
  stackswitch_resume_wide(context, &wide, sizeof wide);
  wide.parts[7] = 4;
  stackswitch_swap_ontop_wide(context, reinterpret_cast<void *>(bomb), &wide, sizeof wide, bomb_wide);
  finished(context);

  std::puts("and into one that has not run:");
  context = stackswitch_spawn(nullptr, never, nullptr);
  stackswitch_setlink(context, stackswitch_current());
  try {
    stackswitch_swap_ontop(context, bomb, reinterpret_cast<void *>(5));
  } catch (int thrown) {
    std::printf("  caught %d, status %d\n", thrown, stackswitch_status(context));
  }
  stackswitch_destroy(context);
}

// ---- what is in flight belongs to the context

void *catcher(void *name, void *) {
  const char *label = static_cast<const char *>(name);
  for (int round = 0; round < 3; round++) {
    try {
      try {
        throw std::string(label) + std::to_string(round);
      } catch (const std::string &) {
        stackswitch_suspend(nullptr);
        std::string current = "none";
        try {
          throw;
        } catch (const std::string &again) {
          current = again;
          stackswitch_suspend(nullptr);
        }
        std::printf("  %s: in flight %s\n", label, current.c_str());
        throw;
      }
    } catch (const std::string &outer) {
      std::printf("  %s: rethrown %s\n", label, outer.c_str());
    }
  }
  if (std::current_exception()) std::puts("  something is left in flight");
  return nullptr;
}

struct Switcher {
  const char *name;
  ~Switcher() {
    int before = std::uncaught_exceptions();
    stackswitch_suspend(nullptr);
    std::printf("  %s: uncaught %d, then %d\n", name, before, std::uncaught_exceptions());
  }
};

void *unwinder(void *name, void *) {
  try {
    Switcher switcher{static_cast<const char *>(name)};
    throw 1;
  } catch (int) {
  }
  std::printf("  %s: uncaught %d\n", static_cast<char *>(name), std::uncaught_exceptions());
  return nullptr;
}

void run_all(void **contexts, int count) {
  for (bool alive = true; alive;) {
    alive = false;
    for (int i = 0; i < count; i++)
      if (stackswitch_status(contexts[i]) != STACKSWITCH_FINISHED) {
        alive = true;
        stackswitch_resume(contexts[i], nullptr);
      }
  }
}

// The contexts have stacks of their own, or share one.
void states(bool sliced) {
  std::printf("each context has its own exceptions in flight, %s:\n",
              sliced ? "sliced" : "resident");
  void *base = sliced ? stackswitch_base_create(1 << 20) : nullptr;
  char a[] = "a", b[] = "b", c[] = "c", d[] = "d";
  void *contexts[] = {stackswitch_spawn(base, catcher, a), stackswitch_spawn(base, catcher, b),
                      stackswitch_spawn(base, unwinder, c), stackswitch_spawn(base, unwinder, d)};
  try {
    throw std::string("main's");
  } catch (const std::string &) {
    run_all(contexts, 4);
    try {
      throw;
    } catch (const std::string &mine) {
      std::printf("  main: %s, uncaught %d\n", mine.c_str(), std::uncaught_exceptions());
    }
  }
  for (void *context : contexts) stackswitch_destroy(context);
  if (sliced) stackswitch_base_destroy(base);
  if (std::current_exception()) std::puts("  something is left in flight");
}

// Someone in a catch block is thrown at, swaps to himself, or is refused a switch.
void *busy(void *, void *) {
  try {
    throw 10;
  } catch (int) {
    try {
      stackswitch_suspend(nullptr);
    } catch (int injected) {
      std::printf("  injected %d\n", injected);
    }
    stackswitch_swap(stackswitch_current(), nullptr);
    void *volatile nobody = nullptr; // a constant would be refused by the compiler
    stackswitch_swap(nobody, nullptr);
    try {
      throw;
    } catch (int mine) {
      std::printf("  mine %d\n", mine);
    }
  }
  return nullptr;
}

void count_error(int code, void *, const char *) {
  std::printf("  error %d, in flight: %s\n", code, std::current_exception() ? "yes" : "no");
}

void in_catch() {
  std::puts("in a catch block a context can be thrown at, and be refused:");
  stackswitch_error_handler before = stackswitch_set_error_handler(count_error);
  void *context = stackswitch_spawn(nullptr, busy, nullptr);
  stackswitch_resume(context, nullptr);
  stackswitch_swap_ontop(context, bomb, reinterpret_cast<void *>(11));
  stackswitch_destroy(context);
  stackswitch_set_error_handler(before);
}

// ---- cancellation

void *cancelled(void *, void *) {
  Tracer outer{"outer frame"};
  for (;;) {
    try {
      Tracer inner{"inner frame"};
      Switcher switcher{"cleanup"};
      stackswitch_suspend(nullptr);
    } catch (...) {
      std::puts("  catch (...) wants to swallow it");
    }
  }
}

void *cancelled_in_catch(void *, void *) {
  Tracer outer{"outer frame"};
  try {
    throw 1;
  } catch (int) {
    stackswitch_suspend(nullptr);
  }
  return nullptr;
}

void cancellations() {
  std::puts("a cancellation is not swallowed, and cleanups may switch:");
  void *context = stackswitch_spawn(nullptr, cancelled, nullptr);
  stackswitch_resume(context, nullptr);
  stackswitch_cancel(context);
  while (stackswitch_status(context) != STACKSWITCH_FINISHED) {
    std::puts("  the cleanup has switched");
    stackswitch_resume(context, nullptr);
  }
  stackswitch_destroy(context);
  std::puts("also in a catch block:");
  context = stackswitch_spawn(nullptr, cancelled_in_catch, nullptr);
  stackswitch_resume(context, nullptr);
  stackswitch_cancel(context);
  std::printf("  status %d, in flight: %s\n", stackswitch_status(context),
              std::current_exception() ? "yes" : "no");
  stackswitch_destroy(context);
}

// ---- ends of the process

void *catch_everything(void *inner, void *) {
  stackswitch_swap(inner, nullptr);
  return nullptr;
}

int end(const char *how) {
  if (std::strcmp(how, "no-link") == 0) {
    void *context = stackswitch_spawn(nullptr, thrower, nullptr);
    stackswitch_swap(context, nullptr);
  } else if (std::strcmp(how, "nobody-catches") == 0) {
    std::set_terminate([] {
      try {
        throw;
      } catch (int value) {
        std::fprintf(stderr, "terminate was called for %d\n", value);
      }
      std::_Exit(7);
    });
    stackswitch_resume(stackswitch_spawn(nullptr, thrower, reinterpret_cast<void *>(68)), nullptr);
  } else if (std::strcmp(how, "link-catches-nothing") == 0) {
    void *inner = stackswitch_spawn(nullptr, thrower, nullptr);
    void *outer = stackswitch_spawn(nullptr, catch_everything, inner);
    stackswitch_setlink(inner, outer);
    stackswitch_swap(outer, nullptr);
  }
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  if (argc > 1) return end(argv[1]);
  escapes();
  chain();
  through_new_link();
  injections();
  states(false);
  states(true);
  in_catch();
  cancellations();
  return 0;
}
