//! What a thread leaves behind when it ends.
#![allow(clippy::undocumented_unsafe_blocks, reason = "every call keeps to the C ABI's contract")]

use std::ffi::c_void;
use std::ptr::null_mut;

use stackswitch_rt::abi::*;
use stackswitch_test_support::alone;

use crate::common::word;

unsafe extern "C-unwind" fn body(_: *mut c_void, first: *mut c_void) -> *mut c_void {
    let mut value = first;
    loop {
        value = unsafe { stackswitch_suspend(value) };
    }
}

fn process() -> ProcessStats {
    let mut stats = ProcessStats::default();
    unsafe { stackswitch_get_process_stats(&mut stats) };
    stats
}

// The counters are the process's.
#[test]
fn what_ending_threads_give_back_is_counted() {
    alone(|| {
        let before = process();
        for left in [0, 7, 200] {
            std::thread::spawn(move || unsafe {
                let contexts: Vec<_> = (0..left + 5)
                    .map(|_| stackswitch_spawn(null_mut(), body as *mut c_void, null_mut()))
                    .collect();
                for context in &contexts {
                    stackswitch_resume(*context, word(8));
                }
                contexts[left..].iter().for_each(|context| stackswitch_destroy(*context));
            })
            .join()
            .unwrap();
        }
        std::thread::spawn(|| ()).join().unwrap();
        let after = process();
        assert_eq!(after.threads_started - before.threads_started, 3);
        assert_eq!(after.threads_ended - before.threads_ended, 3);
        assert_eq!(after.contexts_given_back - before.contexts_given_back, 207);
        // 207 headers and the slices of those that were displaced.
        assert!(after.bytes_given_back - before.bytes_given_back > 207 * 64);
    });
}
