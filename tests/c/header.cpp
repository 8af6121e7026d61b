// The classes of stackswitch.hpp: the program prints what it sees and is compared with header.expected.
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "stackswitch.hpp"

using stackswitch::fiber;
using stackswitch::generator;
using stackswitch::own_stack;
using stackswitch::shared_stack;

namespace {

struct Tracer {
  std::string name;
  ~Tracer() { std::printf("  %s destroyed\n", name.c_str()); }
};

// ---- generators

template <class Stack> generator<int> squares(int count, Stack stack) {
  return generator<int>(
      [count](auto &yield) {
        Tracer tracer{"squares"};
        for (int i = 1; i <= count; ++i) yield(i * i);
      },
      stack);
}

// A generator of what another one gives.
generator<std::unique_ptr<std::string>> words(generator<int> numbers) {
  return generator<std::unique_ptr<std::string>>([numbers = std::move(numbers)](auto &yield) mutable {
    for (int number : numbers) yield(std::make_unique<std::string>("word " + std::to_string(number)));
  });
}

template <class Stack> void ranges(Stack stack) {
  std::puts("a generator is a range:");
  int sum = 0;
  for (int square : squares(10, stack)) sum += square;
  std::printf("  %d\n", sum);
  for (int square : squares(0, stack)) std::printf("  never %d\n", square);

  std::puts("a range is left early:");
  for (int square : squares(1000, stack)) {
    std::printf("  %d\n", square);
    if (square == 4) break;
  }
  std::puts("one that is never asked does not run:");
  squares(3, stack);

  std::puts("values that can only be moved:");
  for (auto &word : words(squares(3, stack))) {
    std::unique_ptr<std::string> mine = std::move(word);
    std::printf("  %s\n", mine->c_str());
  }
}

void throwing() {
  std::puts("an exception leaves a generator:");
  generator<int> numbers([](auto &yield) {
    Tracer tracer{"thrower"};
    yield(1);
    throw std::runtime_error("no more");
  });
  try {
    for (int number : numbers) std::printf("  %d\n", number);
  } catch (const std::runtime_error &error) {
    std::printf("  caught %s\n", error.what());
  }
  std::printf("  at its end: %d\n", numbers.begin() == numbers.end());
}

void views() {
  std::puts("the first of endlessly many:");
  generator<long> naturals([](auto &yield) {
    Tracer tracer{"naturals"};
    for (long n = 0;; ++n) yield(n);
  });
#if defined(__cpp_lib_ranges)
  static_assert(std::ranges::input_range<generator<long>>);
  static_assert(std::ranges::view<generator<std::unique_ptr<int>>>);
  auto odd = [](long n) { return n % 2 == 1; };
  for (long n : std::move(naturals) | std::views::filter(odd) | std::views::take(3))
    std::printf("  %ld\n", n);
#else
  int odd = 0;
  for (long n : naturals) {
    if (n % 2 == 0) continue;
    std::printf("  %ld\n", n);
    if (++odd == 3) break;
  }
#endif
}

// Many generators take turns, so that those which share a region displace one another at each step.
template <class Stack> void interleaved(Stack stack) {
  std::puts("many at once:");
  std::vector<generator<std::string>> all;
  for (int i = 0; i < 200; ++i)
    all.emplace_back(
        [i](auto &yield) {
          std::string local = std::to_string(i);
          for (int round = 0; round < 20; ++round) yield(local += 'x');
        },
        stack);
  std::vector<generator<std::string>::iterator> places;
  for (auto &one : all) places.push_back(one.begin());
  int good = 0, bad = 0;
  for (int round = 0; round < 20; ++round)
    for (int i = 0; i < 200; ++i) {
      ++(*places[i] == std::to_string(i) + std::string(round + 1, 'x') ? good : bad);
      ++places[i];
    }
  for (int i = 0; i < 200; ++i) bad += places[i] != all[i].end();
  std::printf("  good %d bad %d\n", good, bad);
}

// ---- fibers

template <class Stack> void exchange(Stack stack) {
  std::puts("a fiber exchanges values:");
  using text = std::unique_ptr<std::string>;
  fiber<text, int> teller(
      [](auto &link, int first) {
        Tracer tracer{"teller"};
        int second = link.suspend(std::make_unique<std::string>("one " + std::to_string(first)));
        int third = link.suspend(std::make_unique<std::string>("two " + std::to_string(second)));
        return std::make_unique<std::string>("end " + std::to_string(third));
      },
      stack);
  for (int i = 7; !teller.is_done(); ++i) std::printf("  %s\n", teller.resume(i)->c_str());
  try {
    teller.resume(0);
  } catch (const std::logic_error &error) {
    std::printf("  %s\n", error.what());
  }

  fiber<> plain([](auto &link) { link.suspend(); }, stack);
  plain.resume();
  std::printf("  done %d", plain.is_done());
  plain.resume();
  std::printf(" %d\n", plain.is_done());

  fiber<void, text> sink([](auto &link, text first) {
    std::printf("  %s\n", first->c_str());
    for (;;) std::printf("  %s\n", link.suspend()->c_str());
  });
  sink.resume(std::make_unique<std::string>("first"));
  sink.resume(std::make_unique<std::string>("second"));
}

void fiber_exceptions() {
  std::puts("exceptions leave fibers, one in the other:");
  fiber<int> outer([](auto &) {
    Tracer tracer{"outer"};
    fiber<int> inner([](auto &) -> int {
      Tracer tracer{"inner"};
      throw 42;
    });
    return inner.resume();
  });
  try {
    outer.resume();
  } catch (int thrown) {
    std::printf("  caught %d, done %d\n", thrown, outer.is_done());
  }
}

void cancelled() {
  std::puts("a fiber is cancelled:");
  auto body = [](auto &link) {
    Tracer outer{"its outer variable"};
    try {
      Tracer inner{"its inner variable"};
      link.suspend();
      std::puts("  never");
    } catch (const std::exception &) {
      std::puts("  never");
    }
  };
  fiber<> first(body);
  first.resume();
  first.cancel();
  std::printf("  done %d\n", first.is_done());
  fiber<> unbegun(body);
  unbegun.cancel();
  std::printf("  done %d\n", unbegun.is_done());

  std::puts("cleanups may suspend, and who is destroyed is cancelled:");
  struct Suspends {
    fiber<>::link &link;
    ~Suspends() {
      std::puts("  a cleanup suspends");
      link.suspend();
      std::puts("  and goes on");
    }
  };
  {
    fiber<> second([](auto &link) {
      Tracer tracer{"what it owns"};
      Suspends suspends{link};
      link.suspend();
    });
    second.resume();
  }

  std::puts("a moved fiber is the same:");
  fiber<int> third([](auto &link) {
    link.suspend(1);
    return 2;
  });
  std::printf("  %d\n", third.resume());
  fiber<int> fourth = std::move(third);
  std::printf("  %d\n", fourth.resume());
}

void misuse() {
  std::puts("misuse is refused:");
  fiber<> *self = nullptr;
  fiber<> again([&self](auto &) {
    try {
      self->resume();
    } catch (const std::logic_error &error) {
      std::printf("  %s\n", error.what());
    }
  });
  self = &again;
  again.resume();

  fiber<> outer([](auto &link) {
    fiber<> inner([&link](auto &) { link.suspend(); });
    try {
      inner.resume();
    } catch (const std::logic_error &error) {
      std::printf("  %s\n", error.what());
    }
  }, own_stack{});
  outer.resume();
}

} // namespace

int main() {
  ranges(shared_stack{});
  ranges(own_stack{});
  throwing();
  views();
  interleaved(shared_stack{});
  interleaved(own_stack{64 * 1024});
  exchange(shared_stack{});
  exchange(own_stack{});
  fiber_exceptions();
  cancelled();
  misuse();
  stackswitch_stats stats;
  stackswitch_get_stats(&stats);
  std::printf("contexts left: %lu\n", static_cast<unsigned long>(stats.contexts));
}
