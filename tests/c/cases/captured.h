// What captured_library.c has for captured.c.
void *base_object(void);
__attribute__((returns_twice)) int mark(void);
void go_back(void);
void yield(void);
void run_two(void (*function)(void *), void *one, void *other);
