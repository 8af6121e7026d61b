//! What a thread counts.

/// Counters of one thread since it started: `struct stackswitch_stats`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Stats {
    /// Contexts alive now, without the thread's own.
    pub contexts: u64,
    /// The most that were alive at once.
    pub contexts_peak: u64,
    /// Contexts ever spawned.
    pub spawned: u64,
    /// Switches, all of them.
    pub switches: u64,
    /// Switches that had more to do than exchange registers.
    pub switches_slow: u64,
    /// Bytes moved from stacks to the heap.
    pub bytes_saved: u64,
    /// Bytes moved back.
    pub bytes_restored: u64,
    /// Bytes in slices now.
    pub bytes_parked: u64,
    /// The most bytes that were in slices at once.
    pub bytes_parked_peak: u64,
    /// Contexts that hold a slice now.
    pub contexts_parked: u64,
    /// The most contexts that held a slice at once.
    pub contexts_parked_peak: u64,
    /// Bytes taken from the allocator for headers and slices, now.
    pub heap_bytes: u64,
    /// The most bytes that were taken at once.
    pub heap_bytes_peak: u64,
}

impl Stats {
    /// A context now holds a slice of `length` bytes, of which `bytes` came from its stack.
    #[inline]
    pub(crate) fn saved(&mut self, bytes: usize, length: usize) {
        self.bytes_saved += bytes as u64;
        self.bytes_parked += length as u64;
        self.bytes_parked_peak = self.bytes_parked_peak.max(self.bytes_parked);
        self.shared();
    }

    /// A slice of `bytes` went back to its stack, and `freed` of its bytes to the heap.
    #[inline]
    pub(crate) fn restored(&mut self, bytes: usize, freed: usize) {
        self.bytes_restored += bytes as u64;
        self.dropped(freed);
    }

    /// One more context holds a slice that there was.
    #[inline]
    pub(crate) fn shared(&mut self) {
        self.contexts_parked += 1;
        self.contexts_parked_peak = self.contexts_parked_peak.max(self.contexts_parked);
    }

    /// A slice of `bytes` changed places with a stack's bytes.
    #[inline]
    pub(crate) fn exchanged(&mut self, bytes: usize) {
        self.bytes_saved += bytes as u64;
        self.bytes_restored += bytes as u64;
    }

    /// A context holds its slice no longer, which freed as many bytes.
    #[inline]
    pub(crate) fn dropped(&mut self, freed: usize) {
        self.bytes_parked -= freed as u64;
        self.contexts_parked -= 1;
    }

    /// A context came to be.
    #[inline]
    pub(crate) fn born(&mut self) {
        self.spawned += 1;
        self.contexts += 1;
        self.contexts_peak = self.contexts_peak.max(self.contexts);
    }
}
