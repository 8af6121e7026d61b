//! A context that is suspended on a stack which is not its own: another library's fiber, or the thread's
//! stack after `longjmp` out of the context. The runtime never displaces such a context; an operation
//! that would have to is refused, and the error names the context.
#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "every call keeps to the C ABI's contract, or breaks it where the test's name says"
)]

use std::cell::Cell;
use std::ffi::c_void;
use std::mem::zeroed;
use std::ptr::null_mut;

use stackswitch_rt::abi::*;
use stackswitch_rt::error::Code;

use crate::common::*;

/// A fiber of the system's `ucontext` on a stack from `mmap` at a hint.
struct Fiber {
    back: libc::ucontext_t,
    fiber: libc::ucontext_t,
}

thread_local! {
    static FIBER: Cell<*mut Fiber> = const { Cell::new(null_mut()) };
}

const STACK: usize = 64 << 10;

/// Suspends the context whose control is on the fiber, then returns to the context's own stack.
extern "C" fn on_fiber() {
    unsafe {
        let sent = stackswitch_suspend_i64(41);
        assert!(sent == 99 || sent == 0, "{sent}: as sent, or refused");
        let fiber = FIBER.get();
        libc::setcontext(&raw const (*fiber).back);
    }
}

/// Maps memory for a stack, above the thread's stack or below the regions.
fn map_stack(above: bool) -> *mut c_void {
    let here = 0_u8;
    let hint = if above { (&raw const here).addr() + (64 << 20) } else { 0x1_0000_0000 };
    let (protection, flags) =
        (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    let stack =
        unsafe { libc::mmap((hint & !0xFFF) as *mut c_void, STACK, protection, flags, -1, 0) };
    assert_ne!(stack, libc::MAP_FAILED);
    stack
}

/// Runs `on_fiber` on the stack at `argument`.
unsafe extern "C-unwind" fn uses_fiber(argument: *mut c_void, _: i64) -> i64 {
    unsafe {
        let mut fiber = Box::new(Fiber { back: zeroed(), fiber: zeroed() });
        FIBER.set(&raw mut *fiber);
        libc::getcontext(&raw mut fiber.fiber);
        fiber.fiber.uc_stack.ss_sp = argument;
        fiber.fiber.uc_stack.ss_size = STACK;
        libc::makecontext(&raw mut fiber.fiber, on_fiber, 0);
        libc::swapcontext(&raw mut fiber.back, &raw const fiber.fiber);
        7
    }
}

unsafe extern "C-unwind" fn counts(_: *mut c_void, mut value: i64) -> i64 {
    let mut bytes = [5_u8; 700];
    std::hint::black_box(&mut bytes);
    while value > 0 {
        value = unsafe { stackswitch_suspend_i64(value + 1) };
    }
    bytes.iter().map(|byte| i64::from(*byte)).sum()
}

fn on_a_fresh_thread(test: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().spawn(test).unwrap().join().unwrap();
}

#[test]
fn a_context_on_the_stack_of_a_fiber_is_not_displaced() {
    for above in [false, true] {
        on_a_fresh_thread(move || unsafe {
            let stack = map_stack(above);
            assert_eq!(stackswitch_set_default_regions(1), 64);
            let counter = stackswitch_spawn_i64(null_mut(), counts as *mut c_void, null_mut());
            let user = stackswitch_spawn_i64(null_mut(), uses_fiber as *mut c_void, stack);
            assert_eq!(stackswitch_resume_i64(counter, 1), 2);
            assert_eq!(stackswitch_resume_i64(user, 0), 41);
            for _ in 0..2 {
                let errors = errors_of(|| assert_eq!(stackswitch_resume_i64(counter, 1), 0));
                let [(Code::Stack, context, message)] = &errors[..] else { panic!("{errors:?}") };
                assert_eq!(*context, user);
                assert!(message.contains("on a stack that is not its own"), "{message}");
            }
            let clone = errors_of(|| assert!(stackswitch_clone(user).is_null()));
            assert!(matches!(clone[..], [(Code::Stack, context, _)] if context == user));
            // Back on its own stack it can be displaced again.
            assert_eq!(stackswitch_resume_i64(user, 99), 7);
            stackswitch_destroy(user);
            assert_eq!(stackswitch_resume_i64(counter, 5), 6);
            assert_eq!(stackswitch_resume_i64(counter, 0), 3500);
            stackswitch_destroy(counter);
            libc::munmap(stack, STACK);
        });
    }
}

#[test]
fn a_context_on_the_stack_of_a_fiber_can_be_destroyed() {
    for above in [false, true] {
        on_a_fresh_thread(move || unsafe {
            let stack = map_stack(above);
            stackswitch_set_default_regions(1);
            let user = stackswitch_spawn_i64(null_mut(), uses_fiber as *mut c_void, stack);
            assert_eq!(stackswitch_resume_i64(user, 0), 41);
            let mut stats = ContextStats::default();
            stackswitch_get_context_stats(user, &raw mut stats);
            stackswitch_destroy(user);
            let counter = stackswitch_spawn_i64(null_mut(), counts as *mut c_void, null_mut());
            assert_eq!(stackswitch_resume_i64(counter, 1), 2);
            assert_eq!(stackswitch_resume_i64(counter, 0), 3500);
            stackswitch_destroy(counter);
            libc::munmap(stack, STACK);
        });
    }
}

#[test]
fn a_context_on_a_fiber_cannot_leave_for_a_context_whose_stack_it_shares() {
    on_a_fresh_thread(|| unsafe {
        let stack = map_stack(false);
        // The thread's own context is on the same region, so it cannot be resumed from the fiber.
        let base = stackswitch_base_here();
        let user = stackswitch_spawn_i64(base, uses_fiber as *mut c_void, stack);
        let errors = errors_of(|| assert_eq!(stackswitch_resume_i64(user, 0), 7));
        assert!(matches!(errors[..], [(Code::Stack, context, _)] if context == user), "{errors:?}");
        assert_eq!(stackswitch_status(user), 3);
        libc::munmap(stack, STACK);
    });
}

/// A link that cannot be resumed because its region is occupied: the handler mends it.
unsafe extern "C-unwind" fn destroys_the_intruder(
    code: std::ffi::c_int,
    context: *mut c_void,
    _: *const std::ffi::c_char,
) {
    assert_eq!(code, Code::Stack as i32);
    unsafe { stackswitch_destroy(context) };
}

unsafe extern "C-unwind" fn ends(_: *mut c_void, value: i64) -> i64 {
    value + 1
}

#[test]
fn the_end_of_a_context_waits_for_a_handler_that_destroys_the_intruder() {
    // A process of its own: it replaces the error handler of all tests.
    if std::env::var_os("STACKSWITCH_TEST_INTRUDER").is_none() {
        let name = "the_end_of_a_context_waits_for_a_handler_that_destroys_the_intruder";
        let output = stackswitch_test_support::this_program()
            .args([name, "--test-threads=1"])
            .env("STACKSWITCH_TEST_INTRUDER", "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        return;
    }
    unsafe {
        let stack = map_stack(false);
        stackswitch_set_error_handler(Some(destroys_the_intruder));
        let elsewhere = stackswitch_base_create(1 << 20);
        let base = stackswitch_base_create(1 << 20);
        let counter = stackswitch_spawn_i64(base, counts as *mut c_void, null_mut());
        let user = stackswitch_spawn_i64(base, uses_fiber as *mut c_void, stack);
        assert_eq!(stackswitch_resume_i64(counter, 1), 2);
        assert_eq!(stackswitch_resume_i64(user, 0), 41);
        let ending = stackswitch_spawn_i64(elsewhere, ends as *mut c_void, null_mut());
        stackswitch_setlink(counter, stackswitch_current());
        stackswitch_setlink(ending, counter);
        // `ending` continues with `counter`, whose region `user` occupies.
        assert_eq!(stackswitch_swap_i64(ending, -1), 3500);
        assert_eq!(stackswitch_status(counter), 3);
        libc::munmap(stack, STACK);
    }
}
