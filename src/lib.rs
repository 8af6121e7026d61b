//! Stackful context switching with stack slicing for LLVM.
//!
//! Programs in LLVM IR switch between contexts with `llvm.stackswitch.*` intrinsics. This crate
//! holds the passes that lower them and, with the feature `jit`, an API that runs such programs
//! in process.

mod carrier;
pub mod diagnostics;
mod from_ucontext;
mod inline;
pub mod intrinsics;
mod ir;
#[cfg(feature = "jit")]
pub mod jit;
mod lower;
mod optimise;
pub mod passes;
pub mod reader;
pub mod verify;

/// The README's Rust, as doc tests.
#[cfg(all(doctest, feature = "jit"))]
#[doc = include_str!("../README.md")]
struct Readme;
