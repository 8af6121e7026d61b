/* The floor: a switch written by hand for x86-64. Every register is a clobber, so only the
 * frame pointer, the stack pointer and the address to go on at move; nothing is checked. */
#include <stdlib.h>

#include "workload.h"

enum { STACK = 4096 };

/* Compiled with -mno-red-zone: the pushes are no call that the compiler knows of. The target's
 * stack pointer is loaded into a scratch register and set last. */
static inline __attribute__((always_inline)) void go(void **from, void **to) {
  __asm__ volatile("pushq %%rbp\n\t"
                   "leaq 1f(%%rip), %%rax\n\t"
                   "pushq %%rax\n\t"
                   "movq %%rsp, (%0)\n\t"
                   "movq (%1), %%rdx\n\t"
                   "jmpq *(%%rdx)\n"
                   "1:\n\t"
                   "movq 8(%%rdx), %%rbp\n\t"
                   "leaq 16(%%rdx), %%rsp"
                   : "+D"(from), "+S"(to)
                   :
                   : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
                     "r15", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
                     "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "cc", "memory");
}

/* Where a context starts: its body and the argument lie at its stack pointer. */
void inline_asm_entry(void);
__asm__(".text\n"
        ".globl inline_asm_entry\n"
        ".type inline_asm_entry,@function\n"
        "inline_asm_entry:\n\t"
        "movq 8(%rdx), %rax\n\t"
        "movq 16(%rdx), %rdi\n\t"
        "leaq 24(%rdx), %rsp\n\t"
        "call *%rax\n\t"
        "ud2\n"
        ".size inline_asm_entry, . - inline_asm_entry");

/* The stack pointer of a context that will run `body` on `stack`. */
static void *start(char *stack, size_t size, void (*body)(void *), void *argument) {
  size_t top = ((size_t)stack + size) & ~(size_t)15;
  void **sp = (void **)(top - 32) - 1;
  sp[0] = (void *)inline_asm_entry;
  sp[1] = (void *)body;
  sp[2] = argument;
  return sp;
}

/* ---- Resident ---------------------------------------------------------------- */

struct duo {
  void *main, *other;
  char stack[STACK];
};

static void duo_body(void *argument) {
  struct duo *duo = argument;
  for (;;)
    go(&duo->other, &duo->main);
}

static void *resident_set_up(size_t size) {
  (void)size;
  struct duo *duo = malloc(sizeof *duo);
  duo->other = start(duo->stack, sizeof duo->stack, duo_body, duo);
  return duo;
}

static void resident_run(void *state, size_t count) {
  struct duo *duo = state;
  for (size_t i = 0; i < count; i += 2)
    go(&duo->main, &duo->other);
}

const struct workload inline_asm_resident = {resident_set_up, resident_run, free};

/* ---- Resident, by contexts in objects ------------------------------------------ */

/* As large as ours, and reached like them. */
struct object {
  void *point, *sp, *rbp;
  char rest[512 - 3 * sizeof(void *)];
};

/* What a switch between two contexts must at least do if each is an object in memory: the place to
 * go on at, the stack pointer and the frame pointer are stored there and found there. */
static inline __attribute__((always_inline)) void go_object(struct object *from, struct object *to) {
  __asm__ volatile("leaq 1f(%%rip), %%rax\n\t"
                   "movq %%rax, (%0)\n\t"
                   "movq %%rsp, 8(%0)\n\t"
                   "movq %%rbp, 16(%0)\n\t"
                   "jmpq *(%1)\n"
                   "1:\n\t"
                   "movq 16(%1), %%rbp\n\t"
                   "movq 8(%1), %%rsp"
                   : "+D"(from), "+d"(to)
                   :
                   : "rax", "rbx", "rcx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
                     "r15", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
                     "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "cc", "memory");
}

/* Where such a context starts: rdx is its object, its body and argument lie at its stack pointer. */
void inline_asm_object_entry(void);
__asm__(".text\n"
        ".globl inline_asm_object_entry\n"
        ".type inline_asm_object_entry,@function\n"
        "inline_asm_object_entry:\n\t"
        "movq 8(%rdx), %rsp\n\t"
        "popq %rax\n\t"
        "popq %rdi\n\t"
        "call *%rax\n\t"
        "ud2\n"
        ".size inline_asm_object_entry, . - inline_asm_object_entry");

struct objects {
  struct object main, other;
  char stack[16384];
} __attribute__((aligned(64)));

static void objects_body(void *argument) {
  struct objects *objects = argument;
  for (;;)
    go_object(&objects->other, &objects->main);
}

static void *objects_set_up(size_t size) {
  (void)size;
  struct objects *objects = aligned_alloc(64, sizeof *objects);
  void **sp = (void **)(objects->stack + sizeof objects->stack) - 4;
  sp[0] = (void *)objects_body;
  sp[1] = objects;
  objects->other.point = (void *)inline_asm_object_entry;
  objects->other.sp = sp;
  return objects;
}

static void objects_run(void *state, size_t count) {
  struct objects *objects = state;
  for (size_t i = 0; i < count; i += 2)
    go_object(&objects->main, &objects->other);
}

const struct workload inline_asm_objects = {objects_set_up, objects_run, free};

/* ---- Rings on stacks of 4 KiB ------------------------------------------------- */

struct member {
  void *sp;
  char *stack;
};

static struct {
  void *main;
  size_t length, at, left;
  struct member *members;
  struct member **queue;
} ring;

static inline void **next(void) {
  if (ring.left == 0)
    return &ring.main;
  ring.left--;
  size_t at = ring.at;
  ring.at = at + 1 == ring.length ? 0 : at + 1;
  return &ring.queue[at]->sp;
}

static void member_body(void *argument) {
  struct member *self = argument;
  for (;;)
    go(&self->sp, next());
}

static void *ring_set_up(size_t length) {
  ring.length = length;
  ring.at = ring.left = 0;
  ring.members = calloc(length, sizeof *ring.members);
  ring.queue = calloc(length, sizeof *ring.queue);
  for (size_t i = 0; i < length; i++) {
    struct member *member = &ring.members[i];
    member->stack = malloc(STACK);
    member->sp = start(member->stack, STACK, member_body, member);
    ring.queue[i] = &ring.members[ring_order.turns[i]];
  }
  return &ring;
}

static void ring_run(void *state, size_t count) {
  (void)state;
  ring.left = count;
  go(&ring.main, next());
}

static void ring_tear_down(void *state) {
  (void)state;
  for (size_t i = 0; i < ring.length; i++)
    free(ring.members[i].stack);
  free(ring.members);
  free(ring.queue);
}

const struct workload inline_asm_ring = {ring_set_up, ring_run, ring_tear_down};
