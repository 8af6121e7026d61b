//! Stackful context switching with stack slicing for LLVM.
//!
//! Programs in LLVM IR switch between contexts with `llvm.stackswitch.*` intrinsics. This crate
//! holds the passes that lower them and, with the feature `jit`, an API that runs such programs
//! in process.

pub mod ahead;
mod carrier;
pub mod diagnostics;
pub mod emit;
pub mod explain;
mod from_ucontext;
mod inline;
pub mod intrinsics;
mod ir;
#[cfg(feature = "jit")]
pub mod jit;
mod level;
mod lower;
mod optimise;
pub mod passes;
pub mod reader;
pub mod verify;

pub use ahead::{Options, Report, lower};
pub use explain::explain;
pub use level::OptLevel;

/// The README's Rust, as doc tests.
#[cfg(all(doctest, feature = "jit"))]
#[doc = include_str!("../README.md")]
struct Readme;
