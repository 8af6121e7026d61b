//! In the checked build a context cannot end into a link that waits for a value of another type.
#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "the test breaks the C ABI's contract where its name says"
)]

use std::cell::Cell;
use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;

use stackswitch_rt::abi::*;
use stackswitch_rt::error::Code;

mod common;
use common::word;

unsafe extern "C-unwind" fn words(_: *mut c_void, first: *mut c_void) -> *mut c_void {
    unsafe { stackswitch_suspend(first) }
}

unsafe extern "C-unwind" fn doubles(_: *mut c_void, first: f64) -> f64 {
    unsafe { stackswitch_suspend_f64(first) };
    0.5
}

thread_local! {
    static MENDED: Cell<(*mut c_void, *mut c_void)> = const { Cell::new((null_mut(), null_mut())) };
    static HEARD: Cell<c_int> = const { Cell::new(0) };
}

/// Gives a context that could not end another link.
unsafe extern "C-unwind" fn mend(code: c_int, _: *mut c_void, _: *const c_char) {
    HEARD.set(code);
    let (context, link) = MENDED.get();
    unsafe { stackswitch_setlink(context, link) };
}

// The only test of this program: the handler is the process's.
#[test]
fn a_result_of_another_type_than_the_link_waits_for_is_refused() {
    unsafe {
        stackswitch_set_error_handler(Some(mend));
        let words = stackswitch_spawn(null_mut(), words as *mut c_void, null_mut());
        let floats = stackswitch_spawn_f64(null_mut(), doubles as *mut c_void, null_mut());
        stackswitch_resume(words, word(1));
        stackswitch_resume_f64(floats, 1.0);
        stackswitch_setlink(floats, words);
        MENDED.set((floats, stackswitch_current()));
        assert_eq!(stackswitch_swap_f64(floats, 0.0), 0.5);
        assert_eq!(HEARD.get(), Code::Type as c_int);
        assert_eq!(stackswitch_status(floats), 3);
    }
}
