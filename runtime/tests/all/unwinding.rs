//! Panics and backtraces in contexts.
#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "every call keeps to the C ABI's contract, or breaks it where the test's name says"
)]

use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::ffi::{c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::null_mut;

use stackswitch_rt::abi::*;
use stackswitch_test_support::alone;

use crate::common::*;

/// What `operation` panics with; the panics of this program carry numbers.
fn panic_of(operation: impl FnOnce()) -> u32 {
    let payload = catch_unwind(AssertUnwindSafe(operation)).expect_err("a panic");
    *payload.downcast::<u32>().expect("a number")
}

/// Panics without the message that the hook prints.
fn panic_with(number: u32) -> ! {
    resume_unwind(Box::new(number))
}

/// Adds to the number that it was made with.
struct Counts<'a>(&'a Cell<u32>);

impl Drop for Counts<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

unsafe extern "C-unwind" fn panics(count: *mut c_void, number: *mut c_void) -> *mut c_void {
    let _frame = Counts(unsafe { &*count.cast::<Cell<u32>>() });
    panic_with(number.addr() as u32)
}

#[test]
fn a_panic_that_leaves_a_context_goes_on_in_its_link() {
    unsafe {
        let count = Cell::new(0);
        let argument = (&raw const count).cast_mut().cast();
        let context = stackswitch_spawn(null_mut(), panics as *mut c_void, argument);
        let number = panic_of(|| _ = stackswitch_resume(context, word(41)));
        assert_eq!((number, count.get()), (41, 1));
        assert_eq!(stackswitch_status(context), 3);
        stackswitch_destroy(context);
        assert!(!std::thread::panicking());
    }
}

unsafe extern "C-unwind" fn panics_f64(_: *mut c_void, number: f64) -> f64 {
    panic_with(number as u32)
}

unsafe extern "C-unwind" fn panics_wide(_: *mut c_void, _: *mut c_void, slot: *mut [u32; 16]) {
    panic_with(unsafe { (*slot)[15] })
}

#[test]
fn panics_leave_bodies_of_every_kind_of_value() {
    unsafe {
        let context = stackswitch_spawn_f64(null_mut(), panics_f64 as *mut c_void, null_mut());
        assert_eq!(panic_of(|| _ = stackswitch_resume_f64(context, 42.0)), 42);
        stackswitch_destroy(context);
        let entry = panics_wide as *mut c_void;
        let context = stackswitch_spawn_wide(null_mut(), entry, null_mut(), entry);
        let mut value = [43_u32; 16];
        let value = (&raw mut value).cast();
        assert_eq!(panic_of(|| stackswitch_resume_wide(context, value, 64)), 43);
        stackswitch_destroy(context);
    }
}

/// Resumes a context of its own base that panics, and lets that pass.
unsafe extern "C-unwind" fn passes_on(count: *mut c_void, base: *mut c_void) -> *mut c_void {
    unsafe {
        let _frame = Counts(&*count.cast::<Cell<u32>>());
        let inner = stackswitch_spawn(base, panics as *mut c_void, count);
        stackswitch_resume(inner, word(44))
    }
}

#[test]
fn a_panic_passes_through_contexts_that_share_a_stack() {
    unsafe {
        let count = Cell::new(0);
        let argument = (&raw const count).cast_mut().cast();
        let base = stackswitch_base_create(1 << 20);
        let context = stackswitch_spawn(base, passes_on as *mut c_void, argument);
        assert_eq!(panic_of(|| _ = stackswitch_resume(context, base)), 44);
        assert_eq!((count.get(), stackswitch_status(context)), (2, 3));
        stackswitch_destroy(context);
    }
}

thread_local! {
    /// What the error handler does: it is the process's, and tests run side by side.
    static ON_ERROR: Cell<fn(c_int)> = const { Cell::new(|code| panic!("error {code}")) };
    static RESCUE: Cell<*mut c_void> = const { Cell::new(null_mut()) };
}

fn on_error(operation: fn(c_int)) {
    unsafe extern "C-unwind" fn handler(code: c_int, _: *mut c_void, _: *const c_char) {
        ON_ERROR.get()(code);
    }
    ON_ERROR.set(operation);
    unsafe { stackswitch_set_error_handler(Some(handler)) };
}

#[test]
fn the_error_handler_hears_of_a_missing_link_before_anything_is_unwound() {
    alone(|| unsafe {
        let count = Cell::new(0);
        let argument = (&raw const count).cast_mut().cast();
        RESCUE.set(stackswitch_current());
        on_error(|code| {
            assert_eq!(code, -3, "ENOLINK");
            stackswitch_setlink(stackswitch_current(), RESCUE.get());
        });
        let context = stackswitch_spawn(null_mut(), panics as *mut c_void, argument);
        assert_eq!(panic_of(|| _ = stackswitch_swap(context, word(45))), 45);
        assert_eq!(count.get(), 1);
        stackswitch_destroy(context);
    });
}

unsafe extern "C-unwind" fn thrown(number: *mut c_void) -> *mut c_void {
    panic_with(number.addr() as u32)
}

unsafe extern "C-unwind" fn thrown_i8(number: i8) -> i8 {
    panic_with(number as u32)
}

unsafe extern "C-unwind" fn thrown_f64(number: f64) -> f64 {
    panic_with(number as u32)
}

unsafe extern "C-unwind" fn thrown_wide(_: *mut c_void, slot: *mut [u32; 16]) {
    panic_with(unsafe { (*slot)[15] })
}

/// Suspends with `suspend`, and writes down what it is thrown.
unsafe fn catches(caught: *mut c_void, suspend: impl FnOnce()) {
    let caught = unsafe { &*caught.cast::<RefCell<Vec<u32>>>() };
    let number = panic_of(suspend);
    caught.borrow_mut().push(number);
}

unsafe extern "C-unwind" fn catches_pointer(caught: *mut c_void, _: *mut c_void) -> *mut c_void {
    unsafe { catches(caught, || _ = stackswitch_suspend(null_mut())) };
    word(5)
}

unsafe extern "C-unwind" fn catches_i8(caught: *mut c_void, _: i8) -> i8 {
    unsafe { catches(caught, || _ = stackswitch_suspend_i8(0)) };
    5
}

unsafe extern "C-unwind" fn catches_f64(caught: *mut c_void, _: f64) -> f64 {
    unsafe { catches(caught, || _ = stackswitch_suspend_f64(0.0)) };
    5.0
}

/// The adapter of a body for 64 bytes, and the body.
unsafe extern "C-unwind" fn catches_wide(
    _: *mut c_void,
    caught: *mut c_void,
    slot: *mut [u32; 16],
) {
    unsafe {
        catches(caught, || {
            let mut value = [0_u32; 16];
            stackswitch_suspend_wide((&raw mut value).cast(), 64);
        });
        (*slot)[15] = 5;
    }
}

#[test]
fn what_a_function_on_top_throws_unwinds_into_the_context() {
    unsafe {
        let caught = RefCell::new(Vec::<u32>::new());
        let argument = (&raw const caught).cast_mut().cast();
        let thrown = thrown as *mut c_void;

        let pointer = stackswitch_spawn(null_mut(), catches_pointer as *mut c_void, argument);
        stackswitch_resume(pointer, null_mut());
        assert_eq!(stackswitch_swap_ontop(pointer, thrown, word(1)), word(5));

        let small = stackswitch_spawn_i8(null_mut(), catches_i8 as *mut c_void, argument);
        stackswitch_resume_i8(small, 0);
        assert_eq!(stackswitch_swap_ontop_i8(small, thrown_i8 as *mut c_void, 2), 5);

        let float = stackswitch_spawn_f64(null_mut(), catches_f64 as *mut c_void, argument);
        stackswitch_resume_f64(float, 0.0);
        assert_eq!(stackswitch_swap_ontop_f64(float, thrown_f64 as *mut c_void, 3.0), 5.0);

        let entry = catches_wide as *mut c_void;
        let wide = stackswitch_spawn_wide(null_mut(), entry, argument, entry);
        let mut value = [4_u32; 16];
        let (bytes, throw) = ((&raw mut value).cast::<c_void>(), thrown_wide as *mut c_void);
        stackswitch_resume_wide(wide, bytes, 64);
        value = [4; 16];
        stackswitch_swap_ontop_wide(wide, throw, bytes, 64, throw);
        assert_eq!(value[15], 5);

        assert_eq!(*caught.borrow(), [1, 2, 3, 4]);
        for context in [pointer, small, float, wide] {
            assert_eq!(stackswitch_status(context), 3);
            stackswitch_destroy(context);
        }
    }
}

#[test]
fn what_is_thrown_on_top_of_a_new_context_leaves_it() {
    unsafe {
        let context = stackswitch_spawn(null_mut(), panics as *mut c_void, null_mut());
        stackswitch_setlink(context, stackswitch_current());
        let throw = thrown as *mut c_void;
        assert_eq!(panic_of(|| _ = stackswitch_swap_ontop(context, throw, word(46))), 46);
        assert_eq!(stackswitch_status(context), 3);
        stackswitch_destroy(context);
    }
}

/// Catches all panics round its suspension, for ever.
unsafe extern "C-unwind" fn swallows(_: *mut c_void, _: *mut c_void) -> *mut c_void {
    loop {
        _ = catch_unwind(|| unsafe { stackswitch_suspend(null_mut()) });
    }
}

#[test]
fn catch_unwind_does_not_stop_a_cancellation() {
    unsafe {
        let context = stackswitch_spawn(null_mut(), swallows as *mut c_void, null_mut());
        stackswitch_resume(context, null_mut());
        // Rust takes a function that catches for one that nothing unwinds through: it finishes,
        // but what the function would drop may stay.
        stackswitch_cancel(context);
        assert_eq!(stackswitch_status(context), 3);
        stackswitch_destroy(context);
    }
}

thread_local! {
    static TRACE: RefCell<String> = const { RefCell::new(String::new()) };
}

fn take_trace() {
    TRACE.set(Backtrace::force_capture().to_string());
}

unsafe extern "C-unwind" fn traces(_: *mut c_void, _: *mut c_void) -> *mut c_void {
    take_trace();
    null_mut()
}

unsafe extern "C-unwind" fn traces_on_top(_: *mut c_void) -> *mut c_void {
    take_trace();
    null_mut()
}

#[inline(never)]
fn traces_error(_: c_int) {
    take_trace();
    // Not a tail call, which would leave no frame to see.
    std::hint::black_box(());
}

unsafe extern "C-unwind" fn errs(_: *mut c_void, _: *mut c_void) -> *mut c_void {
    std::hint::black_box(unsafe { stackswitch_swap(null_mut(), null_mut()) })
}

unsafe extern "C-unwind" fn suspends(_: *mut c_void, _: *mut c_void) -> *mut c_void {
    // The call is not the last thing: a tail call would leave no frame to see.
    std::hint::black_box(unsafe { stackswitch_suspend(null_mut()) })
}

/// Whether the trace shows these functions, innermost first, ends where a context's stack begins,
/// and shows nothing of the resumer.
fn assert_trace_is(functions: &[&str]) {
    let trace = TRACE.take();
    let mut rest = trace.as_str();
    for function in functions {
        let at = rest.find(function).unwrap_or_else(|| panic!("no {function} in\n{trace}"));
        rest = &rest[at..];
    }
    assert!(!trace.contains("resumer_of_the_traced"), "{trace}");
    let last = trace.lines().rfind(|line| !line.trim_start().starts_with("at ")).unwrap_or("");
    assert!(last.contains("stackswitch_point_entry"), "{trace}");
}

#[inline(never)]
fn resumer_of_the_traced(context: *mut c_void) {
    unsafe { stackswitch_resume(context, null_mut()) };
}

#[test]
fn backtraces_end_where_the_context_begins() {
    unsafe {
        let context = stackswitch_spawn(null_mut(), traces as *mut c_void, null_mut());
        resumer_of_the_traced(context);
        assert_trace_is(&["take_trace", "unwinding::traces"]);
        stackswitch_destroy(context);

        let context = stackswitch_spawn(null_mut(), suspends as *mut c_void, null_mut());
        resumer_of_the_traced(context);
        stackswitch_swap_ontop(context, traces_on_top as *mut c_void, null_mut());
        assert_trace_is(&["take_trace", "traces_on_top", "unwinding::suspends"]);
        stackswitch_destroy(context);

        on_error(traces_error);
        let context = stackswitch_spawn(null_mut(), errs as *mut c_void, null_mut());
        resumer_of_the_traced(context);
        assert_trace_is(&["take_trace", "traces_error", "unwinding::errs"]);
        stackswitch_destroy(context);
    }
}
