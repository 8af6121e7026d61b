// Thread-local objects of C++: constructors, destructors at the thread's end and at the program's,
// std::call_once (which uses thread-local variables of libstdc++), templates.
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>

struct Noisy {
    std::string name;
    explicit Noisy(const char *name) : name(name) { std::printf("make %s\n", this->name.c_str()); }
    ~Noisy() { std::printf("drop %s\n", name.c_str()); }
};

thread_local Noisy first("first");
thread_local Noisy second("second");
Noisy global("global");

template <typename T> struct Counter {
    static inline thread_local T count = 10;
};

static void use(const char *who) {
    std::printf("%s uses %s and %s, count %d\n", who, first.name.c_str(), second.name.c_str(),
                ++Counter<int>::count);
}

int main() {
    use("main");
    std::once_flag once;
    for (int i = 0; i < 2; i++) {
        std::thread([&] {
            std::call_once(once, [](const char *what) { std::printf("%s\n", what); }, "called once");
            use("thread");
        }).join();
    }
    thread_local Noisy local("local");
    use("main");
    return 0;
}
