//! Programs made at random, what they must come to, and the ways to run them.

pub mod emit;
mod flatten;
pub mod generate;
pub mod isolate;
pub mod oracle;
pub mod program;
pub mod rng;
pub mod shrink;
pub mod ways;
