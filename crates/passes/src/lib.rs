//! The passes of stackswitch, and how they are run.
//!
//! A pass `stackswitch-NAME` is the module `NAME` here: `from_ucontext`, [`verify`], `opt`, `lower`, `slices`
//! (with `stackswitch-slice-size`), `inline`, `check`. [`pipeline`] registers them with LLVM and runs pipelines.
//! [`compile`] and [`explain`] are the library interface on top.

#[cfg(test)]
use stackswitch_link as _;

mod carrier;
mod check;
pub mod compile;
mod cpu;
pub mod diagnostics;
pub mod explain;
mod from_ucontext;
pub mod inline;
mod level;
mod lower;
mod opt;
pub mod pipeline;
mod pointer_mode;
pub mod pointers;
pub mod reader;
mod remark;
pub mod settings;
mod slices;
pub mod verify;

pub use carrier::Carrier;
pub use compile::lower;
pub use level::OptLevel;
