//! What is counted: for a thread, for the contexts of a base, and for the process.

use core::sync::atomic::{AtomicU64, Ordering};

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
    /// Switches for which bytes were moved; the others copied nothing.
    pub switches_copying: u64,
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
    /// Regions that are mapped now.
    pub regions: u64,
}

impl Stats {
    /// Nothing counted yet.
    pub(crate) const EMPTY: Self = Self {
        contexts: 0,
        contexts_peak: 0,
        spawned: 0,
        switches: 0,
        switches_slow: 0,
        switches_copying: 0,
        bytes_saved: 0,
        bytes_restored: 0,
        bytes_parked: 0,
        bytes_parked_peak: 0,
        contexts_parked: 0,
        contexts_parked_peak: 0,
        heap_bytes: 0,
        heap_bytes_peak: 0,
        regions: 0,
    };

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

    /// A context holds its slice no longer, which freed as many bytes.
    #[inline]
    pub(crate) fn dropped(&mut self, freed: usize) {
        self.bytes_parked -= freed as u64;
        self.contexts_parked -= 1;
    }

    /// Bytes moved so far, both ways.
    #[inline]
    pub(crate) fn bytes_moved(&self) -> u64 {
        self.bytes_saved + self.bytes_restored
    }

    /// A context came to be.
    #[inline]
    pub(crate) fn born(&mut self) {
        self.spawned += 1;
        self.contexts += 1;
        self.contexts_peak = self.contexts_peak.max(self.contexts);
    }
}

/// What is counted for all contexts of one base, where bytes are moved anyway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Counters {
    pub switches_copying: u64,
    pub bytes_saved: u64,
    /// How many of them have not been restored. So an exchange need only count the bytes once.
    pub bytes_kept: u64,
    pub bytes_parked: u64,
}

impl Counters {
    pub(crate) const fn new() -> Self {
        Self { switches_copying: 0, bytes_saved: 0, bytes_kept: 0, bytes_parked: 0 }
    }

    /// A context now has a slice of `length` bytes, of which `bytes` came from its stack.
    #[inline]
    pub(crate) fn saved(&mut self, bytes: usize, length: usize, peak: &mut Peak) {
        self.bytes_saved += bytes as u64;
        self.bytes_kept = self.bytes_kept.wrapping_add(bytes as u64);
        self.bytes_parked += length as u64;
        peak.reach(self.bytes_parked);
    }

    /// A slice of `bytes` went back to its stack, and `freed` of its bytes to the heap.
    #[inline]
    pub(crate) fn restored(&mut self, bytes: usize, freed: usize) {
        // A slice that clones share is restored more often than it was saved.
        self.bytes_kept = self.bytes_kept.wrapping_sub(bytes as u64);
        self.dropped(freed);
    }

    /// Bytes moved back to stacks.
    pub(crate) fn bytes_restored(&self) -> u64 {
        self.bytes_saved.wrapping_sub(self.bytes_kept)
    }

    /// A context holds its slice no longer, which freed as many bytes.
    #[inline]
    pub(crate) fn dropped(&mut self, freed: usize) {
        self.bytes_parked -= freed as u64;
    }
}

/// The most bytes that were in slices at once, of which no more than 64 GiB are counted. Stacks, and
/// so their slices, are whole pieces of 16 bytes; in these it fits where a header has room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Peak(u32);

impl Peak {
    const PIECE: u64 = 16;

    pub(crate) const NONE: Self = Self(0);

    /// So many are there now.
    #[inline]
    fn reach(&mut self, bytes: u64) {
        let pieces = u32::try_from(bytes / Self::PIECE).unwrap_or(u32::MAX);
        self.0 = self.0.max(pieces);
    }

    pub(crate) fn bytes(self) -> u64 {
        u64::from(self.0) * Self::PIECE
    }
}

/// Counters of the contexts of one base: `struct stackswitch_base_stats`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct BaseStats {
    /// Alive now.
    pub contexts: u64,
    /// Switches to them; counted in the checked build, else 0.
    pub switches: u64,
    /// Switches to them for which bytes were moved.
    pub switches_copying: u64,
    /// Bytes moved from their stacks to the heap.
    pub bytes_saved: u64,
    /// Bytes moved back.
    pub bytes_restored: u64,
    /// Bytes in their slices now.
    pub bytes_parked: u64,
    /// The most bytes that were in their slices at once.
    pub bytes_parked_peak: u64,
}

/// What is known of one context: `struct stackswitch_context_stats`. All but the first two are
/// counted in the checked build, else 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct ContextStats {
    /// Bytes in its slice now.
    pub bytes_parked: u64,
    /// Bytes in place on its region now; 0 while it runs, and of a thread's own context.
    pub bytes_in_place: u64,
    /// Switches to it.
    pub switches: u64,
    /// Switches to it for which bytes were moved.
    pub switches_copying: u64,
    /// Bytes moved from its stack to the heap.
    pub bytes_saved: u64,
    /// Bytes moved back.
    pub bytes_restored: u64,
    /// The most bytes that were in its slice.
    pub bytes_parked_peak: u64,
}

/// Counters of all threads together: `struct stackswitch_process_stats`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct ProcessStats {
    /// Threads that used the runtime.
    pub threads_started: u64,
    /// Those of them that have ended.
    pub threads_ended: u64,
    /// Contexts that were alive when their thread ended.
    pub contexts_given_back: u64,
    /// Bytes of heap that were in use when their thread ended.
    pub bytes_given_back: u64,
}

static STARTED: AtomicU64 = AtomicU64::new(0);
static ENDED: AtomicU64 = AtomicU64::new(0);
static CONTEXTS_GIVEN_BACK: AtomicU64 = AtomicU64::new(0);
static BYTES_GIVEN_BACK: AtomicU64 = AtomicU64::new(0);

/// A thread begins to use the runtime.
pub(crate) fn thread_started() {
    STARTED.fetch_add(1, Ordering::Relaxed);
}

/// A thread ends with so much left.
pub(crate) fn thread_ended(contexts: u64, bytes: u64) {
    CONTEXTS_GIVEN_BACK.fetch_add(contexts, Ordering::Relaxed);
    BYTES_GIVEN_BACK.fetch_add(bytes, Ordering::Relaxed);
    ENDED.fetch_add(1, Ordering::Release);
}

/// The process's counters.
pub(crate) fn process() -> ProcessStats {
    let threads_ended = ENDED.load(Ordering::Acquire);
    ProcessStats {
        threads_started: STARTED.load(Ordering::Relaxed),
        threads_ended,
        contexts_given_back: CONTEXTS_GIVEN_BACK.load(Ordering::Relaxed),
        bytes_given_back: BYTES_GIVEN_BACK.load(Ordering::Relaxed),
    }
}
