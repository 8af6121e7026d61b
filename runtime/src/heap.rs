//! A thread's heap as slicing uses it: blocks, slots for moved pages, and what is counted of both.

use crate::memory::Memory;
use crate::slots::Slots;
use crate::stats::Stats;
use crate::store::Store;

/// What slices are kept in.
pub(crate) struct Heap {
    /// Blocks, for slices and for headers.
    pub store: Store,
    /// Address space for large slices.
    pub slots: Slots,
    /// The thread's counters.
    pub stats: Stats,
}

impl Heap {
    /// An empty one that takes its memory from `memory`.
    pub(crate) const fn new(memory: Memory) -> Self {
        Self { store: Store::new(memory), slots: Slots::new(), stats: Stats::EMPTY }
    }
}
