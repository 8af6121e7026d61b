//! What compiler passes, hosts and runtime of stackswitch must agree on.
//!
//! This crate has no code of its own to run: it holds the [table of intrinsics](intrinsics), from which
//! verifier, lowering, emitter and symbol lists are made. It knows neither LLVM nor an operating system.

pub mod intrinsics;
