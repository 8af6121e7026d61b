//! Hooks that threads start with. Alone in its process, whose threads all have them.
#![allow(clippy::undocumented_unsafe_blocks, reason = "every call keeps to the C ABI's contract")]

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr::null_mut;

use stackswitch_rt::abi::*;
use stackswitch_rt::set_initial_hooks;
use stackswitch_test_support::alone;

thread_local! {
    static HEARD: Cell<usize> = const { Cell::new(0) };
}

unsafe extern "C" fn count(_: *mut c_void, _: *mut c_void, _: *mut c_void, _: usize) {
    HEARD.set(HEARD.get() + 1);
}

unsafe extern "C-unwind" fn once(_: *mut c_void, first: *mut c_void) -> *mut c_void {
    first
}

/// Runs a context from its start to its end, two switches; how many the hooks have heard.
fn heard() -> usize {
    unsafe {
        let context = stackswitch_spawn(null_mut(), once as *mut c_void, null_mut());
        stackswitch_resume(context, null_mut());
        stackswitch_destroy(context);
    }
    HEARD.get()
}

fn heard_on_a_new_thread() -> usize {
    std::thread::spawn(heard).join().unwrap()
}

#[test]
fn threads_start_with_the_first_hooks() {
    alone(|| {
        assert_eq!(heard(), 0);
        let hooks =
            Hooks { data: null_mut(), on_switch: Some(count), on_leave: None, on_enter: None };
        unsafe { set_initial_hooks(Some(Box::leak(Box::new(hooks)))) };
        assert_eq!(heard_on_a_new_thread(), 2);
        assert_eq!(heard(), 0, "a thread that has started keeps what it has");
        unsafe { set_initial_hooks(None) };
        assert_eq!(heard_on_a_new_thread(), 0);
    });
}
