//! What the JIT has to know about the CPU of this process. Each CPU is one file with:
//!
//! - `catching_frame!`: the assembly of the frame that [`catch`](crate::catch) catches exceptions in;
//! - `EXCEPTION_REGISTER`: the register in which that frame's landing expects the exception, by its
//!   DWARF number;
//! - `ARCHITECTURE`: the architecture of object files that can be linked.

#[cfg(target_arch = "x86_64")]
mod x86_64;
#[cfg(target_arch = "x86_64")]
pub(crate) use x86_64::{ARCHITECTURE, EXCEPTION_REGISTER, catching_frame};

#[cfg(not(target_arch = "x86_64"))]
compile_error!("the JIT does not support this CPU yet: add a file to crates/jit/src/cpu");
