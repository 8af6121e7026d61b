//! Tests of the runtime through its C interface.

#[cfg(feature = "checked")]
mod checked;
#[cfg(feature = "checked")]
mod checked_process;
mod common;
mod coroutines;
mod errors;
#[cfg(feature = "libc")]
mod fault_chain;
mod foreign_stacks;
mod frames;
mod header;
mod hooks;
mod host;
mod initial_hooks;
mod memory;
mod overflow;
mod posix;
#[cfg(feature = "libc")]
mod process;
mod profiling;
mod slicing;
mod statistics;
mod threads;
mod unwinding;
