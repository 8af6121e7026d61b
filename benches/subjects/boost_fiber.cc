// Boost.Context's fiber.
#include <boost/context/fiber.hpp>
#include <boost/context/fixedsize_stack.hpp>

#include "workload.h"

namespace {

using boost::context::fiber;
using boost::context::fixedsize_stack;

constexpr size_t Stack = 16384;

void *resident_set_up(size_t) {
  return new fiber(std::allocator_arg, fixedsize_stack(Stack), [](fiber &&from) {
    for (;;)
      from = std::move(from).resume();
    return std::move(from);
  });
}

void resident_run(void *state, size_t count) {
  auto *other = static_cast<fiber *>(state);
  for (size_t i = 0; i < count; i += 2)
    *other = std::move(*other).resume();
}

void resident_tear_down(void *state) { delete static_cast<fiber *>(state); }

void *lifecycle_set_up(size_t) { return new char; }

void lifecycle_run(void *, size_t count) {
  for (size_t i = 0; i < count; i++)
    fiber(std::allocator_arg, fixedsize_stack(Stack), [](fiber &&from) {
      return std::move(from);
    }).resume();
}

void lifecycle_tear_down(void *state) { delete static_cast<char *>(state); }

} // namespace

extern "C" {
extern const workload boost_fiber_resident = {resident_set_up, resident_run, resident_tear_down};
extern const workload boost_fiber_lifecycle = {lifecycle_set_up, lifecycle_run,
                                               lifecycle_tear_down};
}
