// Green threads for C++: a scheduler, exceptions that leave a thread, and cancelling.
//
// Each thread is a fiber, and the scheduler resumes them in turn. An exception that a thread does not
// catch leaves the `resume` that runs it. A thread that is destroyed before its end is unwound as by an
// exception, so its destructors run.
#include <cstdio>
#include <deque>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

#include <stackswitch.hpp>

class Scheduler {
  using Fiber = stackswitch::fiber<>;

public:
  // What a thread is given. `turn.suspend()` lets the other threads run.
  using Turn = Fiber::link;

  Scheduler() = default;
  Scheduler(const Scheduler &) = delete;
  Scheduler &operator=(const Scheduler &) = delete;

  // Threads that still wait are unwound.
  ~Scheduler() {
    while (!ready.empty()) {
      std::printf("cancelling %s\n", ready.front().name.c_str());
      ready.pop_front();
    }
  }

  template <class Work> void start(std::string name, Work work) {
    ready.push_back({std::move(name), Fiber(std::move(work))});
  }

  // Runs so many turns, or until all threads have ended.
  void run(int turns) {
    for (; turns > 0 && !ready.empty(); --turns) {
      Thread thread = std::move(ready.front());
      ready.pop_front();
      try {
        thread.fiber.resume();
      } catch (const std::exception &error) {
        std::printf("%s has failed: %s\n", thread.name.c_str(), error.what());
      }
      if (!thread.fiber.is_done()) ready.push_back(std::move(thread));
    }
  }

private:
  struct Thread {
    std::string name;
    Fiber fiber;
  };

  std::deque<Thread> ready;
};

// Prints a line when it is destroyed.
struct Guard {
  const char *name;
  ~Guard() { std::printf("  the guard of %s goes\n", name); }
};

int main() {
  Scheduler scheduler;
  scheduler.start("counter", [](Scheduler::Turn &turn) {
    Guard guard{"counter"};
    for (int i = 1; i <= 3; ++i) {
      std::printf("  counter: %d\n", i);
      turn.suspend();
    }
  });
  scheduler.start("thrower", [](Scheduler::Turn &turn) {
    Guard guard{"thrower"};
    try {
      throw 1;
    } catch (int) {
      // Others run, throw and catch meanwhile. The exception in flight here stays this thread's.
      turn.suspend();
    }
    throw std::runtime_error("out of patience");
  });
  scheduler.start("waiter", [](Scheduler::Turn &turn) {
    Guard guard{"waiter"};
    for (;;)
      turn.suspend();
  });
  scheduler.run(9);
  std::puts("enough");
}
