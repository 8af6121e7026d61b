//! Resuming a captured position.

use core::ptr;

use stackswitch_abi::Code;

use super::capture::{as_errno, commit, prepare};
use super::object::{Object, check, free_slice, home_of, signal_mask};
use crate::arch::{self, Continuation, RAW, WITH_MASK, resume_points};
use crate::check::Carried;
use crate::context::{Context, State};
use crate::destination::MASKED;
use crate::switch;
use crate::sys;
use crate::thread::{Thread, ThreadWords};

/// `stackswitch_swapcontext`, and with `from` null `stackswitch_setcontext`. `flags` are those of
/// the capture.
///
/// # Safety
/// Called by the assembly on the side stack; `record` is its switch record. The pointers are
/// objects or null.
pub(crate) unsafe extern "C" fn swapcontext(
    from: *mut Object,
    to: *mut Object,
    base: *mut Object,
    record: usize,
    flags: u32,
) -> Continuation {
    let tls = ThreadWords::get();
    // SAFETY: the words are this thread's.
    let thread = unsafe { &mut *(*tls).thread };
    // SAFETY: the assembly has called this with its record and the user's pointers.
    match unsafe { try_swap(thread, from, to, base, record, flags) } {
        Ok(continuation) => continuation,
        Err(code) => {
            thread.refusal.code = code;
            thread.sets_errno = flags & RAW != 0;
            Continuation { sp: record, pc: resume_points::code() }
        }
    }
}

/// # Safety
/// As [`swapcontext`].
unsafe fn try_swap(
    thread: &mut Thread,
    from: *mut Object,
    to: *mut Object,
    base: *mut Object,
    record: usize,
    flags: u32,
) -> Result<Continuation, Code> {
    // SAFETY: the checks make the objects captured ones of this thread.
    unsafe {
        let tls = ThreadWords::get();
        check(thread, to)?;
        if !Thread::is_untracked(tls) {
            thread.stop_tracking_if_possible(tls);
        }
        if !(*to).seal.holds((*to).slice, (*to).length) {
            return Err(Code::Corrupt);
        }
        let home = if Thread::is_untracked(tls) { (*tls).current } else { home_of(thread, to) };
        if home != (*tls).current {
            match (*home).tag.state() {
                State::Ready | State::Parked => {}
                State::Finished => return Err(Code::Finished),
                _ => return Err(Code::Destroyed),
            }
        }
        if from == to {
            // To itself: the call returns 0.
            return Ok(Continuation { sp: record, pc: arch::resume_address(record) });
        }
        let captured =
            if from.is_null() { None } else { Some(prepare(thread, from, base, record, flags)?) };
        if home == (*tls).current {
            thread.heap.stats.switches_slow += 1;
        } else if let Err(code) = go_home(thread, tls, home, record) {
            if let Some(capture) = captured {
                free_slice(thread, capture.slice, capture.length);
            }
            return Err(code);
        }
        let masks = (
            if (*to).destination.kind & MASKED != 0 { signal_mask(to) } else { ptr::null_mut() },
            if flags & WITH_MASK != 0 { signal_mask(from) } else { ptr::null_mut() },
        );
        if masks != (ptr::null_mut(), ptr::null_mut()) {
            sys::exchange_signal_mask(masks.0, masks.1);
        }
        if let Some(capture) = captured {
            commit(thread, from, capture, flags);
        }
        // The object may lie in the memory that its slice goes to: read it first.
        thread.destination = (*to).destination;
        let (slice, length) = ((*to).slice, (*to).length);
        arch::copy(thread.destination.position.sp as *mut u8, slice, length);
        thread.heap.stats.bytes_restored += length as u64;
        let sp = (&raw const thread.destination).addr();
        Ok(Continuation { sp, pc: thread.destination.resume_address })
    }
}

/// Leaves the running context, whose record is at `record`, for the home of a position.
///
/// # Errors
/// Those of [`switch::go`]; nothing has changed.
///
/// # Safety
/// On the side stack; `record` is the running context's. The thread tracks stacks, and `home` is
/// suspended.
unsafe fn go_home(
    thread: &mut Thread,
    tls: *mut ThreadWords,
    home: *mut Context,
    record: usize,
) -> Result<(), Code> {
    // SAFETY: the words are this thread's; the caller says that `home` is suspended, so both
    // headers are alive.
    unsafe {
        let current = (*tls).current;
        (*current).sp = record;
        (*current).checks.awaits = Carried::ANY;
        let visible = Context::visible(current);
        let counterpart = (*home).counterpart;
        if (*home).is_hidden() {
            (*home).counterpart = visible;
        }
        if let Err(failure) = switch::go(thread, tls, home) {
            (*home).counterpart = counterpart;
            return Err(failure.code);
        }
        if (*home).is_hidden() {
            // Control of the visible context continues on the user stack.
            (*visible).counterpart = home;
            (*visible).suspend(false);
        } else {
            (*home).counterpart = ptr::null_mut();
        }
        Ok(())
    }
}

/// The code of the POSIX call that was refused last.
///
/// # Safety
/// Called by the assembly after a refusal on this thread.
pub(crate) unsafe extern "C-unwind" fn refused_code() -> i32 {
    // SAFETY: the thread is set up.
    let thread = unsafe { &*(*ThreadWords::get()).thread };
    if thread.sets_errno { as_errno(thread.refusal.code) } else { thread.refusal.code as i32 }
}
