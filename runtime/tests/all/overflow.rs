//! A context that runs out of its region is over; all others go on.

#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "every call keeps to the C ABI's contract, but for the overflow itself"
)]

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::hint::black_box;
use std::ptr::null_mut;

use stackswitch_rt::abi::*;
use stackswitch_rt::error::Code;
use stackswitch_test_support::alone;

use crate::common::word;

thread_local! {
    static HOST: Cell<*mut c_void> = const { Cell::new(null_mut()) };
    static FAILED: Cell<*mut c_void> = const { Cell::new(null_mut()) };
}

/// Goes back to the host, which waits in a resume.
unsafe extern "C-unwind" fn back_to_host(code: c_int, context: *mut c_void, text: *const c_char) {
    assert_eq!(code, Code::Overflow as i32);
    let text = unsafe { CStr::from_ptr(text) }.to_str().unwrap();
    assert!(text.contains(&format!("{context:p}")), "{text}");
    FAILED.set(context);
    unsafe { stackswitch_swap(HOST.get(), word(0xDEAD)) };
    unreachable!("the host switched to a context that overflowed");
}

#[inline(never)]
#[allow(unconditional_recursion, reason = "the point")]
fn dig(depth: usize) -> usize {
    let mut frame = [depth; 32];
    black_box(&mut frame);
    dig(depth + 1) + black_box(&frame)[0]
}

unsafe extern "C-unwind" fn endless(_: *mut c_void, _: *mut c_void) -> *mut c_void {
    word(dig(0))
}

unsafe extern "C-unwind" fn steady(argument: *mut c_void, first: *mut c_void) -> *mut c_void {
    let mut frame = [argument.addr(); 40];
    black_box(&mut frame);
    let mut sum = first.addr();
    loop {
        sum += unsafe { stackswitch_suspend(word(sum)) }.addr();
        assert!(black_box(&frame).iter().all(|word| *word == argument.addr()));
    }
}

#[test]
fn a_thousand_overflows_leave_the_others_intact() {
    alone(|| unsafe {
        stackswitch_set_error_handler(Some(back_to_host));
        HOST.set(stackswitch_current());
        let base = stackswitch_base_create(128 << 10);
        // Some share the region that overflows, some do not.
        let others: Vec<_> = (0..20)
            .map(|n| {
                let base = if n % 2 == 0 { base } else { null_mut() };
                stackswitch_spawn(base, steady as *mut c_void, word(n))
            })
            .collect();
        others.iter().for_each(|other| _ = stackswitch_resume(*other, word(0)));
        for round in 1..=1000 {
            let context = stackswitch_spawn(base, endless as *mut c_void, null_mut());
            assert_eq!(stackswitch_resume(context, null_mut()), word(0xDEAD));
            assert_eq!(FAILED.get(), context);
            assert_eq!(stackswitch_status(context), 3);
            stackswitch_destroy(context);
            let other = others[round % others.len()];
            assert!(!stackswitch_resume(other, word(1)).is_null());
        }
        let total: usize = others.iter().map(|o| stackswitch_resume(*o, word(0)).addr()).sum();
        assert_eq!(total, 1000);
    });
}

unsafe extern "C" fn on_leave(data: *mut c_void, context: *mut c_void) {
    unsafe { (*data.cast::<Vec<_>>()).push((context, null_mut::<c_void>())) };
}

unsafe extern "C" fn on_switch(data: *mut c_void, from: *mut c_void, to: *mut c_void, _: usize) {
    unsafe { (*data.cast::<Vec<_>>()).push((from, to)) };
}

#[test]
fn hooks_hear_that_an_overflowed_context_was_left() {
    alone(|| unsafe {
        stackswitch_set_error_handler(Some(back_to_host));
        let host = stackswitch_current();
        HOST.set(host);
        let base = stackswitch_base_create(128 << 10);
        let context = stackswitch_spawn(base, endless as *mut c_void, null_mut());
        let mut heard = Vec::<(*mut c_void, *mut c_void)>::new();
        let data = (&raw mut heard).cast();
        let (on_switch, on_leave) = (Some(on_switch as _), Some(on_leave as _));
        stackswitch_set_hooks(&Hooks { data, on_switch, on_leave, on_enter: None });
        assert_eq!(stackswitch_resume(context, null_mut()), word(0xDEAD));
        stackswitch_set_hooks(std::ptr::null());
        let expected =
            [(host, null_mut()), (host, context), (context, null_mut()), (null_mut(), host)];
        assert_eq!(heard, expected);
        stackswitch_destroy(context);
        stackswitch_base_destroy(base);
    });
}
