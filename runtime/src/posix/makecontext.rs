//! `makecontext`, and the end of its contexts.

use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use stackswitch_abi::Code;
use stackswitch_abi::cpu::ARGUMENT_REGISTERS;
use stackswitch_abi::limits::MIN_STACK;

use super::capture::{Capture, commit};
use super::object::{Object, check};
use crate::arch::{self, Position, RAW, WITH_MASK, resume_points};
use crate::context::Context;
use crate::destination::MASKED;
use crate::error::refuse;
use crate::sys;
use crate::thread::{self, Thread, ThreadWords};

/// `stackswitch_makecontext`: 0, or a code.
///
/// # Safety
/// `object` and `link` are objects or null; `stack` is null or `size` bytes for
/// this object alone; `function` may be called with `argument`.
pub(crate) unsafe fn makecontext(
    object: *mut Object,
    stack: *mut c_void,
    size: usize,
    link: *mut Object,
    function: *mut c_void,
    argument: *mut c_void,
) -> i32 {
    // SAFETY: the caller vouches for the objects, the stack and the function.
    unsafe {
        let thread = thread::ensure();
        if thread.is_null() {
            return Code::Memory as i32;
        }
        match try_make(&mut *thread, object, stack, size, link, function, argument) {
            Ok(()) => 0,
            Err(code) => code as i32,
        }
    }
}

/// # Safety
/// As [`makecontext`].
unsafe fn try_make(
    thread: &mut Thread,
    object: *mut Object,
    stack: *mut c_void,
    size: usize,
    link: *mut Object,
    function: *mut c_void,
    argument: *mut c_void,
) -> Result<(), Code> {
    // SAFETY: the checks make the object a captured one of this thread.
    unsafe {
        check(thread, object)?;
        if function.is_null() {
            return Err(Code::Invalid);
        }
        let (top, base, home) = if stack.is_null() {
            if (*object).base == 0 {
                return Err(Code::Invalid);
            }
            ((*object).base, (*object).base, (*object).home)
        } else {
            let (top, home) = prepare_stack(thread, stack.addr(), size)?;
            (top, 0, home)
        };
        let (function, argument) = (function.addr(), argument.addr());
        let position = Position::at_start(
            resume_points::posix_entry(),
            top & !15,
            function,
            argument,
            link.addr(),
        );
        commit(thread, object, Capture::without_slice(position, base, home), 0);
        Ok(())
    }
}

/// Makes `size` bytes from `low` on a user stack. Returns its upper end, and the home of the code
/// that will run on it.
///
/// # Errors
/// [`Code::Invalid`] for fewer than [`MIN_STACK`] bytes; [`Code::Memory`].
///
/// # Safety
/// The bytes are for this stack alone.
unsafe fn prepare_stack(
    thread: &mut Thread,
    low: usize,
    size: usize,
) -> Result<(usize, *mut Context), Code> {
    if size < MIN_STACK || low.checked_add(size).is_none() {
        return Err(Code::Invalid);
    }
    // SAFETY: the caller vouches for the memory; the words are this thread's.
    unsafe {
        let tls = ThreadWords::get();
        let stack = thread.add_user_stack(tls, low, size).ok_or(Code::Memory)?;
        thread.blocks.forget(&mut thread.heap, &raw mut (*stack).context);
        let untracked = Thread::is_untracked(tls);
        let home = if untracked { ptr::null_mut() } else { &raw mut (*stack).context };
        Ok(((*stack).top(), home))
    }
}

/// `makecontext` of `<ucontext.h>`: the first `words` are arguments in registers, the others on the
/// stack.
///
/// # Errors
/// [`Code::Invalid`] for a stack that is null or too small, and for an object that was not captured
/// into; [`Code::Memory`].
///
/// # Safety
/// `object` is memory for one; `low` is null or `size` bytes for it alone; `function` may be called
/// with the `words`.
pub(super) unsafe fn make_with(
    object: *mut Object,
    (low, size): (usize, usize),
    link: *mut Object,
    function: usize,
    words: impl ExactSizeIterator<Item = usize>,
) -> Result<(), Code> {
    const REGISTERS: usize = ARGUMENT_REGISTERS;
    const WORD: usize = size_of::<usize>();
    // SAFETY: the check makes the object a captured one of this thread; the words are written to
    // the upper end of the stack, which has room for them by the test of `size`.
    unsafe {
        let thread = thread::ensure();
        if thread.is_null() {
            return Err(Code::Memory);
        }
        let thread = &mut *thread;
        check(thread, object)?;
        let more = words.len().saturating_sub(REGISTERS);
        let bytes = more.checked_mul(WORD).ok_or(Code::Invalid)?.next_multiple_of(16);
        if low == 0 || function == 0 || size < MIN_STACK || size - MIN_STACK < bytes {
            return Err(Code::Invalid);
        }
        let (top, home) = prepare_stack(thread, low, size)?;
        // The entry loads all registers. Those that the program passed nothing for get what is there.
        let first = top - (REGISTERS * WORD).next_multiple_of(16);
        let sp = first - bytes;
        for (i, word) in words.enumerate() {
            let at = if i < REGISTERS { first + i * WORD } else { sp + (i - REGISTERS) * WORD };
            (at as *mut usize).write(word);
        }
        let position =
            Position::at_start(resume_points::ucontext_entry(), sp, function, first, link.addr());
        let flags = RAW | if (*object).destination.kind & MASKED != 0 { WITH_MASK } else { 0 };
        commit(thread, object, Capture::without_slice(position, 0, home), flags);
        Ok(())
    }
}

/// A function that ends a thread after a context without a link has returned.
pub type EndThread = unsafe extern "C-unwind" fn();

static END_THREAD: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

/// Sets the function that the runtime calls, on the ending context's stack, when a POSIX context
/// without a link returns. It must not return. With `None` the thread ends.
pub fn set_end_thread(end: Option<EndThread>) {
    END_THREAD.store(end.map_or(ptr::null_mut(), |end| end as *mut ()), Ordering::Release);
}

/// Continues with the link of a context of `makecontext` whose function has returned.
///
/// # Safety
/// Called by the assembly on that context's stack.
pub(crate) unsafe extern "C-unwind" fn end(link: *mut Object) -> ! {
    // SAFETY: the assembly has called this at the end of the context: its stack is not needed.
    unsafe {
        let tls = ThreadWords::get();
        (*(*tls).thread).leave_user_stack(tls);
        if link.is_null() {
            let end = END_THREAD.load(Ordering::Acquire);
            if !end.is_null() {
                core::mem::transmute::<*mut (), EndThread>(end)();
            }
            sys::end_thread();
        }
        let value = arch::stackswitch_setcontext(link.cast());
        let code = Code::from_value(value).unwrap_or(Code::Invalid);
        refuse(code, link.cast(), "link of a context made by makecontext");
        sys::print(b"stackswitch: a context has ended and its link cannot go on\n");
        sys::abort()
    }
}
