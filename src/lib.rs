//! Stackful context switching with stack slicing for LLVM.
//!
//! Programs in LLVM IR switch between contexts with `llvm.stackswitch.*` intrinsics. This crate is the
//! one to depend on; it hands on what its parts offer:
//!
//! - [`emit`], which builds the intrinsics into an inkwell module;
//! - [`lower`] and [`passes`], which verify, optimise and lower a module;
//! - with the feature `jit`, an API that runs such programs in process.
//!
//! `docs/embedding.md` is the guide to all of them.

pub use stackswitch_abi::intrinsics;
pub use stackswitch_emit as emit;
#[cfg(feature = "jit")]
pub use stackswitch_jit as jit;
pub use stackswitch_passes::{
    OptLevel,
    compile::{self as ahead, Options, Report, lower},
    diagnostics,
    explain::{self, explain},
    pipeline as passes,
    pointers::Pointers,
    reader, verify,
};

#[cfg(feature = "link")]
use stackswitch_link as _;

/// The README's Rust, as doc tests.
#[cfg(all(doctest, feature = "jit"))]
#[doc = include_str!("../README.md")]
struct Readme;

/// The Rust of the guide for embedding, as doc tests.
#[cfg(all(doctest, feature = "jit"))]
#[doc = include_str!("../docs/embedding.md")]
struct Embedding;
