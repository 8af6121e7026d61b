//! What compiler passes, hosts and runtime of stackswitch must agree on: the [table of
//! intrinsics](intrinsics), [error codes](Code), [limits], and the [layouts](layout) and
//! [constants of CPUs](cpu) that assembly and compiled code know.
//!
//! This crate needs no allocator, and knows neither LLVM nor an operating system. The runtime asserts
//! each layout against its own structures.
#![no_std]

pub mod cpu;
mod error;
pub mod intrinsics;
pub mod layout;
pub mod limits;

pub use error::Code;
