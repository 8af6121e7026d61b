// Classes for generators, as programs have them: a handle that is a member, a body that is given the
// object, a destructor. Prints what they give; with the argument `made`, how many contexts the
// functions made that a compiler can see through, and the others.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <utility>

#include "stackswitch.h"

namespace {

// By a member function of the object's own.
struct Count {
  void *context;
  int64_t value = 0, end;
  bool done = false;

  explicit Count(int64_t end) : end(end) { context = stackswitch_spawn(nullptr, body, this); }
  Count(const Count &) = delete;
  ~Count() { stackswitch_destroy(context); }

  bool next() {
    stackswitch_resume(context, nullptr);
    return !done;
  }
  void give(int64_t what) {
    value = what;
    stackswitch_suspend(nullptr);
  }
  static void *body(void *object, void *) {
    auto count = static_cast<Count *>(object);
    for (int64_t i = 0; i < count->end; i++) count->give(i);
    count->done = true;
    return nullptr;
  }
};

// A template with iterators, which knows what has no context.
template <typename T, typename Body> class Generator {
  Body run;
  T current{};
  bool done = false;
  void *context = nullptr;

  static void *body(void *object, void *) {
    auto generator = static_cast<Generator *>(object);
    generator->run([generator](T value) {
      generator->current = value;
      stackswitch_suspend(nullptr);
    });
    generator->done = true;
    return nullptr;
  }

public:
  explicit Generator(Body run) : run(std::move(run)) {
    context = stackswitch_spawn(nullptr, body, this);
  }
  Generator(const Generator &) = delete;
  ~Generator() {
    if (context) stackswitch_destroy(context);
  }

  struct End {};
  struct Iterator {
    Generator *generator;
    T operator*() const { return generator->current; }
    void operator++() { stackswitch_resume(generator->context, nullptr); }
    bool operator!=(End) const { return !generator->done; }
  };
  Iterator begin() {
    stackswitch_resume(context, nullptr);
    return {this};
  }
  End end() { return {}; }
};

#define SEEN __attribute__((noinline))

SEEN int64_t sum(int64_t end) {
  Count count(end);
  int64_t sum = 0;
  while (count.next()) sum += count.value;
  return sum;
}

SEEN int64_t two(int64_t end) {
  Count a(end), b(end + 3);
  int64_t sum = 0;
  while (a.next() && b.next()) sum += a.value * b.value;
  return sum;
}

SEEN int64_t left_early(int64_t end) {
  int64_t sum = 0;
  for (int64_t i = 0; i < end; i++) {
    Count count(i);
    while (count.next()) {
      if (count.value > 5) break;
      sum = sum * 3 + count.value;
    }
  }
  return sum;
}

SEEN int64_t squares(int64_t end) {
  auto body = [end](auto give) {
    for (int64_t i = 0; i < end; i++) give(i * i);
  };
  int64_t sum = 0;
  for (int64_t value : Generator<int64_t, decltype(body)>(body)) sum = sum * 7 + value;
  return sum;
}

struct TooMuch : std::runtime_error {
  using std::runtime_error::runtime_error;
};

SEEN int64_t thrown(int64_t end) {
  int64_t sum = 0;
  try {
    Count count(end);
    while (count.next()) {
      sum += count.value;
      if (sum > 40) throw TooMuch("too much");
    }
  } catch (const TooMuch &) {
    sum = -sum;
  }
  return sum;
}

// The object is not the function's own: a context stays.
SEEN int64_t on_the_heap(int64_t end) {
  auto count = std::make_unique<Count>(end);
  int64_t sum = 0;
  while (count->next()) sum += count->value;
  return sum;
}

Count *volatile known;
SEEN int64_t known_elsewhere(int64_t end) {
  Count count(end);
  known = &count;
  int64_t sum = 0;
  while (known->next()) sum += count.value;
  return sum;
}

// Its body suspends in a recursion.
struct Node {
  int64_t value;
  Node *left, *right;
};

SEEN void visit(const Node *node, int64_t &to) {
  if (!node) return;
  visit(node->left, to);
  to = node->value;
  stackswitch_suspend(nullptr);
  visit(node->right, to);
}

SEEN int64_t in_order() {
  static Node d{4, nullptr, nullptr}, c{3, &d, nullptr}, b{2, nullptr, nullptr}, a{1, &b, &c};
  struct Walk {
    int64_t value = 0;
    bool done = false;
    void *context;
    Walk() { context = stackswitch_spawn(nullptr, body, this); }
    ~Walk() { stackswitch_destroy(context); }
    static void *body(void *object, void *) {
      auto walk = static_cast<Walk *>(object);
      visit(&a, walk->value);
      walk->done = true;
      return nullptr;
    }
  } walk;
  int64_t sum = 0;
  for (;;) {
    stackswitch_resume(walk.context, nullptr);
    if (walk.done) return sum;
    sum = sum * 31 + walk.value;
  }
}

uint64_t made() {
  stackswitch_stats stats;
  stackswitch_get_stats(&stats);
  return stats.spawned;
}

} // namespace

int main(int count, char **arguments) {
  int64_t end = 20 + count / 100;
  uint64_t start = made();
  int64_t results[] = {sum(end), two(end), left_early(end), squares(end), thrown(end)};
  uint64_t seen_through = made();
  int64_t others[] = {on_the_heap(end), known_elsewhere(end), in_order()};
  uint64_t all = made();
  if (count > 1 && !std::strcmp(arguments[1], "made")) {
    std::printf("%d %d\n", int(seen_through - start), int(all - seen_through));
    return 0;
  }
  for (int64_t result : results) std::printf("%lld\n", static_cast<long long>(result));
  for (int64_t result : others) std::printf("%lld\n", static_cast<long long>(result));
}
