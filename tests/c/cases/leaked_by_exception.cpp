// A context that is left suspended by an exception keeps its variables, and so does one whose
// destruction a cleanup sees to as long as it is there.
#include <cstdint>
#include <cstdio>

#include "stackswitch.h"

#define NOINLINE __attribute__((noinline))

namespace {

int64_t *published;

int64_t array(void *, int64_t first) {
  int64_t x[4] = {first, first + 1, first + 2, first + 3};
  published = x;
  for (;;) stackswitch_suspend_i64(x[0]);
  return 0;
}

struct Left {
  int64_t value;
};

NOINLINE void leaves(int64_t value) { throw Left{value}; }

NOINLINE void left(int64_t n) {
  void *context = stackswitch_spawn_i64(nullptr, array, nullptr);
  stackswitch_resume_i64(context, n);
  leaves(n);
  stackswitch_destroy(context);
}

struct Owned {
  void *context;
  explicit Owned(int64_t n) : context(stackswitch_spawn_i64(nullptr, array, nullptr)) {
    stackswitch_resume_i64(context, n);
  }
  ~Owned() {
    published[0] += published[2];
    std::printf("destroyed %lld\n", static_cast<long long>(stackswitch_resume_i64(context, 0)));
    stackswitch_destroy(context);
  }
};

NOINLINE void owned(int64_t n) {
  Owned one(n);
  published[2] *= 10;
  if (n > 5) leaves(published[2]);
}

NOINLINE void clobber() {
  volatile int64_t z[200];
  for (int i = 0; i < 200; i++) z[i] = -i;
  static_cast<void>(z[0]);
}

} // namespace

int main() {
  try {
    left(5);
  } catch (const Left &caught) {
    clobber();
    published[1] = caught.value * 2;
    clobber();
    std::printf("left %lld %lld %lld\n", static_cast<long long>(published[0]),
                static_cast<long long>(published[1]), static_cast<long long>(published[3]));
  }
  for (int64_t n = 5; n < 7; n++) {
    try {
      owned(n);
    } catch (const Left &caught) {
      std::printf("caught %lld\n", static_cast<long long>(caught.value));
    }
  }
}
