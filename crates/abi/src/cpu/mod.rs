//! What depends on the CPU: a module for each, and the names of the CPU that this crate is
//! compiled for.
//!
//! A pass uses the module of its target; the runtime uses the names that stand here.

pub mod aarch64;
pub mod x86_64;

#[cfg(target_arch = "aarch64")]
pub use aarch64::*;
#[cfg(target_arch = "x86_64")]
pub use x86_64::*;
