//! The CPU: everything that is an instruction sequence, a list of registers or a constant of an
//! ABI. `docs/adding-a-cpu.md` says what a CPU has to bring.
//!
//! A CPU is a folder here. The assembly calls functions of the modules above, by names that
//! `entry_points.rs` gives it; nothing here imports from above.

mod assemble;
mod copying;
mod entries;
pub(crate) mod resume_points;
mod seam;

pub(crate) use assemble::assemble;
pub(crate) use copying::copy_fresh;
pub use entries::*;
pub(crate) use seam::*;

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "aarch64")]
pub(crate) use aarch64::*;

#[cfg(target_arch = "x86_64")]
mod x86_64;
#[cfg(target_arch = "x86_64")]
pub(crate) use x86_64::*;

#[cfg(not(any(target_arch = "aarch64", target_arch = "x86_64")))]
compile_error!(
    "stackswitch-rt knows AArch64 and x86-64; docs/adding-a-cpu.md says what another CPU needs"
);
