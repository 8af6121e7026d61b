// Large variables that a switch needs, an array and an object with a destructor: their bytes are
// right, the destructor runs when it should, and nothing is left behind, however their frame is left.
// The argument says where they must be, "heap" or "frame".
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "stackswitch.h"

#define NOINLINE __attribute__((noinline))

namespace {

void check(bool good, const char *what) {
  if (good) return;
  std::printf("wrong: %s\n", what);
  std::exit(1);
}

NOINLINE void fill(char *bytes, int count, long seed) {
  for (int i = 0; i < count; i++) static_cast<volatile char *>(bytes)[i] = char(seed * 31 + i * 7);
}

NOINLINE bool is_filled(const char *bytes, int count, long seed) {
  for (int i = 0; i < count; i++)
    if (static_cast<const volatile char *>(bytes)[i] != char(seed * 31 + i * 7)) return false;
  return true;
}

int destroyed;

struct Large {
  char bytes[3000];
  long seed;
  explicit Large(long seed) : seed(seed) { fill(bytes, sizeof bytes, seed); }
  ~Large() {
    check(is_filled(bytes, sizeof bytes, seed), "the object when it is destroyed");
    destroyed++;
  }
};

enum Order { GO_ON, THROW, RETURN };

// A frame below with a variable of its own, which an exception leaves too.
NOINLINE long inner(long seed) {
  Large object(seed + 1);
  long order = stackswitch_suspend_i64(seed);
  if (order == THROW) throw seed;
  return order;
}

int64_t body(void *arg, int64_t) {
  long seed = reinterpret_cast<long>(arg);
  char array[2000];
  fill(array, sizeof array, seed);
  Large object(seed);
  long order = GO_ON;
  while (order == GO_ON) {
    order = stackswitch_suspend_i64(seed);
    check(is_filled(array, sizeof array, seed), "the array");
    if (order == THROW) throw seed;
    try {
      order = inner(seed);
    } catch (...) {
      check(is_filled(array, sizeof array, seed), "the array in a handler");
      throw;
    }
  }
  return seed;
}

// Two of one base, which displace one another, are where the bytes lie.
struct Pair {
  void *base = stackswitch_base_create(1 << 20);
  void *one = stackswitch_spawn_i64(base, body, reinterpret_cast<void *>(3));
  void *two = stackswitch_spawn_i64(base, body, reinterpret_cast<void *>(4));
  Pair(int turns) {
    for (int i = 0; i < turns; i++) {
      check(stackswitch_resume_i64(one, GO_ON) == 3, "the first's value");
      check(stackswitch_resume_i64(two, GO_ON) == 4, "the second's value");
    }
  }
  ~Pair() {
    stackswitch_destroy(one);
    stackswitch_destroy(two);
    stackswitch_base_destroy(base);
  }
};

int64_t throws(int64_t value) { throw value; }

long caught(void *context, Order order) {
  try {
    stackswitch_resume_i64(context, order);
  } catch (long thrown) {
    return thrown;
  }
  return -1;
}

// The ways. They leave the frames after so many turns: after one it waits in `body`, after two in
// `inner`.

void ends(int turns) {
  Pair pair(turns);
  void *contexts[] = {pair.one, pair.two};
  for (void *context : contexts)
    while (stackswitch_status(context) == 1) stackswitch_resume_i64(context, RETURN);
}

void throws_after(int turns) {
  Pair pair(turns);
  check(caught(pair.one, THROW) == 3 && caught(pair.two, THROW) == 4, "the exception");
}

void thrown_into(int turns) {
  Pair pair(turns);
  try {
    stackswitch_swap_ontop_i64(pair.one, throws, 77);
  } catch (int64_t thrown) {
    check(thrown == 77, "the exception thrown on top");
  }
}

void cancelled(int turns) {
  Pair pair(turns);
  stackswitch_cancel(pair.two);
  stackswitch_cancel(pair.one);
}

void left(int turns) { Pair pair(turns); }

uint64_t heap_bytes() {
  stackswitch_stats stats;
  stackswitch_get_stats(&stats);
  return stats.heap_bytes;
}

} // namespace

int main(int, char **argv) {
  bool on_heap = std::strcmp(argv[1], "heap") == 0;
  {
    Pair pair(1);
    size_t bytes = stackswitch_slice_size(pair.one);
    check(on_heap ? bytes < 1000 : bytes > 5000, "where the variables are");
  }
  struct {
    const char *name;
    void (*run)(int turns);
    int destructors[2];
  } ways[] = {
      {"ends", ends, {4, 4}},           {"throws", throws_after, {2, 4}},
      {"thrown into", thrown_into, {1, 2}}, {"cancelled", cancelled, {2, 4}},
      {"destroyed", left, {0, 0}},
  };
  for (auto &way : ways) {
    uint64_t bytes[2];
    for (int round = 0; round < 40; round++) {
      for (int turns = 1; turns <= 2; turns++) {
        destroyed = 0;
        way.run(turns);
        check(destroyed == way.destructors[turns - 1], way.name);
      }
      if (round % 30 == 9) bytes[round / 30] = heap_bytes();
    }
    check(bytes[0] == bytes[1], "the heap has grown");
  }
  std::puts("all as it should be");
}
