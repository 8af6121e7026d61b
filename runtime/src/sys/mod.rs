//! What the runtime asks of its surroundings: memory, mappings, thread ends, a
//! line on the error channel, and a way to stop.
//!
//! With the feature `libc` they come from there; without it from an allocator
//! that the program gives, and the rest is absent.

/// Bytes of a page, as far as memory is mapped, moved and given back.
pub(crate) const PAGE: usize = 4096;

#[cfg(feature = "libc")]
mod libc;
#[cfg(feature = "libc")]
pub(crate) use self::libc::*;

#[cfg(not(feature = "libc"))]
mod bare;
#[cfg(not(feature = "libc"))]
pub(crate) use self::bare::*;
