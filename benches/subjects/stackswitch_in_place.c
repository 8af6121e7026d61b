/* The same through the plugin, which puts switches in place. */
#define stackswitch_resident in_place_resident
#define stackswitch_resident_swap in_place_resident_swap
#define stackswitch_sliced in_place_sliced
#define stackswitch_sliced_unequal in_place_sliced_unequal
#define stackswitch_ring in_place_ring
#define stackswitch_ring_prefetch in_place_ring_prefetch
#define stackswitch_lifecycle in_place_lifecycle
#define stackswitch_lifecycle_after_peak in_place_lifecycle_after_peak
#define stackswitch_parked in_place_parked
#define stackswitch_parked_locals in_place_parked_locals
#define stackswitch_parked_slice in_place_parked_slice
#define stackswitch_hot_set_copies in_place_hot_set_copies
#define stackswitch_scheduler_copies in_place_scheduler_copies
#include "stackswitch.c"

/* ---- Resident, in the POSIX layer ------------------------------------------- */

enum { OBJECT = 512, GIVEN = 16384 };

struct positions {
  char main[OBJECT], other[OBJECT];
  char stack[GIVEN];
} __attribute__((aligned(64)));

static void swaps_for_ever(void *argument) {
  struct positions *positions = argument;
  for (;;)
    stackswitch_swapcontext(positions->other, positions->main, 0);
}

static void *positions_set_up(size_t size) {
  (void)size;
  struct positions *positions = aligned_alloc(64, sizeof *positions);
  memset(positions->main, 0, sizeof positions->main);
  memset(positions->other, 0, sizeof positions->other);
  stackswitch_getcontext(positions->other, 0);
  stackswitch_makecontext(positions->other, positions->stack, sizeof positions->stack, 0,
                          swaps_for_ever, positions);
  return positions;
}

static void positions_run(void *state, size_t count) {
  struct positions *positions = state;
  for (size_t i = 0; i < count; i += 2)
    stackswitch_swapcontext(positions->main, positions->other, 0);
}

const struct workload in_place_swapcontext = {positions_set_up, positions_run, free};
