//! Tests of the JIT through its API.

mod abandon;
mod c_programs;
mod program_end;
mod thread_local;
