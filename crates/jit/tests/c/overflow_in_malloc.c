// Recursion without end whose stack may overflow in malloc and in free, while they hold a lock. Several
// threads exist, so the lock is a real one. The argument shifts where the overflow happens.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

void *stackswitch_spawn(void *base, void *(*body)(void *, void *), void *argument);
void *stackswitch_resume(void *context, void *value);

static volatile long stop = -1;

static void *nothing(void *argument) { return argument; }

__attribute__((noinline)) static long deeper(long n) {
    volatile char bytes[148];
    bytes[n & 63] = 1;
    if (n == stop)
        return 0;
    volatile char *block = malloc(1500 + (n & 1023));
    if (!block)
        return 0;
    block[0] = 1;
    free((void *)block);
    return deeper(n + 1) + bytes[n & 63];
}

static void *body(void *shift, void *first) {
    volatile char *bytes = __builtin_alloca(16 + (size_t)shift);
    bytes[0] = 1;
    return (void *)deeper((long)first);
}

int main(int argc, char **argv) {
    pthread_t thread;
    if (pthread_create(&thread, 0, nothing, 0) || pthread_join(thread, 0))
        return 1;
    size_t shift = argc > 1 ? (size_t)atoi(argv[1]) : 0;
    void *context = stackswitch_spawn(0, body, (void *)shift);
    printf("%p\n", stackswitch_resume(context, (void *)1));
    return 0;
}
