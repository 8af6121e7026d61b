// exit() ends the program as a return from main does.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>

static void second(void) { puts("second"); }
static void first(void) {
    puts("first");
    atexit(second);
}
__attribute__((constructor)) static void begin(void) { puts("constructor"); }
__attribute__((destructor)) static void end(void) { puts("destructor"); }
static void *exits(void *status) { exit(*(int *)status); }

int main(int argc, char **argv) {
    int status = 3;
    atexit(first);
    if (argc > 1 && !strcmp(argv[1], "exit"))
        exit(status);
    if (argc > 1 && !strcmp(argv[1], "thread")) {
        pthread_t thread;
        pthread_create(&thread, 0, exits, &status);
        pthread_join(thread, 0);
    }
    if (argc > 1 && !strcmp(argv[1], "_Exit"))
        fflush(stdout), _Exit(status);
    return status;
}
