//! Tests of the JIT through its API.

mod abandon;
mod program_end;
mod thread_local;
