//! The POSIX layer through the C ABI.
#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "every call keeps to the C ABI's contract, or breaks it where the test's name says"
)]

use std::cell::Cell;
use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr::null_mut;

use stackswitch_abi::limits::MIN_STACK;
use stackswitch_rt::abi::*;
use stackswitch_rt::error::Code;

use crate::common::*;

/// Memory for an object, zeroed and aligned.
#[repr(align(16))]
struct Object([Cell<u8>; 512]);

impl Object {
    fn new() -> Box<Self> {
        assert!(unsafe { stackswitch_context_size() } <= 512);
        Box::new(Self([const { Cell::new(0) }; 512]))
    }
    fn pointer(&self) -> *mut c_void {
        (&raw const self.0).cast_mut().cast()
    }
}

thread_local! {
    static LOG: Cell<u64> = const { Cell::new(0) };
    static MAIN: Cell<*mut c_void> = const { Cell::new(null_mut()) };
    static OTHER: Cell<*mut c_void> = const { Cell::new(null_mut()) };
}

fn log(digit: u64) {
    LOG.set(LOG.get() * 10 + digit);
}

unsafe extern "C-unwind" fn ping(_: *mut c_void) {
    log(2);
    unsafe { stackswitch_swapcontext(OTHER.get(), MAIN.get(), null_mut()) };
    log(4);
}

#[test]
fn makecontext_runs_on_its_own_stack_and_goes_on_with_its_link() {
    let (main, other) = (Object::new(), Object::new());
    let mut stack = vec![0_u8; 64 << 10];
    unsafe {
        MAIN.set(main.pointer());
        OTHER.set(other.pointer());
        assert_eq!(stackswitch_getcontext(other.pointer(), null_mut()), 0);
        let made = stackswitch_makecontext(
            other.pointer(),
            stack.as_mut_ptr().cast(),
            stack.len(),
            main.pointer(),
            ping as *mut c_void,
            null_mut(),
        );
        assert_eq!(made, 0);
        log(1);
        assert_eq!(stackswitch_swapcontext(main.pointer(), other.pointer(), null_mut()), 0);
        log(3);
        assert_eq!(stackswitch_swapcontext(main.pointer(), other.pointer(), null_mut()), 0);
        log(5);
        assert_eq!(LOG.get(), 12345);
        stackswitch_freecontext(other.pointer());
        stackswitch_freecontext(main.pointer());
    }
}

#[test]
fn bad_objects_are_refused_and_nothing_is_captured() {
    let (object, other) = (Object::new(), Object::new());
    unsafe {
        let (zeroed, fresh) = (object.pointer(), other.pointer());
        assert_eq!(stackswitch_setcontext(zeroed), Code::Destroyed as i32);
        assert_eq!(stackswitch_setcontext(null_mut()), Code::Invalid as i32);
        assert_eq!(stackswitch_getcontext(null_mut(), null_mut()), Code::Invalid as i32);
        let to_zeroed = stackswitch_swapcontext(fresh, zeroed, null_mut());
        assert_eq!(to_zeroed, Code::Destroyed as i32);
        assert_eq!(stackswitch_setcontext(fresh), Code::Destroyed as i32, "nothing was captured");
        let body = ping as *mut c_void;
        let make = |stack: *mut c_void, size| {
            stackswitch_makecontext(fresh, stack, size, null_mut(), body, null_mut())
        };
        assert_eq!(make(null_mut(), 0), Code::Destroyed as i32);
        assert_eq!(stackswitch_getcontext(fresh, null_mut()), 0);
        assert_eq!(make(null_mut(), 0), Code::Invalid as i32, "captured without a base");
        let mut stack = vec![0_u8; MIN_STACK];
        assert_eq!(make(stack.as_mut_ptr().cast(), MIN_STACK - 1), Code::Invalid as i32);
        assert_eq!(make(stack.as_mut_ptr().cast(), MIN_STACK), 0);
        stackswitch_freecontext(fresh);
        assert_eq!(stackswitch_setcontext(fresh), Code::Destroyed as i32);
    }
}

#[test]
fn makecontext_writes_nothing_to_the_stack() {
    let object = Object::new();
    for with_contexts in [false, true] {
        let mut stack = vec![0xA5_u8; MIN_STACK];
        unsafe {
            let context = if with_contexts {
                stackswitch_spawn(null_mut(), echo_once as *mut c_void, null_mut())
            } else {
                null_mut()
            };
            assert_eq!(stackswitch_getcontext(object.pointer(), null_mut()), 0);
            let at = stack.as_mut_ptr().cast();
            let body = ping as *mut c_void;
            let made =
                stackswitch_makecontext(object.pointer(), at, MIN_STACK, null_mut(), body, at);
            assert_eq!(made, 0);
            if with_contexts {
                stackswitch_destroy(context);
            }
        }
        assert!(stack.iter().all(|byte| *byte == 0xA5));
    }
}

#[test]
fn swapcontext_to_oneself_returns_zero() {
    let object = Object::new();
    unsafe {
        assert_eq!(stackswitch_getcontext(object.pointer(), null_mut()), 0);
        let to_itself = stackswitch_swapcontext(object.pointer(), object.pointer(), null_mut());
        assert_eq!(to_itself, 0);
    }
}

unsafe extern "C-unwind" fn suspender(argument: *mut c_void) {
    unsafe {
        assert_eq!(stackswitch_current(), argument, "the context users know");
        assert_eq!(stackswitch_status(argument), 2);
        assert_eq!(error_of(|| _ = stackswitch_stacktop(argument)), Code::Running);
        let inner = stackswitch_spawn(null_mut(), echo_once as *mut c_void, null_mut());
        assert_eq!(stackswitch_resume(inner, word(1)), word(2));
        assert_eq!(stackswitch_link(inner), argument);
        assert_eq!(stackswitch_resume(inner, word(3)), word(4));
        stackswitch_destroy(inner);
    }
}

unsafe extern "C-unwind" fn echo_once(_: *mut c_void, first: *mut c_void) -> *mut c_void {
    let second = unsafe { stackswitch_suspend(word(first.addr() + 1)) };
    word(second.addr() + 1)
}

/// Coroutines resumed on a stack of makecontext come back to that stack.
#[test]
fn the_layers_mix() {
    let (main, other) = (Object::new(), Object::new());
    let mut stack = vec![0_u8; 64 << 10];
    unsafe {
        let me = stackswitch_current();
        assert_eq!(stackswitch_getcontext(other.pointer(), null_mut()), 0);
        stackswitch_makecontext(
            other.pointer(),
            stack.as_mut_ptr().cast(),
            stack.len(),
            main.pointer(),
            suspender as *mut c_void,
            me,
        );
        assert_eq!(stackswitch_swapcontext(main.pointer(), other.pointer(), null_mut()), 0);
        assert_eq!(stackswitch_current(), me);
        assert_eq!(stackswitch_status(me), 2);
    }
}

/// The body of a coroutine that goes on on a stack of makecontext and is asked about there.
unsafe extern "C-unwind" fn wanders(argument: *mut c_void, _: *mut c_void) -> *mut c_void {
    let (main, other) = (Object::new(), Object::new());
    unsafe {
        assert_eq!(stackswitch_getcontext(other.pointer(), null_mut()), 0);
        let made = stackswitch_makecontext(
            other.pointer(),
            argument,
            64 << 10,
            main.pointer(),
            asks_about_itself as *mut c_void,
            null_mut(),
        );
        assert_eq!(made, 0);
        assert_eq!(stackswitch_swapcontext(main.pointer(), other.pointer(), null_mut()), 0);
    }
    argument
}

unsafe extern "C-unwind" fn asks_about_itself(_: *mut c_void) {
    unsafe {
        let me = stackswitch_current();
        assert_eq!(stackswitch_status(me), 2);
        assert_eq!(error_of(|| _ = stackswitch_clone(me)), Code::Running);
        assert_eq!(error_of(|| stackswitch_destroy(me)), Code::Running);
        stackswitch_suspend(word(1));
    }
}

#[test]
fn a_coroutine_on_a_given_stack_is_still_itself() {
    let mut stack = vec![0_u8; 64 << 10];
    unsafe {
        let argument = stack.as_mut_ptr().cast();
        let context = stackswitch_spawn(null_mut(), wanders as *mut c_void, argument);
        assert_eq!(stackswitch_resume(context, null_mut()), word(1));
        assert_eq!(stackswitch_status(context), 1);
        assert_eq!(error_of(|| _ = stackswitch_clone(context)), Code::Unsupported);
        assert_eq!(stackswitch_resume(context, null_mut()), argument);
        stackswitch_destroy(context);
    }
}

fn slow_switches() -> u64 {
    let mut stats = Stats::default();
    unsafe { stackswitch_get_stats(&mut stats) };
    stats.switches_slow
}

/// Makes `other` run `function` on a stack, with `main` to go on with, and goes there.
unsafe fn run_on(
    stack: &mut [MaybeUninit<u8>],
    (main, other): (&Object, &Object),
    function: unsafe extern "C-unwind" fn(*mut c_void),
) {
    unsafe {
        assert_eq!(stackswitch_getcontext(other.pointer(), null_mut()), 0);
        let made = stackswitch_makecontext(
            other.pointer(),
            stack.as_mut_ptr().cast(),
            stack.len(),
            main.pointer(),
            function as *mut c_void,
            null_mut(),
        );
        assert_eq!(made, 0);
        assert_eq!(stackswitch_swapcontext(main.pointer(), other.pointer(), null_mut()), 0);
    }
}

unsafe extern "C-unwind" fn leave(_: *mut c_void) {}

unsafe extern "C-unwind" fn echo(_: *mut c_void, value: *mut c_void) -> *mut c_void {
    unsafe { stackswitch_suspend(value) }
}

/// Below what is left of older stacks it makes a base and contexts, and then writes over that.
unsafe extern "C-unwind" fn deep(_: *mut c_void) {
    let mut room = [MaybeUninit::<u8>::uninit(); 48 << 10];
    std::hint::black_box(&mut room);
    unsafe { below() };
    room.fill(MaybeUninit::new(0xff));
    std::hint::black_box(&mut room);
    unsafe {
        let context = stackswitch_spawn(null_mut(), echo as *mut c_void, null_mut());
        assert_eq!(stackswitch_resume(context, word(6)), word(6));
        stackswitch_swapcontext(OTHER.get(), MAIN.get(), null_mut());
        assert_eq!(stackswitch_resume(context, word(7)), word(7));
        stackswitch_destroy(context);
    }
    assert!(room.iter().all(|byte| unsafe { byte.assume_init() } == 0xff));
    log(3);
}

#[inline(never)]
unsafe fn below() {
    unsafe {
        let base = stackswitch_base_here();
        let context = stackswitch_spawn(base, echo as *mut c_void, null_mut());
        assert_eq!(stackswitch_resume(context, word(5)), word(5));
        stackswitch_destroy(context);
        stackswitch_base_destroy(base);
    }
}

#[test]
fn memory_may_be_divided_into_stacks_anew() {
    let (main, other) = (Object::new(), Object::new());
    MAIN.set(main.pointer());
    OTHER.set(other.pointer());
    let mut stack = vec![MaybeUninit::<u8>::uninit(); 64 << 10];
    unsafe {
        for small in stack.chunks_mut(4 << 10) {
            run_on(small, (&main, &other), leave);
        }
        run_on(&mut stack, (&main, &other), deep);
        assert_eq!(stackswitch_swapcontext(main.pointer(), other.pointer(), null_mut()), 0);
        assert_eq!(LOG.get(), 3);
        // And into small ones again, of which one runs while another is suspended.
        LOG.set(0);
        let (low, high) = stack.split_at_mut(32 << 10);
        run_on(low, (&main, &other), ping);
        let (second_main, second) = (Object::new(), Object::new());
        run_on(high, (&second_main, &second), leave);
        assert_eq!(stackswitch_swapcontext(main.pointer(), other.pointer(), null_mut()), 0);
    }
    assert_eq!(LOG.get(), 24);
}

#[test]
fn a_local_array_may_be_a_stack_and_the_thread_is_fast_when_that_has_been_left() {
    let (main, other) = (Object::new(), Object::new());
    MAIN.set(main.pointer());
    OTHER.set(other.pointer());
    let mut elsewhere = vec![MaybeUninit::<u8>::uninit(); 64 << 10];
    let switches_of = |stack: &mut [MaybeUninit<u8>]| unsafe {
        LOG.set(0);
        let before = slow_switches();
        run_on(stack, (&main, &other), ping);
        stackswitch_swapcontext(main.pointer(), other.pointer(), null_mut());
        assert_eq!(LOG.get(), 24);
        // What captures for the first time is never fast.
        slow_switches() - before
    };
    let first = switches_of(&mut elsewhere);
    let usual = switches_of(&mut elsewhere);
    assert!(usual <= first);
    let mut array = [MaybeUninit::<u8>::uninit(); 16 << 10];
    // The checked runtime has no fast way.
    let slower = |count| cfg!(feature = "checked") || count > usual;
    assert!(slower(switches_of(&mut array)));
    assert!(slower(switches_of(&mut array)));
    switches_of(&mut elsewhere);
    assert_eq!(switches_of(&mut elsewhere), usual);
}
