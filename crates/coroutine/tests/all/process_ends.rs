//! What ends the process: each test runs this program again, which then does one thing.

use std::env;
use std::process::{Command, Output};

use stackswitch_coroutine::{Coroutine, Stack, Suspender};

/// Names the test that is to do its thing.
const VARIABLE: &str = "STACKSWITCH_COROUTINE_ENDS";

/// Runs one test of this program again, with the variable set.
fn run_again(test: &str) -> Output {
    let this = env::current_exe().expect("this program has a path");
    let mut command = Command::new(this);
    command.args([test, "--exact", "--nocapture"]).env(VARIABLE, test);
    command.output().expect("it can be run")
}

/// Expects that the process was ended by a signal, and said so.
fn expect_end(test: &str, work: impl FnOnce(), says: &str) {
    if env::var(VARIABLE).is_ok_and(|name| name == test) {
        work();
        println!("it has survived");
        return;
    }
    let output = run_again(test);
    let (stdout, stderr) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), None, "{}\n{stdout}\n{stderr}", output.status);
    assert!(!stdout.contains("it has survived"), "{stdout}");
    assert!(stderr.contains(says), "{stderr}");
}

fn overflow() {
    fn recurse(depth: u64) -> u64 {
        let bytes = std::hint::black_box([depth; 64]);
        if depth == u64::MAX { 0 } else { recurse(depth + 1) + bytes[3] }
    }
    let mut coroutine =
        Coroutine::<(), (), u64>::with_stack(Stack::with_size(64 << 10), |_, ()| {
            // What the body lends to a thread would be lost with it.
            let local = std::sync::atomic::AtomicU64::new(0);
            std::thread::scope(|threads| {
                threads.spawn(|| local.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
                recurse(0)
            })
        })
        .expect("there is memory");
    coroutine.resume(());
}

#[test]
fn an_overflow() {
    expect_end("process_ends::an_overflow", overflow, "EOVERFLOW");
}

#[test]
fn an_overflow_that_an_error_handler_ignores() {
    unsafe extern "C-unwind" fn ignore(
        _: std::ffi::c_int,
        _: *mut std::ffi::c_void,
        _: *const std::ffi::c_char,
    ) {
    }
    let work = || {
        stackswitch_rt::error::set_handler(Some(ignore));
        overflow();
    };
    let says = "the handler has returned to a context that overflowed";
    expect_end("process_ends::an_overflow_that_an_error_handler_ignores", work, says);
}

#[test]
fn a_destructor_that_suspends_while_it_is_unwound() {
    struct Suspends<'a>(&'a Suspender<(), ()>);
    impl Drop for Suspends<'_> {
        fn drop(&mut self) {
            self.0.suspend(());
        }
    }
    let work = || {
        let mut coroutine = Coroutine::<(), (), ()>::new(|suspender, ()| {
            let _suspends = Suspends(suspender);
            suspender.suspend(());
        });
        coroutine.resume(());
    };
    let says = "panic in a destructor during cleanup";
    expect_end("process_ends::a_destructor_that_suspends_while_it_is_unwound", work, says);
}
