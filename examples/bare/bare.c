/* Contexts without libc, and the little that a program must give the runtime.
 *
 * - memory: an allocator, which stackswitch_set_allocator takes. Nothing is mapped, so regions come
 *   from it as well, and have no guard pages;
 * - memcpy and memset, which compilers want of every program;
 * - thread-local storage: the thread pointer is set, and what is initialised is copied there.
 *
 * It runs on Linux, where it uses nothing but three system calls: to print, to set the thread
 * pointer, to exit. Elsewhere these are the lines to replace. */
#include <elf.h>
#include <stddef.h>
#include <stdint.h>

#include <stackswitch.h>

static long system_call(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c)
                   : "rcx", "r11", "memory");
  return result;
}

static void print(const char *text) {
  size_t length = 0;
  while (text[length]) ++length;
  system_call(1 /* write */, 1, (long)text, (long)length);
}

_Noreturn static void end(int status) {
  for (;;) system_call(60 /* exit */, status, 0, 0);
}

void *memcpy(void *to, const void *from, size_t size) {
  void *at = to;
  __asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(size) : : "memory");
  return to;
}

void *memset(void *memory, int byte, size_t size) {
  void *at = memory;
  __asm__ volatile("rep stosb" : "+D"(at), "+c"(size) : "a"(byte) : "memory");
  return memory;
}

/* The simplest allocator: it never frees. */
static void *allocate(size_t size, size_t align) {
  static _Alignas(65536) char memory[8 << 20];
  static size_t used;
  size_t at = (used + align - 1) & ~(align - 1);
  if (at > sizeof memory || size > sizeof memory - at) return NULL;
  used = at + size;
  return memory + at;
}

static void deallocate(void *memory) { (void)memory; }

static void failed(int code, void *context, const char *message) {
  (void)code, (void)context;
  print(message);
  print("\n");
  end(1);
}

/* x86-64 has a thread's variables below its thread pointer, which points to itself. */
static void set_up_thread(void) {
  extern const Elf64_Ehdr __ehdr_start;
  static _Alignas(64) struct {
    char variables[4096];
    void *self;
  } storage;
  const Elf64_Phdr *header = (const void *)((const char *)&__ehdr_start + __ehdr_start.e_phoff);
  for (int i = 0; i < __ehdr_start.e_phnum; ++i, ++header) {
    if (header->p_type != PT_TLS) continue;
    size_t size = (header->p_memsz + header->p_align - 1) & ~(header->p_align - 1);
    if (size > sizeof storage.variables) end(1);
    memcpy((char *)&storage.self - size, (const void *)header->p_vaddr, header->p_filesz);
  }
  storage.self = &storage.self;
  system_call(158 /* arch_prctl */, 0x1002 /* ARCH_SET_FS */, (long)&storage.self, 0);
}

static int64_t countdown(void *arg, int64_t n) {
  (void)arg;
  while (n > 0) {
    stackswitch_suspend_i64(n);
    --n;
  }
  return 0;
}

__attribute__((used)) static void start(void) {
  set_up_thread();
  stackswitch_set_error_handler(failed);
  stackswitch_set_allocator(allocate, deallocate);
  /* Two contexts that take turns on one small region: each is saved while the other runs. */
  void *base = stackswitch_base_create(16384);
  void *one = stackswitch_spawn_i64(base, countdown, NULL);
  void *other = stackswitch_spawn_i64(base, countdown, NULL);
  char text[] = "0 0\n";
  for (;;) {
    text[0] = (char)('0' + stackswitch_resume_i64(one, 3));
    text[2] = (char)('0' + stackswitch_resume_i64(other, 5));
    if (stackswitch_status(one) == 3) break; /* finished */
    print(text);
  }
  stackswitch_destroy(one);
  stackswitch_destroy(other);
  stackswitch_base_destroy(base);
  end(0);
}

__asm__(".globl _start\n"
        "_start: xor %ebp, %ebp\n"
        "        and $-16, %rsp\n"
        "        call start\n");
