//! Tests of the command `stackswitch`: each runs the command and looks at its output, its exit status
//! and the files that it writes.

mod bad_input;
mod bench;
mod doctor;
mod explain;
mod faults;
mod langref;
mod manual;
mod perf_map;
mod readme;
mod run;
mod stats;
mod trace;

/// The command under test.
const STACKSWITCH: &str = env!("CARGO_BIN_EXE_stackswitch");

/// The root of the repository.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
