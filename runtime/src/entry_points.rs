//! The CPU's assembly, with the functions of the runtime that it calls.
//!
//! This module is at the top, so that the modules of the CPU need no import from above. It has the
//! code of every entry point of `arch`.

use crate::arch;
use crate::bases;
use crate::cleanup_handlers;
use crate::escape;
use crate::faults;
use crate::posix;
use crate::switch;
use crate::thread;

arch::assembly! {
    start = sym thread::start,
    switch_slowly = sym switch::switch_slowly,
    finish = sym switch::finish,
    restore_handlers = sym cleanup_handlers::restore,
    report = sym switch::report_refused,
    report_unfinished = sym switch::report_unfinished,
    faulted = sym faults::faulted,
    personality = sym escape::personality,
    rethrow = sym escape::rethrow,
    base_at = sym bases::base_at,
    capture = sym posix::capture,
    capture_raw = sym posix::capture_raw,
    swapcontext = sym posix::swapcontext,
    refused_code = sym posix::refused_code,
    posix_end = sym posix::end,
    make_ucontext = sym posix::make_ucontext,
}
