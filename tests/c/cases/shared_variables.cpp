// Variables of suspended contexts that others read and write: each stays where it was, whatever
// kind of variable it is. All contexts start from one base, so each displaces the others.
#include <stackswitch.h>

#pragma clang diagnostic ignored "-Wvla-cxx-extension"
#include <alloca.h>
#include <cstdio>
#include <cstring>
#include <deque>
#include <stdexcept>
#include <string>
#include <vector>

// What other code knows of a variable: where it is, and how many bytes.
struct Cell {
  unsigned char *at;
  long bytes;
  Cell *next;
};
static Cell *published;
static void *base;

// Publishes a variable, suspends, and finds there what the others have written meanwhile.
static bool suspend_with(void *variable, long bytes) {
  Cell cell{static_cast<unsigned char *>(variable), bytes, published};
  published = &cell;
  stackswitch_suspend(nullptr);
  for (long i = 0; i < bytes; ++i)
    if (cell.at[i] != (unsigned char)(bytes + i))
      return false;
  return true;
}

static void write_all() {
  for (Cell *cell = published; cell; cell = cell->next)
    for (long i = 0; i < cell->bytes; ++i)
      cell->at[i] = (unsigned char)(cell->bytes + i);
  published = nullptr;
}

struct Large {
  unsigned char bytes[96];
};
struct Owner {
  std::string *log;
  unsigned char bytes[24];
  ~Owner() { log->push_back(suspend_with(bytes, sizeof bytes) ? 'd' : 'D'); }
};

__attribute__((noinline)) static bool by_value(Large large) { return suspend_with(&large, sizeof large); }
__attribute__((noinline)) static Large result() {
  Large large;
  memset(&large, suspend_with(&large, sizeof large), sizeof large);
  return large;
}
__attribute__((noinline)) static bool of_size(long n) {
  unsigned char array[n];
  return suspend_with(array, n);
}
__attribute__((noinline)) static bool in_a_loop(long n) {
  bool good = true;
  for (long i = 1; i < n; ++i) {
    unsigned char array[i * 8];
    long local = i;
    good = suspend_with(array, i * 8) && good && local == i;
  }
  auto *memory = static_cast<unsigned char *>(alloca(n * 16));
  return suspend_with(memory, n * 16) && good;
}
__attribute__((noinline)) static void three_calls(int depth, long *sum) {
  long here = 0;
  if (depth == 0) {
    unsigned char deepest[40];
    *sum += suspend_with(deepest, sizeof deepest);
    throw std::runtime_error("out");
  }
  try {
    three_calls(depth - 1, &here);
  } catch (std::runtime_error &error) {
    unsigned char again[48];
    here += suspend_with(again, sizeof again) && !strcmp(error.what(), "out");
    *sum += here;
    throw;
  }
}

static void *body(void *result_at, void *) {
  auto &log = *static_cast<std::string *>(result_at);
  auto note = [&log](bool good) { log.push_back(good ? '.' : 'X'); };
  Large large;
  note(suspend_with(&large, sizeof large));
  note(by_value(large));
  note(result().bytes[95] == 1);
  note(of_size(100));
  note(in_a_loop(6));
  long sum = 0;
  try {
    Owner owner{&log, {}};
    three_calls(3, &sum);
  } catch (std::runtime_error &) {
    note(sum == 4);
  }
  return result_at;
}

// A variable of the creator, which runs on the same base as the contexts that write it.
static void *creator(void *logs_at, void *) {
  auto &logs = *static_cast<std::vector<std::string> *>(logs_at);
  std::deque<void *> ready;
  for (auto &log : logs)
    ready.push_back(stackswitch_spawn(base, body, &log));
  while (!ready.empty()) {
    for (size_t n = ready.size(); n > 0; --n) {
      void *context = ready.front();
      ready.pop_front();
      stackswitch_resume(context, nullptr);
      if (stackswitch_status(context) == STACKSWITCH_FINISHED)
        stackswitch_destroy(context);
      else
        ready.push_back(context);
    }
    write_all();
  }
  return logs_at;
}

int main() {
  base = stackswitch_base_create(1 << 20);
  std::vector<std::string> logs(50);
  void *context = stackswitch_spawn(base, creator, &logs);
  stackswitch_resume(context, nullptr);
  stackswitch_destroy(context);
  std::printf("%s\n", logs[0].c_str());
  for (auto &log : logs)
    if (log != logs[0])
      std::printf("differs: %s\n", log.c_str());
}
