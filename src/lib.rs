//! Stackful context switching with stack slicing for LLVM.
//!
//! Programs in LLVM IR switch between contexts with `llvm.stackswitch.*` intrinsics. This crate
//! holds the passes that lower them and, with the feature `jit`, an API that runs such programs
//! in process.

pub mod diagnostics;
#[cfg(feature = "jit")]
pub mod jit;
pub mod passes;
pub mod reader;
