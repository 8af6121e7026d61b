/* The physical limit of slicing by copying: two calls of memcpy for as many bytes as a slice
 * has, one from a stack to the heap and one back. The buffers lie at page offsets that suit
 * memcpy, which stumbles when they are close modulo 4096. */
#include <stdlib.h>
#include <string.h>

#include "workload.h"

struct copies {
  size_t size;
  char *memory, *stack, *heap[2];
};

static void *set_up(size_t size) {
  enum { PAGE = 4096, LINE = 64 };
  struct copies *copies = malloc(sizeof *copies);
  size_t room = (size + 2 * PAGE) & ~(size_t)(PAGE - 1);
  copies->size = size;
  copies->memory = aligned_alloc(PAGE, 3 * room);
  memset(copies->memory, 1, 3 * room);
  copies->stack = copies->memory;
  copies->heap[0] = copies->memory + room + 21 * LINE;
  copies->heap[1] = copies->memory + 2 * room + 42 * LINE;
  return copies;
}

static void run(void *state, size_t count) {
  struct copies *copies = state;
  for (size_t i = 0; i < count; i++) {
    memcpy(copies->heap[i & 1], copies->stack, copies->size);
    memcpy(copies->stack, copies->heap[~i & 1], copies->size);
    __asm__ volatile("" ::: "memory");
  }
}

static void tear_down(void *state) {
  struct copies *copies = state;
  free(copies->memory);
  free(copies);
}

const struct workload memcpy_pair_sliced = {set_up, run, tear_down};
