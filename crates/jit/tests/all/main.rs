//! Tests of the JIT through its API.

mod abandon;
mod api;
mod c_programs;
mod coroutine;
mod faults;
// The checked build keeps the headers of contexts that have ended, so its memory grows.
#[cfg(not(feature = "checked"))]
mod faults_endless;
mod future;
mod handler;
mod host;
mod modules;
mod program_end;
mod symbols;
mod thread_local;

/// The directory of the modules that several suites load.
const IR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/ir");
