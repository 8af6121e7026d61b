//! The slow path of switches, and the ends of contexts.
//!
//! The functions that the assembly calls run on the side stack, which no context overlaps, and
//! return where to continue.

use core::ptr;

use stackswitch_abi::Code;

use crate::arch::{self, Continuation, EXCHANGES_AT_MOST, Kind, resume_points};
use crate::check::{self, Carried};
use crate::cleanup_handlers;
use crate::context::{Context, FIRST_RECORD, State, Tag};
use crate::cxx::Globals;
use crate::error::{self, Refusal};
use crate::instrumentation;
use crate::sanitizers;
use crate::slice::{self, Failure};
use crate::sys;
use crate::thread::{self, Thread, ThreadWords};

/// The name of an operation in error messages.
const fn name_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Swap => "swap",
        Kind::Resume => "resume",
        Kind::Suspend => "suspend",
        Kind::Ontop => "swap.ontop",
    }
}

/// A switch of `kind` from the running context, whose record is at `sp`, to `to`.
///
/// # Safety
/// Called by the assembly, on the side stack of a thread that is set up.
pub(crate) unsafe extern "C" fn switch_slowly(
    to: *mut Context,
    sp: usize,
    kind: Kind,
) -> Continuation {
    let tls = ThreadWords::get();
    // SAFETY: the words are this thread's, the running context and its region are alive.
    unsafe {
        let thread = &mut *(*tls).thread;
        let current = (*tls).current;
        let to = if kind == Kind::Suspend { (*Context::visible(current)).link } else { to };
        (*current).sp = sp;
        cleanup_handlers::leave(thread, tls);
        let carried = thread.carried.take();
        let refused = |thread: &mut Thread, failure: Failure| {
            let code = if kind == Kind::Suspend { as_link(failure.code) } else { failure.code };
            let context = if failure.context.is_null() { to } else { failure.context };
            thread.refusal = Refusal { code, context: context.cast(), operation: name_of(kind) };
            Continuation { sp, pc: resume_points::refused() }
        };
        if to == current && kind != Kind::Resume {
            // To oneself: the value comes straight back.
            let pc =
                if kind == Kind::Ontop { resume_points::ontop() } else { arch::resume_address(sp) };
            return Continuation { sp, pc };
        }
        if let Err(code) = check_way(thread, to, carried) {
            return refused(thread, code.into());
        }
        let to = Context::active(to);
        let new = (*to).tag.state() == State::New;
        (*current).checks.awaits = carried;
        match go(thread, tls, to) {
            Err(failure) => refused(thread, failure),
            Ok(continuation) => {
                if kind == Kind::Resume {
                    (*to).link = current;
                }
                match kind {
                    Kind::Ontop if new => {
                        Continuation { pc: resume_points::ontop_new(), ..continuation }
                    }
                    Kind::Ontop => Continuation { pc: resume_points::ontop(), ..continuation },
                    _ => continuation,
                }
            }
        }
    }
}

/// Leaves the running context, whose `sp` is true, for `to`, which may be switched to.
///
/// # Errors
/// Those of [`slice::bring_in`]; the running context still runs.
///
/// # Safety
/// On the side stack.
pub(crate) unsafe fn go(
    thread: &mut Thread,
    tls: *mut ThreadWords,
    to: *mut Context,
) -> Result<Continuation, Failure> {
    // SAFETY: the running context and `to` are alive, and so are their bases and regions; the caller is on the
    // side stack.
    unsafe {
        thread.count_exchanges(tls);
        let current = (*tls).current;
        (*(*(*current).base).region).dump_from((*current).sp);
        let before = thread.heap.stats.bytes_moved();
        let sp = arrive(thread, to)?;
        let region = (*(*current).base).region;
        (*current).suspend((*region).bottom == current);
        (*tls).current = to;
        (*tls).exchange_base = (*to).base;
        let moved = (thread.heap.stats.bytes_moved() - before) as usize;
        sanitizers::switched(current, to);
        count(thread, tls, to, moved);
        cleanup_handlers::arrived(thread, tls);
        thread.hooks.call_switch_hooks(current, to, moved);
        Ok(Continuation { sp, pc: arch::resume_address(sp) })
    }
}

/// Counts a slow switch, to `to`, for which `moved` bytes were moved; now and then its region
/// gives memory back.
///
/// # Safety
/// `tls` is that of `thread`; `to` runs, so it is the bottom of its region.
#[inline]
unsafe fn count(thread: &mut Thread, tls: *mut ThreadWords, to: *mut Context, moved: usize) {
    thread.heap.stats.switches_slow += 1;
    // SAFETY: the caller vouches for `to` and the words.
    unsafe {
        let base = (*to).base;
        if moved != 0 {
            thread.heap.stats.switches_copying += 1;
            (*base).counters.switches_copying += 1;
        }
        (*to).checks.arrived(moved);
        (*base).switches.count();
        (*tls).until_trim = (*tls).until_trim.saturating_sub(1);
        if (*tls).until_trim == 0 {
            (*tls).until_trim = EXCHANGES_AT_MOST;
            (*(*base).region).trim((*to).sp);
        }
    }
}

/// Brings `to` in place and marks it as ready; returns its stack pointer.
///
/// # Safety
/// As [`go`].
unsafe fn arrive(thread: &mut Thread, to: *mut Context) -> Result<usize, Failure> {
    // SAFETY: a new context has an empty extent below its base's top.
    unsafe {
        if (*to).tag.state() == State::New {
            let top = (*(*to).base).top;
            let entry = (*to).take_entry(top);
            if let Err(failure) = slice::bring_in(&mut thread.heap, to) {
                (*to).set_entry(entry);
                return Err(failure);
            }
            instrumentation::opened(top - FIRST_RECORD, FIRST_RECORD);
            (*to).sp = entry.write_first_record(top);
        } else {
            slice::bring_in(&mut thread.heap, to)?;
        }
        (*to).tag = (*to).tag.with(State::Ready);
        Ok((*to).sp)
    }
}

/// Whether `to` can be switched to with a value of this kind, from another context of `thread`.
///
/// # Safety
/// As [`check_target`].
unsafe fn check_way(thread: &Thread, to: *mut Context, carried: Carried) -> Result<(), Code> {
    // SAFETY: headers stay readable, and the context on whose stack control is outlives this one.
    unsafe {
        check_target(thread, to)?;
        let there = Context::active(to);
        if !(*there).checks.awaits.fits(carried) {
            return Err(Code::Type);
        }
        if !slice::intact(there) {
            return Err(Code::Corrupt);
        }
        Ok(())
    }
}

/// Whether `to` can be switched to from another context of `thread`.
///
/// # Safety
/// `to` is a handle, was one, or is null.
pub(crate) unsafe fn check_target(thread: &Thread, to: *mut Context) -> Result<(), Code> {
    // SAFETY: headers stay readable until their thread ends.
    unsafe { check_handle(thread, to)? };
    // SAFETY: `to` is a live context of this thread, which the context on whose stack control is outlives.
    unsafe {
        if thread::is_running(to) {
            return Err(Code::Running);
        }
        match (*Context::active(to)).tag.state() {
            State::Finished => Err(Code::Finished),
            _ => Ok(()),
        }
    }
}

/// Whether `handle` is a context of `thread`.
///
/// # Safety
/// `handle` is a handle, was one, or is null; in the checked build it may be any pointer.
pub(crate) unsafe fn check_handle(thread: &Thread, handle: *mut Context) -> Result<(), Code> {
    if !thread::is_handle(handle.cast()) {
        return Err(Code::Invalid);
    }
    // SAFETY: headers stay readable until their thread ends.
    let tag: Tag = unsafe { (*handle).tag };
    match tag.state() {
        State::Dead => Err(Code::Destroyed),
        State::Base | State::Posix => Err(Code::Invalid),
        _ if tag.thread() != thread.number => Err(Code::Foreign),
        _ => Ok(()),
    }
}

/// The code of a link that cannot be gone to.
pub(crate) const fn as_link(code: Code) -> Code {
    match code {
        Code::Invalid | Code::Destroyed | Code::Finished => Code::NoLink,
        other => other,
    }
}

/// The running context's body has returned, or thrown: its link goes on, by running `ontop` first
/// unless that is 0.
///
/// # Safety
/// Called by the assembly, on the side stack; `sp` is the context's, at its base.
pub(crate) unsafe extern "C" fn finish(sp: usize, ontop: usize) -> Continuation {
    let tls = ThreadWords::get();
    // SAFETY: the words are this thread's, the running context and its region are alive.
    unsafe {
        let thread = &mut *(*tls).thread;
        let current = (*tls).current;
        let link = (*current).link;
        (*current).sp = sp;
        *(*tls).exceptions = Globals::NONE;
        cleanup_handlers::forget(thread, tls);
        thread.blocks.release(&mut thread.heap, current);
        let region = (*(*current).base).region;
        if ontop == 0 && !link.is_null() && link != current && (*link).tag == (*tls).ready {
            return finish_to_ready_link(tls, link);
        }
        if ontop != 0 {
            // It ends with an exception, which is no value.
            (*current).checks.body = Carried::ANY;
        }
        let continuation = match check_way(thread, link, (*current).checks.body) {
            Err(code) => Err(as_link(code).into()),
            Ok(()) => {
                check::poison_below(sp, (*region).room_below(sp));
                // Its stack is not needed any more.
                let above = (*current).above;
                (*region).bottom = above;
                let link = Context::active(link);
                let new = (*link).tag.state() == State::New;
                let mut continuation = go(thread, tls, link);
                if let Ok(continuation) = &mut continuation {
                    match (ontop, new) {
                        (0, _) => {}
                        (_, true) => continuation.pc = resume_points::ontop_new(),
                        (_, false) => continuation.pc = resume_points::ontop(),
                    }
                }
                if continuation.is_err() {
                    (*region).bottom = current;
                    (*current).above = above;
                } else {
                    (*current).above = ptr::null_mut();
                    (*region).refresh_bottom();
                }
                continuation
            }
        };
        match continuation {
            Ok(continuation) => {
                (*current).tag = (*current).tag.with(State::Finished);
                instrumentation::vacated(sp, (*(*current).base).top.saturating_sub(sp));
                sanitizers::ended(current, (*tls).current);
                continuation
            }
            Err(Failure { code, context }) => {
                let context = if context.is_null() { link } else { context };
                thread.refusal = Refusal {
                    code,
                    context: context.cast(),
                    operation: "end of a context's function",
                };
                Continuation { sp, pc: resume_points::unfinished() }
            }
        }
    }
}

/// Ends the running context and makes its link the running one. Nothing has to be brought in, and
/// hooks, checks and tools want to know nothing.
///
/// # Safety
/// The running context has ended, and the fast path could switch to `link`, its link.
#[inline]
unsafe fn finish_to_ready_link(tls: *mut ThreadWords, link: *mut Context) -> Continuation {
    // SAFETY: the words are this thread's; both contexts and the region are alive.
    unsafe {
        let current = (*tls).current;
        let region = (*(*current).base).region;
        (*region).bottom = (*current).above;
        (*current).above = ptr::null_mut();
        (*region).refresh_bottom();
        (*current).tag = (*current).tag.with(State::Finished);
        (*tls).current = link;
        (*(*tls).thread).heap.stats.switches_slow += 1;
        Continuation { sp: (*link).sp, pc: arch::resume_address((*link).sp) }
    }
}

/// Tells the handler what was refused last, on the stack of the context that asked for it.
///
/// # Safety
/// Called by the assembly after a refusal on this thread.
pub(crate) unsafe extern "C-unwind" fn report_refused() {
    // SAFETY: nothing has changed; the thread is set up.
    unsafe {
        let refusal = (*(*ThreadWords::get()).thread).refusal;
        error::report(&refusal);
    }
}

/// As [`report_refused`], for a context that could not finish. Returns if the
/// handler has made another attempt worth while.
///
/// # Safety
/// As there.
pub(crate) unsafe extern "C-unwind" fn report_unfinished() {
    // SAFETY: the words are this thread's, whose running context could not finish.
    unsafe {
        let tls = ThreadWords::get();
        let refusal = (*(*tls).thread).refusal;
        error::report(&refusal);
        let current = (*tls).current;
        let way = check_way(&*(*tls).thread, (*current).link, (*current).checks.body);
        let is_mended = match refusal.code {
            Code::Memory => true,
            Code::Stack => {
                way.is_ok() && slice::intruder(Context::active((*current).link)).is_none()
            }
            _ => way.is_ok(),
        };
        if !is_mended {
            sys::print(b"stackswitch: a finished context has nowhere to go\n");
            sys::abort();
        }
    }
}

/// Marks a context as finished that has no bytes on its region and no slice.
///
/// # Safety
/// A live header that is in no region's list.
pub(crate) unsafe fn end_at_base(context: *mut Context) {
    // SAFETY: the caller vouches for the header, whose base is alive.
    unsafe {
        (*context).sp = (*(*context).base).top;
        (*context).tag = (*context).tag.with(State::Finished);
    }
}

/// Ends a suspended context where it stands, without cleanups.
///
/// # Safety
/// A live header of `thread`, not of its first context, that is suspended; if its flow of control
/// is on a stack of the POSIX layer, so is that.
pub(crate) unsafe fn abandon(thread: &mut Thread, context: *mut Context) {
    // SAFETY: the caller vouches for the header; one on a user stack has a live counterpart.
    unsafe {
        if !(*context).counterpart.is_null() {
            let there = (*context).counterpart;
            slice::drop_stack(&mut thread.heap, there);
            thread.blocks.release(&mut thread.heap, there);
            end_at_base(there);
            (*there).counterpart = ptr::null_mut();
            (*context).counterpart = ptr::null_mut();
        }
        slice::drop_stack(&mut thread.heap, context);
        thread.blocks.release(&mut thread.heap, context);
        end_at_base(context);
        sanitizers::ended(context, (*ThreadWords::get()).current);
    }
}
