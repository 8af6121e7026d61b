//! A thread's heap: blocks, address space for large slices, and the thread's counters.

use crate::memory::Memory;
use crate::slice_mappings::SliceMappings;
use crate::stats::Stats;
use crate::store::Store;

/// The memory of a thread's slices and headers.
pub(crate) struct Heap {
    /// Blocks for slices and headers.
    pub store: Store,
    /// Address space for large slices.
    pub mappings: SliceMappings,
    /// The thread's counters.
    pub stats: Stats,
}

impl Heap {
    /// An empty one that takes its memory from `memory`.
    pub(crate) const fn new(memory: Memory) -> Self {
        Self { store: Store::new(memory), mappings: SliceMappings::new(), stats: Stats::EMPTY }
    }
}
