// C++20 coroutines: stackless, so every function that suspends is a coroutine itself.
#include <coroutine>
#include <cstddef>
#include <exception>
#include <vector>

#include "generator.h"
#include "workload.h"

namespace {

struct Task {
  struct promise_type {
    Task get_return_object() {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<> handle;
};

// Symmetric transfer.
struct Go {
  std::coroutine_handle<> to;
  bool await_ready() noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<>) noexcept { return to; }
  void await_resume() noexcept {}
};

// ---- Resident: two coroutines that transfer to each other

struct Duo {
  std::coroutine_handle<> ends[2];
  size_t left = 0;
};

[[gnu::noinline]] Task end(Duo *duo, int other) {
  for (;;) {
    if (duo->left == 0)
      co_await std::suspend_always{};
    else
      duo->left--;
    co_await Go{duo->ends[other]};
  }
}

void *resident_set_up(size_t) {
  auto *duo = new Duo;
  duo->ends[0] = end(duo, 1).handle;
  duo->ends[1] = end(duo, 0).handle;
  return duo;
}

void resident_run(void *state, size_t count) {
  auto *duo = static_cast<Duo *>(state);
  duo->left = count;
  duo->ends[0].resume();
}

void resident_tear_down(void *state) {
  auto *duo = static_cast<Duo *>(state);
  for (auto handle : duo->ends)
    handle.destroy();
  delete duo;
}

// ---- Rings

struct Ring {
  size_t at = 0, left = 0;
  std::vector<std::coroutine_handle<>> contexts, queue;

  std::coroutine_handle<> next() {
    if (left == 0)
      return std::noop_coroutine();
    left--;
    auto to = queue[at];
    at = at + 1 == queue.size() ? 0 : at + 1;
    return to;
  }
} ring;

[[gnu::noinline]] Task member() {
  for (;;)
    co_await Go{ring.next()};
}

void *ring_set_up(size_t length) {
  ring = {};
  for (size_t i = 0; i < length; i++)
    ring.contexts.push_back(member().handle);
  for (size_t i = 0; i < length; i++)
    ring.queue.push_back(ring.contexts[ring_order.turns[i]]);
  return &ring;
}

void ring_run(void *, size_t count) {
  ring.left = count;
  ring.next().resume();
}

void ring_tear_down(void *) {
  for (auto handle : ring.contexts)
    handle.destroy();
  ring = {};
}

// ---- Create, run to the end, destroy

[[gnu::noinline]] Task at_once() { co_return; }

void *lifecycle_set_up(size_t) { return new char; }

void lifecycle_run(void *, size_t count) {
  for (size_t i = 0; i < count; i++) {
    auto handle = at_once().handle;
    handle.resume();
    handle.destroy();
  }
}

void lifecycle_tear_down(void *state) { delete static_cast<char *>(state); }

// ---- Parked contexts

struct Parked {
  size_t made = 0;
  std::vector<std::coroutine_handle<>> contexts;
};

[[gnu::noinline]] Task park() {
  char locals[128];
  for (;;) {
    // Whoever knows the address may look at all of it.
    asm volatile("" : : "r"(locals) : "memory");
    co_await std::suspend_always{};
    asm volatile("" : : "r"(locals) : "memory");
  }
}

void *parked_set_up(size_t most) {
  auto *parked = new Parked;
  parked->contexts.assign(most, nullptr);
  return parked;
}

void parked_run(void *state, size_t count) {
  auto *parked = static_cast<Parked *>(state);
  for (size_t i = 0; i < count; i++) {
    auto handle = park().handle;
    handle.resume();
    parked->contexts[parked->made++] = handle;
  }
}

void parked_tear_down(void *state) {
  auto *parked = static_cast<Parked *>(state);
  for (size_t i = 0; i < parked->made; i++)
    parked->contexts[i].destroy();
  delete parked;
}

// ---- A generator and its consumer in one function: the frame needs no heap

struct Generator {
  struct promise_type {
    uint64_t value;
    Generator get_return_object() {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(uint64_t next) {
      value = next;
      return {};
    }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};

Generator integers() {
  for (uint64_t i = 0;; i++)
    co_yield i;
}

Generator randoms(uint64_t seed) {
  for (uint64_t x = seed;;) {
    x = next_random(x);
    co_yield x;
  }
}

void *total_set_up(size_t) { return new total; }

void integers_run(void *state, size_t count) {
  uint64_t sum = 0;
  auto handle = integers().handle;
  for (size_t i = 0; i < count; i++) {
    handle.resume();
    sum += opaque(handle.promise().value);
  }
  handle.destroy();
  static_cast<total *>(state)->sum = sum;
}

void randoms_run(void *state, size_t count) {
  uint64_t sum = 0;
  auto handle = randoms(42).handle;
  for (size_t i = 0; i < count; i++) {
    handle.resume();
    sum += handle.promise().value;
  }
  handle.destroy();
  static_cast<total *>(state)->sum = sum;
}

void total_tear_down(void *state) { delete static_cast<total *>(state); }

} // namespace

extern "C" {
extern const workload cxx20_resident = {resident_set_up, resident_run, resident_tear_down};
extern const workload cxx20_ring = {ring_set_up, ring_run, ring_tear_down};
extern const workload cxx20_lifecycle = {lifecycle_set_up, lifecycle_run, lifecycle_tear_down};
extern const workload cxx20_integers = {total_set_up, integers_run, total_tear_down};
extern const workload cxx20_randoms = {total_set_up, randoms_run, total_tear_down};
extern const workload cxx20_parked = {parked_set_up, parked_run, parked_tear_down};
}
