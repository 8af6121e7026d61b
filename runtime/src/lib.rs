//! The runtime of stackswitch: contexts that switch, and share stacks by slicing.
//!
//! The C ABI is in [`abi`]; `stackswitch.h` declares it. Inside, from the
//! bottom up:
//!
//! - `sys`: what the surroundings give (memory, mappings, faults, thread ends);
//! - `arch`: registers and stack pointers, one file a CPU;
//! - `memory`: the program's allocator, or the system's;
//! - `store`: heap blocks of just the size needed;
//! - `tools`: what debugging tools are told of stacks;
//! - `context`, `region`: the headers;
//! - `pages`, `saved`: what slices are kept in;
//! - `slice`: displacing and restoring, with the invariants;
//! - `switch`: the switches that need more than an exchange of registers;
//! - `unwind`, `escape`, `cxx`: the unwinder's and C++'s part in it;
//! - `handle`, `thread`, `posix`, `cancel`, `value`: the operations;
//! - `hooks`, `stats`, `visit`: what can be seen from outside;
//! - `check`: what the checked build looks at besides.
#![cfg_attr(not(test), no_std)]

#[cfg(test)]
extern crate std;

pub mod abi;
mod arch;
mod cancel;
mod check;
mod context;
mod cxx;
pub mod error;
mod escape;
mod handle;
mod hooks;
mod memory;
mod pages;
mod posix;
mod region;
mod saved;
mod slice;
mod stats;
mod store;
mod switch;
mod sys;
mod thread;
mod tools;
mod unwind;
mod value;
mod visit;

pub use arch::inlined;
pub use posix::{EndThread, MIN_STACK, set_end_thread};

/// Nothing in the runtime unwinds; a failed check of the compiler's ends the program.
#[cfg(feature = "standalone")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    sys::abort()
}

/// What the unwinder asks of a frame of Rust code: always the answer to go on with the next one, as
/// nothing here has cleanups. `pthread_exit` unwinds through the function that calls it.
#[cfg(feature = "standalone")]
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() -> core::ffi::c_int {
    const CONTINUE_UNWIND: core::ffi::c_int = 8;
    CONTINUE_UNWIND
}
