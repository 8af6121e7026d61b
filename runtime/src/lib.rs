//! The runtime of stackswitch: contexts that switch, and share stacks by slicing.
//!
//! `stackswitch.h` declares the C ABI, [`abi`] implements it. The modules in order, a module imports
//! only modules above it in this list:
//!
//! - `arch`: the CPU: registers, stack pointers, the assembly of the switches;
//! - `sys`: the surroundings: memory, mappings, faults, ends of threads;
//! - `error`, `stats`, `check`: the error handler, counters, tests of the checked build;
//! - `instrumentation`: calls of Valgrind and sanitizers;
//! - `memory`: the program's allocator or the system's;
//! - `context`: headers of contexts, bases and regions;
//! - `store`, `slice_mappings`, `heap`: blocks of memory, address space for large slices, both;
//! - `large_slices`, `saved`, `frame_blocks`: where the bytes of slices and variables are;
//! - `sanitizers`: contexts as sanitizers know them;
//! - `slice`: displacing and restoring, with the invariants;
//! - `unwind`, `weak_symbols`, `cxx`: the unwinder and the C++ runtime;
//! - `hooks`, `traps`, `inlined`: callbacks, claims of faults, what in-place switches read;
//! - `destination`, `user_stacks`: positions and stacks of the POSIX layer;
//! - `thread`, `stack_tracking`: the data of a thread, and which stack it is on;
//! - `cleanup_handlers`: C's cleanup handlers as part of a context;
//! - `switch`, `faults`, `escape`: the slow path, faults, exceptions that leave a context;
//! - `bases`, `settings`, `value`: regions and bases, settings of a thread, large values;
//! - `posix`, `handle`, `depth`, `cancel`, `frame_memory`, `visit`: the other operations;
//! - `host`, `abi`: the operations for hosts in Rust, and the C ABI;
//! - `debug_table`, `entry_points`: what debuggers read, and the functions that assembly calls.
#![cfg_attr(not(test), no_std)]

#[cfg(test)]
extern crate std;

pub mod abi;
mod arch;
mod bases;
mod cancel;
mod check;
mod cleanup_handlers;
mod context;
mod cxx;
mod debug_table;
mod depth;
mod destination;
mod entry_points;
pub mod error;
mod escape;
pub mod faults;
mod frame_blocks;
mod frame_memory;
mod handle;
mod heap;
mod hooks;
pub mod host;
pub mod inlined;
mod instrumentation;
mod large_slices;
mod memory;
mod posix;
mod sanitizers;
mod saved;
mod settings;
mod slice;
mod slice_mappings;
mod stack_tracking;
mod stats;
mod store;
mod switch;
mod sys;
mod thread;
pub mod traps;
mod unwind;
mod user_stacks;
mod value;
mod visit;
mod weak_symbols;

pub use handle::{Snapshot, snapshot};
pub use hooks::set_initial_hooks;
pub use posix::{EndThread, set_end_thread};

/// No function of the runtime unwinds. A failed check of the compiler's ends the program.
#[cfg(feature = "standalone")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    sys::abort()
}
