//! What the runtime asks of its surroundings: memory, mappings, ends of threads, a line on standard
//! error, and a way to stop.
//!
//! With the feature `libc` the functions are those of libc on Linux. Without it there are none:
//! memory comes from an allocator that the program sets.

#[cfg(feature = "libc")]
mod libc;
#[cfg(feature = "libc")]
mod signals;
#[cfg(feature = "libc")]
pub(crate) use self::{libc::*, signals::*};

#[cfg(not(feature = "libc"))]
mod bare;
#[cfg(not(feature = "libc"))]
pub(crate) use self::bare::*;

#[cfg(all(feature = "libc", target_env = "gnu"))]
mod glibc;
#[cfg(all(feature = "libc", target_env = "gnu"))]
pub(crate) use self::glibc::*;

#[cfg(not(all(feature = "libc", target_env = "gnu")))]
mod other_libc;
#[cfg(not(all(feature = "libc", target_env = "gnu")))]
pub(crate) use self::other_libc::*;
