//! The runtime of stackswitch: contexts that switch, and share stacks by slicing.
//!
//! The C ABI is in [`abi`]; `stackswitch.h` declares it. Inside, from the
//! bottom up:
//!
//! - `sys`: what the surroundings give (memory, mappings, faults, thread ends);
//! - `error`, `stats`, `check`: codes, counters, and what the checked build looks at besides;
//! - `tools`: what debugging tools are told of stacks;
//! - `context`: the headers of contexts, bases and regions;
//! - `memory`, `store`, `slots`, `heap`: the program's allocator or the system's, blocks of just
//!   the size needed, address space for large slices, and the three together;
//! - `saved`, `pages`: what slices are kept in; `blocks`: what frames have on the heap;
//! - `slice`: displacing and restoring, with the invariants;
//! - `place`: what is known of a captured position, and of a stack that was given;
//! - `hooks`, `cxx`, `traps`, `thread`, `track`: a thread's share of it all, its bases, and which
//!   stack it is on;
//! - `switch`, `fibers`: the switches that need more than an exchange of registers;
//! - `value`, `handle`, `frame`, `posix`, `ucontext`, `cancel`, `escape`, `unwind`, `visit`,
//!   `calls`: the operations;
//! - `describe`: where debuggers find what they need of all that;
//! - `arch`: registers and stack pointers, one file a CPU. Its assembly calls `thread`, `switch`
//!   and `posix`; everything else is called by them.
#![cfg_attr(not(test), no_std)]

#[cfg(test)]
extern crate std;

pub mod abi;
mod arch;
mod blocks;
pub mod calls;
mod cancel;
mod check;
mod context;
mod cxx;
mod describe;
pub mod error;
mod escape;
mod fibers;
mod frame;
mod given;
mod handle;
mod heap;
mod hooks;
mod memory;
mod pages;
mod place;
mod posix;
mod saved;
mod slice;
mod slots;
mod stats;
mod store;
mod switch;
mod sys;
mod thread;
mod tools;
mod track;
pub mod traps;
mod ucontext;
mod unwind;
mod value;
mod visit;

pub use arch::inlined;
pub use handle::{Look, look};
pub use hooks::set_first_hooks;
pub use place::MIN_STACK;
pub use posix::{EndThread, set_end_thread};

/// Nothing in the runtime unwinds; a failed check of the compiler's ends the program.
#[cfg(feature = "standalone")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    sys::abort()
}
