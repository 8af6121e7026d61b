//! A shared library that contains the runtime and uses it: a program loads it, calls it, and unloads it.

use std::ffi::c_void;
use std::ptr::null_mut;

use stackswitch_rt::abi::{
    stackswitch_destroy, stackswitch_resume_i64, stackswitch_spawn_i64, stackswitch_suspend_i64,
};

unsafe extern "C-unwind" fn counts(_: *mut c_void, mut value: i64) -> i64 {
    while value > 0 {
        // SAFETY: a context runs this function.
        value = unsafe { stackswitch_suspend_i64(value + 1) };
    }
    0
}

/// Makes a context, resumes it with a number, and destroys it; returns the next number.
#[unsafe(no_mangle)]
pub extern "C" fn next_number(number: i64) -> i64 {
    // SAFETY: the handle is used until it is destroyed, on one thread.
    unsafe {
        let context = stackswitch_spawn_i64(null_mut(), counts as *mut c_void, null_mut());
        let next = stackswitch_resume_i64(context, number);
        stackswitch_destroy(context);
        next
    }
}
