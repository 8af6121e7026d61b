//! Offsets of fields in the runtime's structures, for its assembly and for the code that the pass
//! `stackswitch-inline` makes. They are the same on all CPUs with 64 bits.
//!
//! The runtime asserts each constant against its structures with `offset_of!`.

/// Fields of the thread words (`ThreadWords` of the runtime), which are thread-local storage.
pub mod words {
    /// The running context.
    pub const CURRENT: usize = 0;
    /// The tag of contexts that the fast path can switch to, and of the running context.
    pub const READY: usize = 8;
    /// The tag of suspended contexts that only the slow path can switch to.
    pub const PARKED: usize = 12;
    /// The number of switches on the fast path.
    pub const SWITCHES: usize = 16;
    /// Upper end of the side stack; 0 until the thread is set up.
    pub const SIDE_TOP: usize = 24;
    /// Points to the two words of the C++ exceptions in flight.
    pub const EXCEPTIONS: usize = 32;
    /// The base that [`EXCHANGED`] counts for.
    pub const EXCHANGE_BASE: usize = 64;
    /// The number of exchanges and their bytes, in one word.
    pub const EXCHANGED: usize = 72;
    /// Bytes of the vectors that slices are copied with.
    pub const VECTORS: usize = 80;
    /// The tag and kind of this thread's plain captures, or `u64::MAX` for none.
    pub const PLAIN: usize = 88;
    /// The newest of C's cleanup handlers that the running context has pushed, or null.
    pub const CLEANUPS: usize = 96;
    /// Slow switches and starts of contexts until the next region gives unused memory back: 32 bits.
    pub const UNTIL_TRIM: usize = 104;
    /// Bytes of all of them.
    pub const BYTES: usize = 128;
}

/// Fields of a context's header.
pub mod header {
    /// The stack pointer of a suspended context.
    pub const SP: usize = 0;
    /// Owner and state.
    pub const TAG: usize = 8;
    /// Other properties, in one byte.
    pub const FLAGS: usize = 12;
    /// Bytes in the slice.
    pub const SAVED: usize = 16;
    /// The slice; directly behind [`SAVED`].
    pub const SLICE: usize = 24;
    /// The next resident context at higher addresses.
    pub const ABOVE: usize = 32;
    /// The link.
    pub const LINK: usize = 40;
    /// The base.
    pub const BASE: usize = 48;
    /// The context on whose stack control is instead, in the POSIX layer.
    pub const COUNTERPART: usize = 56;
}

/// Fields of a base.
pub mod base {
    /// The first address above the stacks of its contexts.
    pub const TOP: usize = 0;
    /// The region.
    pub const REGION: usize = 16;
}

/// Fields of a region.
pub mod region {
    /// The lowest resident context.
    pub const BOTTOM: usize = 0;
}

/// Fields of an object of the POSIX layer.
pub mod object {
    /// The resume address.
    pub const RESUME_ADDRESS: usize = 0;
    /// Tag and kind, in one word.
    pub const TAG: usize = 8;
    /// The captured registers: the stack pointer, then the program counter, then those of the CPU.
    pub const POSITION: usize = 16;
}

/// The ready tag minus the tag of a new context of the same thread.
pub const READY_AFTER_NEW: usize = 1;

/// The tag of a finished context minus the ready tag of the same thread.
pub const FINISHED_AFTER_READY: usize = 2;

/// The flag of a context whose frames may have blocks of memory.
pub const BLOCKS_FLAG: u8 = 2;

/// This mark lies 8 bytes before a resume address that has a second one, at which the code itself
/// calls the function of `swap.ontop`. 4 bytes before the resume address lies the distance from it
/// to the second one, as a signed number of 32 bits.
pub const ONTOP_MARK: u32 = 0x706f_746e;
