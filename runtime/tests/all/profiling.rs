//! A profiler's signal may come at any instruction: the thread executes one instruction at a time, and at
//! each an unwinder finds the frames below, or stops.
#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "every call keeps to the C ABI's contract; the handler does what a profiler's does"
)]
#![cfg(all(feature = "libc", target_arch = "x86_64"))]

use std::arch::asm;
use std::ffi::{c_int, c_void};
use std::mem::zeroed;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering};

use stackswitch_rt::abi::*;

use crate::common::*;

unsafe extern "C" {
    fn backtrace(frames: *mut *mut c_void, size: c_int) -> c_int;
}

static INSTRUCTIONS: AtomicUsize = AtomicUsize::new(0);
static FRAMES: AtomicUsize = AtomicUsize::new(0);

/// The instruction that was executed last, for reports.
static LAST: AtomicUsize = AtomicUsize::new(0);

/// Prints the instruction at which the unwinder failed, and ends.
extern "C" fn unwinder_failed(_: c_int) {
    let last = LAST.load(Ordering::Relaxed);
    let mut found: libc::Dl_info = unsafe { zeroed() };
    unsafe { libc::dladdr(last as *const c_void, &mut found) };
    eprintln!(
        "the unwinder failed at {last:#x}, {:#x} in the program",
        last - found.dli_fbase.addr()
    );
    unsafe { libc::_exit(3) };
}

/// Runs after each instruction.
extern "C" fn sample(_: c_int, _: *mut libc::siginfo_t, ucontext: *mut c_void) {
    let registers = unsafe { &mut (*ucontext.cast::<libc::ucontext_t>()).uc_mcontext.gregs };
    if ENDS.load(Ordering::Relaxed) != 0 {
        registers[libc::REG_EFL as usize] &= !i64::from(TRAP);
        return;
    }
    LAST.store(registers[libc::REG_RIP as usize] as usize, Ordering::Relaxed);
    let mut frames = [null_mut(); 64];
    let count = unsafe { backtrace(frames.as_mut_ptr(), 64) } as usize;
    INSTRUCTIONS.fetch_add(1, Ordering::Relaxed);
    FRAMES.fetch_add(count, Ordering::Relaxed);
    // Every frame is in code that is loaded. The last one may be where the unwinder stopped.
    for frame in &frames[..count.saturating_sub(1)] {
        let mut found: libc::Dl_info = unsafe { zeroed() };
        if unsafe { libc::dladdr(*frame, &mut found) } == 0 {
            let line = b"a frame that is in no code\n";
            unsafe { libc::write(2, line.as_ptr().cast(), line.len()) };
            for frame in &frames[..count] {
                eprintln!("{frame:p}");
            }
            std::process::abort();
        }
    }
}

/// The CPU's flag by which it traps after each instruction.
const TRAP: i32 = 0x100;

/// Whether the next trap is the last.
static ENDS: AtomicUsize = AtomicUsize::new(0);

/// Makes the CPU trap after each instruction from now on.
#[inline(always)]
fn start_stepping() {
    unsafe { asm!("pushfq", "or qword ptr [rsp], {}", "popfq", const TRAP) };
}

/// Steps through `switches` in a process of its own; returns the numbers of instructions and of frames.
fn step(name: &str, prepare: impl FnOnce(), switches: impl FnOnce()) {
    let output = in_own_process(module_path!(), name, || unsafe {
        let mut frames = [null_mut(); 4];
        backtrace(frames.as_mut_ptr(), 4); // loads the unwinder
        let mut action: libc::sigaction = zeroed();
        action.sa_sigaction = sample as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO;
        assert_eq!(libc::sigaction(libc::SIGTRAP, &action, null_mut()), 0);
        let mut action: libc::sigaction = zeroed();
        action.sa_sigaction = unwinder_failed as *const () as usize;
        assert_eq!(libc::sigaction(libc::SIGSEGV, &action, null_mut()), 0);
        prepare();
        start_stepping();
        switches();
        ENDS.store(1, Ordering::Relaxed);
        let (steps, frames) =
            (INSTRUCTIONS.load(Ordering::Relaxed), FRAMES.load(Ordering::Relaxed));
        println!("instructions {steps}, frames {frames}");
        assert!(steps > 50 && frames > 5 * steps, "{steps} instructions, {frames} frames");
    });
    assert!(output.status.success(), "{output:?}");
}

unsafe extern "C-unwind" fn counts(_: *mut c_void, mut value: i64) -> i64 {
    while value > 0 {
        value = unsafe { stackswitch_suspend_i64(value + 1) };
    }
    0
}

unsafe extern "C-unwind" fn adds_one(value: i64) -> i64 {
    value + 1
}

fn spawn() -> *mut c_void {
    unsafe { stackswitch_spawn_i64(null_mut(), counts as *mut c_void, null_mut()) }
}

#[test]
fn at_every_instruction_of_the_fast_path() {
    use std::cell::Cell;
    let context = Cell::new(null_mut());
    let prepare = || unsafe {
        context.set(spawn());
        assert_eq!(stackswitch_resume_i64(context.get(), 1), 2);
    };
    step("at_every_instruction_of_the_fast_path", prepare, || unsafe {
        assert_eq!(stackswitch_resume_i64(context.get(), 5), 6);
        assert_eq!(stackswitch_resume_i64(context.get(), 7), 8);
    });
}

#[test]
fn at_every_instruction_of_a_first_switch_and_of_an_end() {
    step(
        "at_every_instruction_of_a_first_switch_and_of_an_end",
        || _ = spawn(),
        || unsafe {
            let context = spawn();
            assert_eq!(stackswitch_resume_i64(context, 1), 2);
            assert_eq!(stackswitch_resume_i64(context, 0), 0);
            stackswitch_destroy(context);
        },
    );
}

#[test]
fn at_every_instruction_of_switches_that_copy() {
    use std::cell::Cell;
    let contexts = Cell::new([null_mut(); 2]);
    let prepare = || unsafe {
        stackswitch_set_default_regions(1);
        contexts.set([spawn(), spawn()]);
        for context in contexts.get() {
            assert_eq!(stackswitch_resume_i64(context, 1), 2);
        }
    };
    step("at_every_instruction_of_switches_that_copy", prepare, || unsafe {
        for context in contexts.get() {
            assert_eq!(stackswitch_resume_i64(context, 5), 6);
        }
    });
}

unsafe extern "C-unwind" fn swaps(other: *mut c_void, mut value: i64) -> i64 {
    while value > 0 {
        let other = unsafe { *other.cast::<*mut c_void>() };
        value = unsafe { stackswitch_swap_i64(other, value - 1) };
    }
    0
}

#[test]
fn at_every_instruction_of_exchanges() {
    use std::cell::Cell;
    let pair = Cell::new([null_mut(); 2]);
    let prepare = || unsafe {
        // Two contexts of one base that swap with one another, equally deep.
        let base = stackswitch_base_create(1 << 20);
        let handles = Box::leak(Box::new([null_mut::<c_void>(); 2]));
        for at in 0..2 {
            let other = (&raw mut handles[1 - at]).cast();
            handles[at] = stackswitch_spawn_i64(base, swaps as *mut c_void, other);
            stackswitch_setlink(handles[at], stackswitch_current());
        }
        pair.set(*handles);
    };
    step("at_every_instruction_of_exchanges", prepare, || unsafe {
        let mut before = Stats::default();
        stackswitch_get_stats(&raw mut before);
        assert_eq!(stackswitch_resume_i64(pair.get()[0], 8), 0);
        let mut after = Stats::default();
        stackswitch_get_stats(&raw mut after);
        assert!(after.switches_copying - before.switches_copying > 4);
    });
}

#[test]
fn at_every_instruction_of_a_function_on_top() {
    use std::cell::Cell;
    let context = Cell::new(null_mut());
    let prepare = || unsafe {
        context.set(spawn());
        assert_eq!(stackswitch_resume_i64(context.get(), 1), 2);
    };
    step("at_every_instruction_of_a_function_on_top", prepare, || unsafe {
        stackswitch_setlink(context.get(), stackswitch_current());
        let function = adds_one as *mut c_void;
        assert_eq!(stackswitch_swap_ontop_i64(context.get(), function, 5), 7);
        let fresh = spawn();
        stackswitch_setlink(fresh, stackswitch_current());
        assert_eq!(stackswitch_swap_ontop_i64(fresh, function, 5), 7);
    });
}

/// An error handler that returns at once.
unsafe extern "C-unwind" fn ignores(_: c_int, _: *mut c_void, _: *const std::ffi::c_char) {}

#[test]
fn at_every_instruction_of_refusals() {
    let prepare = || unsafe {
        stackswitch_set_error_handler(Some(ignores));
        spawn();
    };
    step("at_every_instruction_of_refusals", prepare, || unsafe {
        assert!(stackswitch_resume(stackswitch_current(), word(1)).is_null());
        assert_ne!(stackswitch_setcontext(null_mut()), 0);
    });
}

/// An object of the POSIX layer.
type Object = [u64; 32];

unsafe extern "C-unwind" fn posix_body(objects: *mut c_void) {
    let objects = objects.cast::<Object>();
    for _ in 0..2 {
        let (own, main) = (objects.cast(), unsafe { objects.add(1) }.cast());
        assert_eq!(unsafe { stackswitch_swapcontext(own, main, null_mut()) }, 0);
    }
}

/// Runs `posix_body` on a stack of its own, and goes there three times.
unsafe fn use_posix_layer(objects: &mut [Object; 2], stack: &mut [u64; 8192]) {
    unsafe {
        let own = objects.as_mut_ptr();
        let (own_object, main) = (own.cast::<c_void>(), own.add(1).cast::<c_void>());
        let body = posix_body as *mut c_void;
        assert_eq!(stackswitch_getcontext(own_object, null_mut()), 0);
        let memory = stack.as_mut_ptr().cast();
        let made = stackswitch_makecontext(own_object, memory, 65536, main, body, own.cast());
        assert_eq!(made, 0);
        for _ in 0..3 {
            assert_eq!(stackswitch_swapcontext(main, own_object, null_mut()), 0);
        }
    }
}

fn step_through_posix_layer(name: &str, with_contexts: bool) {
    let memory = std::cell::RefCell::new(Box::new(([[0_u64; 32]; 2], [0_u64; 8192])));
    let switches = || {
        let (objects, stack) = &mut **memory.borrow_mut();
        unsafe { use_posix_layer(objects, stack) };
    };
    let prepare = || {
        if with_contexts {
            spawn();
        }
        // The first time the system is asked where the native stack is, which takes long.
        switches();
    };
    step(name, prepare, switches);
}

#[test]
fn at_every_instruction_of_plain_captures() {
    step_through_posix_layer("at_every_instruction_of_plain_captures", false);
}

#[test]
fn at_every_instruction_of_the_posix_layer_with_contexts() {
    step_through_posix_layer("at_every_instruction_of_the_posix_layer_with_contexts", true);
}
