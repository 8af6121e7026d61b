// Green threads for C++: a scheduler, exceptions that leave a thread, and cancelling.
//
// Each thread is a context, and the scheduler resumes them in turn. An exception that a thread does not
// catch leaves the `resume` that runs it. A cancelled thread is unwound as by an exception, so its
// destructors run.
#include <cstdio>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <stackswitch.h>

class Scheduler {
public:
  Scheduler() = default;
  Scheduler(const Scheduler &) = delete;
  Scheduler &operator=(const Scheduler &) = delete;

  // Threads that still wait are unwound.
  ~Scheduler() {
    while (!ready.empty()) {
      std::printf("cancelling %s\n", ready.front()->name.c_str());
      if (stackswitch_status(ready.front()->context) == suspended)
        stackswitch_cancel(ready.front()->context);
      ready.pop_front();
    }
  }

  void start(std::string name, std::function<void()> work) {
    ready.push_back(std::make_unique<Thread>(std::move(name), std::move(work)));
  }

  // Runs so many turns, or until all threads have ended.
  void run(int turns) {
    for (; turns > 0 && !ready.empty(); --turns) {
      std::unique_ptr<Thread> thread = std::move(ready.front());
      ready.pop_front();
      try {
        stackswitch_resume(thread->context, nullptr);
      } catch (const std::exception &error) {
        std::printf("%s has failed: %s\n", thread->name.c_str(), error.what());
      }
      if (stackswitch_status(thread->context) == suspended)
        ready.push_back(std::move(thread));
    }
  }

  // Lets the other threads run.
  static void yield() { stackswitch_suspend(nullptr); }

private:
  static constexpr int suspended = 1; // what stackswitch_status says of it

  struct Thread {
    std::string name;
    std::function<void()> work;
    void *context;

    Thread(std::string name, std::function<void()> work)
        : name(std::move(name)), work(std::move(work)),
          context(stackswitch_spawn(nullptr, body, this)) {}
    ~Thread() { stackswitch_destroy(context); }

    static void *body(void *thread, void *) {
      static_cast<Thread *>(thread)->work();
      return nullptr;
    }
  };

  std::deque<std::unique_ptr<Thread>> ready;
};

// Prints a line when it is destroyed.
struct Guard {
  const char *name;
  ~Guard() { std::printf("  the guard of %s goes\n", name); }
};

int main() {
  Scheduler scheduler;
  scheduler.start("counter", [] {
    Guard guard{"counter"};
    for (int i = 1; i <= 3; ++i) {
      std::printf("  counter: %d\n", i);
      Scheduler::yield();
    }
  });
  scheduler.start("thrower", [] {
    Guard guard{"thrower"};
    try {
      throw 1;
    } catch (int) {
      // Others run, throw and catch meanwhile. The exception in flight here stays this thread's.
      Scheduler::yield();
    }
    throw std::runtime_error("out of patience");
  });
  scheduler.start("waiter", [] {
    Guard guard{"waiter"};
    for (;;)
      Scheduler::yield();
  });
  scheduler.run(9);
  std::puts("enough");
}
