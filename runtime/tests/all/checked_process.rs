//! What only the checked build detects, where a test needs the process's error handler or allocator.
#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "the test breaks the C ABI's contract where its name says"
)]

use std::cell::Cell;
use std::ffi::{c_char, c_int, c_void};
use std::hint::black_box;
use std::ptr::null_mut;

use stackswitch_rt::abi::*;
use stackswitch_rt::error::Code;
use stackswitch_test_support::alone;

use crate::common::word;

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

#[test]
fn a_result_of_another_type_than_the_link_waits_for_is_refused() {
    alone(|| unsafe {
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
    });
}

/// Memory for an object of the POSIX layer.
#[repr(align(16))]
struct Object([u8; 1024]);

thread_local! {
    /// The largest block that the allocator below has given, where a capture's slice is.
    static LARGEST: Cell<(usize, *mut u8)> = const { Cell::new((0, null_mut())) };
}

unsafe extern "C" fn allocate(bytes: usize, align: usize) -> *mut c_void {
    let block = unsafe { libc::aligned_alloc(align, bytes.next_multiple_of(align)) };
    if bytes > LARGEST.get().0 && bytes < 1 << 20 {
        LARGEST.set((bytes, block.cast()));
    }
    block
}

unsafe extern "C" fn deallocate(memory: *mut c_void) {
    unsafe { libc::free(memory) };
}

/// Captures with a frame of 16 KiB up to `top`, and damages what was captured.
#[inline(never)]
unsafe fn capture_and_damage(object: *mut c_void, top: *mut c_void) {
    let mut frame = [0_u64; 2048];
    black_box(&mut frame);
    unsafe {
        assert_eq!(stackswitch_getcontext(object, top), 0);
        let (bytes, block) = LARGEST.get();
        assert!(bytes > 16 << 10);
        let byte = block.add(bytes / 2);
        byte.write(byte.read() ^ 1);
        assert_eq!(stackswitch_setcontext(object), Code::Corrupt as c_int);
        stackswitch_freecontext(object);
    }
    black_box(&mut frame);
}

#[test]
fn a_damaged_capture_is_not_put_back() {
    alone(|| {
        unsafe { assert_eq!(stackswitch_set_allocator(Some(allocate), Some(deallocate)), 0) };
        let test = || unsafe {
            let (mut top, mut object) = (Object([0; 1024]), Object([0; 1024]));
            let (top, object) = ((&raw mut top.0).cast(), (&raw mut object.0).cast());
            assert_eq!(stackswitch_getcontext(top, null_mut()), 0);
            capture_and_damage(object, top);
        };
        let outcome = std::thread::spawn(test).join();
        unsafe { assert_eq!(stackswitch_set_allocator(None, None), 0) };
        outcome.unwrap();
    });
}
