//! The runtime's SIGSEGV handler lets faults that are not overflows go to the program's own.
#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "the fault is made on purpose, and the handler mends it"
)]
use std::ffi::{c_int, c_void};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering};

use stackswitch_rt::abi::*;
use stackswitch_test_support::alone;

use crate::common::word;

const PAGE: usize = 4096;
static FAULTS: AtomicUsize = AtomicUsize::new(0);
static ADDRESS: AtomicUsize = AtomicUsize::new(0);

/// Makes the page accessible, so that what faulted goes on.
unsafe extern "C" fn mend(_: c_int, info: *mut libc::siginfo_t, _: *mut c_void) {
    let address = unsafe { (*info).si_addr() };
    FAULTS.fetch_add(1, Ordering::Relaxed);
    ADDRESS.store(address.addr(), Ordering::Relaxed);
    let page = address.map_addr(|address| address & !(PAGE - 1));
    let made = unsafe { libc::mprotect(page, PAGE, libc::PROT_READ | libc::PROT_WRITE) };
    if made != 0 {
        std::process::abort();
    }
}

unsafe extern "C-unwind" fn toucher(argument: *mut c_void, _: *mut c_void) -> *mut c_void {
    unsafe {
        argument.cast::<u8>().write_volatile(42);
        stackswitch_suspend(word(1));
    }
    word(2)
}

// The handler is the process's.
#[test]
fn a_fault_that_is_no_overflow_goes_to_the_programs_handler() {
    alone(|| unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = mend as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO;
        assert_eq!(libc::sigaction(libc::SIGSEGV, &action, null_mut()), 0);
        // The first mapped region: the runtime's handler is installed.
        let base = stackswitch_base_create(1 << 20);
        let anonymous = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        let page = libc::mmap(null_mut(), PAGE, libc::PROT_NONE, anonymous, -1, 0);
        assert_ne!(page, libc::MAP_FAILED);
        let target = page.add(8);
        let context = stackswitch_spawn(base, toucher as *mut c_void, target);
        assert_eq!(stackswitch_resume(context, word(1)), word(1));
        assert_eq!(FAULTS.load(Ordering::Relaxed), 1);
        assert_eq!(ADDRESS.load(Ordering::Relaxed), target.addr());
        assert_eq!(target.cast::<u8>().read(), 42);
        assert_eq!(stackswitch_resume(context, word(1)), word(2));
        stackswitch_destroy(context);
        stackswitch_base_destroy(base);
    });
}
