//! What the code of every CPU and the Rust code above it share, besides the layouts in
//! `stackswitch-abi`.

/// The operation that a switch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Kind {
    Swap = 0,
    Resume = 1,
    Suspend = 2,
    Ontop = 3,
}

/// Where the assembly continues when a function that it called has returned.
#[repr(C)]
pub(crate) struct Continuation {
    /// The address of a switch record, or of what else the resume address expects.
    pub sp: usize,
    /// The resume address.
    pub pc: usize,
}

/// Whether this is the checked build. There every switch takes the slow path in Rust, which tests
/// handles before it reads what they point to.
pub(crate) const CHECKED: bool = cfg!(feature = "checked");

/// Flag of a capture: the object's memory may hold anything before it.
pub(crate) const RAW: u32 = 1;
/// Flag of a capture: it includes the signal mask.
pub(crate) const WITH_MASK: u32 = 2;

/// The thread word `exchanged` holds the number of exchanges from this bit on, and their bytes
/// below it.
pub(crate) const EXCHANGES_BIT: u32 = 48;
/// So many exchanges at most are counted there before the slow path in Rust takes them over. It is
/// also the number of slow switches between two looks at a region's memory: a prime, so that the
/// looks reach all regions of a set that is used in turn.
pub(crate) const EXCHANGES_AT_MOST: u32 = 4093;

/// Slices from this size on are moved by pages, not copied. Measured on x86-64 Linux 6: two moves
/// cost 11 µs, as two copies of 450 KiB do; below that an exchange of bytes is faster.
pub(crate) const LARGE_SLICE: usize = 512 << 10;

/// Blocks of more bytes end at the end of a cache line, as stacks do: then the vectors of a copy
/// cross no line on either side.
pub(crate) const ALIGNED_FROM: usize = 512;

/// The resume address of a suspended context.
///
/// # Safety
/// `sp` is the stack pointer of a suspended context that is resident.
pub(crate) unsafe fn resume_address(sp: usize) -> usize {
    // SAFETY: the first word of a suspended context's stack is its resume address.
    unsafe { *(sp as *const usize) }
}

/// Copies word by word.
///
/// # Safety
/// Both ranges are `bytes` long, a multiple of 8, readable and writable, and do not overlap.
#[inline]
pub(crate) unsafe fn copy_words(to: *mut u8, from: *const u8, bytes: usize) {
    let mut at = 0;
    while at < bytes {
        // SAFETY: the word is within `bytes`. Volatile, so that the words are not joined into vectors.
        unsafe {
            let word = from.add(at).cast::<u64>().read_volatile();
            to.add(at).cast::<u64>().write_volatile(word);
        }
        at += 8;
    }
}
