//! Stackful context switching with stack slicing for LLVM.

pub mod diagnostics;
pub mod intrinsics;
mod ir;
mod lower;
pub mod passes;
pub mod verify;
