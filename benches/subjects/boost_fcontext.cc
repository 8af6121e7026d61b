// Boost.Context's lowest layer: jump_fcontext.
#include <cstdlib>
#include <vector>

#include <boost/context/detail/fcontext.hpp>

#include "workload.h"

namespace {

using boost::context::detail::fcontext_t;
using boost::context::detail::jump_fcontext;
using boost::context::detail::make_fcontext;
using boost::context::detail::transfer_t;

constexpr size_t Stack = 4096;

// ---- Resident

struct Duo {
  fcontext_t other;
  char *stack;
};

[[noreturn]] void echo(transfer_t from) {
  for (;;)
    from = jump_fcontext(from.fctx, nullptr);
}

void *resident_set_up(size_t) {
  auto *stack = static_cast<char *>(std::malloc(Stack));
  return new Duo{make_fcontext(stack + Stack, Stack, echo), stack};
}

void resident_run(void *state, size_t count) {
  auto *duo = static_cast<Duo *>(state);
  fcontext_t other = duo->other;
  for (size_t i = 0; i < count; i += 2)
    other = jump_fcontext(other, nullptr).fctx;
  duo->other = other;
}

void resident_tear_down(void *state) {
  auto *duo = static_cast<Duo *>(state);
  std::free(duo->stack);
  delete duo;
}

// ---- Rings on stacks of 4 KiB from malloc, which spreads them over the cache's sets

struct Ring {
  fcontext_t main;
  size_t at, left;
  std::vector<fcontext_t> contexts;
  std::vector<char *> stacks;
  std::vector<fcontext_t *> queue;

  fcontext_t *next() {
    if (left == 0)
      return &main;
    left--;
    fcontext_t *to = queue[at];
    at = at + 1 == queue.size() ? 0 : at + 1;
    return to;
  }
} ring;

// The data of a jump tells where to keep the context that was left.
[[noreturn]] void member(transfer_t from) {
  // The first jump comes from the main context and says who this is.
  auto *self = static_cast<fcontext_t *>(from.data);
  from = jump_fcontext(from.fctx, nullptr);
  for (;;) {
    *static_cast<fcontext_t *>(from.data) = from.fctx;
    from = jump_fcontext(*ring.next(), self);
  }
}

void *ring_set_up(size_t length) {
  ring = {};
  ring.contexts.resize(length);
  for (size_t i = 0; i < length; i++) {
    auto *stack = static_cast<char *>(std::malloc(Stack));
    ring.stacks.push_back(stack);
    fcontext_t context = make_fcontext(stack + Stack, Stack, member);
    context = jump_fcontext(context, &ring.contexts[i]).fctx;
    ring.contexts[i] = context;
  }
  for (size_t i = 0; i < length; i++)
    ring.queue.push_back(&ring.contexts[ring_order.turns[i]]);
  return &ring;
}

void ring_run(void *, size_t count) {
  ring.left = count;
  transfer_t from = jump_fcontext(*ring.next(), &ring.main);
  *static_cast<fcontext_t *>(from.data) = from.fctx;
}

void ring_tear_down(void *) {
  for (char *stack : ring.stacks)
    std::free(stack);
  ring = {};
}

// ---- Create, run to the end, destroy, on a stack that is used again

[[noreturn]] void at_once(transfer_t from) {
  jump_fcontext(from.fctx, nullptr);
  __builtin_unreachable();
}

void *lifecycle_set_up(size_t) { return std::malloc(Stack); }

void lifecycle_run(void *stack, size_t count) {
  for (size_t i = 0; i < count; i++)
    jump_fcontext(make_fcontext(static_cast<char *>(stack) + Stack, Stack, at_once), nullptr);
}

// ---- Parked contexts

struct Parked {
  size_t made;
  std::vector<fcontext_t> contexts;
  std::vector<char *> stacks;
};

[[noreturn]] void park(transfer_t from) {
  volatile char locals[128];
  locals[0] = 1;
  for (;;)
    from = jump_fcontext(from.fctx, const_cast<char *>(locals));
}

void *parked_set_up(size_t most) {
  auto *parked = new Parked{};
  parked->contexts.assign(most, nullptr);
  parked->stacks.assign(most, nullptr);
  return parked;
}

void parked_run(void *state, size_t count) {
  auto *parked = static_cast<Parked *>(state);
  for (size_t i = 0; i < count; i++) {
    auto *stack = static_cast<char *>(std::malloc(Stack));
    fcontext_t context = make_fcontext(stack + Stack, Stack, park);
    parked->stacks[parked->made] = stack;
    parked->contexts[parked->made++] = jump_fcontext(context, nullptr).fctx;
  }
}

void parked_tear_down(void *state) {
  auto *parked = static_cast<Parked *>(state);
  for (char *stack : parked->stacks)
    std::free(stack);
  delete parked;
}

} // namespace

extern "C" {
extern const workload boost_fcontext_resident = {resident_set_up, resident_run,
                                                 resident_tear_down};
extern const workload boost_fcontext_ring = {ring_set_up, ring_run, ring_tear_down};
extern const workload boost_fcontext_lifecycle = {lifecycle_set_up, lifecycle_run, std::free};
extern const workload boost_fcontext_parked = {parked_set_up, parked_run, parked_tear_down};
}
