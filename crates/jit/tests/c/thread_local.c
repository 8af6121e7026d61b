// Thread-local variables of C: initial values, alignment, a copy for each thread, libc's own.
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

_Thread_local long hits = 40;
static _Thread_local int zero;
static _Thread_local char text[16] = "initial";
_Thread_local struct {
    _Alignas(128) char bytes[200];
} wide;
static _Thread_local long *of_itself = &(long){7};

static void *count(void *name) {
    hits += 2;
    zero++;
    text[0] = 'I';
    wide.bytes[199]++;
    *of_itself += 0;
    errno = 5;
    printf("%s: hits %ld zero %d text %s wide %d %d errno %d\n", (char *)name, hits, zero, text,
           wide.bytes[199], (int)((uintptr_t)&wide % 128), errno);
    return 0;
}

static void *address(void *unused) {
    (void)unused;
    return &hits;
}

int main(void) {
    count("main");
    for (int i = 0; i < 3; i++) {
        pthread_t thread;
        if (pthread_create(&thread, 0, count, "thread") || pthread_join(thread, 0))
            return 1;
    }
    count("main");
    pthread_t thread;
    void *theirs;
    if (pthread_create(&thread, 0, address, 0) || pthread_join(thread, &theirs))
        return 1;
    printf("separate %d\n", theirs != &hits);
    return 0;
}
