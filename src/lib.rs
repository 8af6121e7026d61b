//! Stackful context switching with stack slicing for LLVM.
//!
//! Programs in LLVM IR switch between contexts with `llvm.stackswitch.*` intrinsics. This crate
//! holds
//!
//! - [`emit`], which builds the intrinsics into an inkwell module;
//! - [`lower`] and [`passes`], which verify, optimise and lower a module;
//! - with the feature `jit`, an API that runs such programs in process.
//!
//! `docs/embedding.md` is the guide to all of them.

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
mod settings;
pub mod verify;

pub use ahead::{Options, Report, lower};
pub use explain::explain;
pub use level::OptLevel;

/// The README's Rust, as doc tests.
#[cfg(all(doctest, feature = "jit"))]
#[doc = include_str!("../README.md")]
struct Readme;

/// The Rust of the guide for embedding, as doc tests.
#[cfg(all(doctest, feature = "jit"))]
#[doc = include_str!("../docs/embedding.md")]
struct Embedding;
