//! The switches that have more to do than exchange registers, and the ends of contexts.
//!
//! The functions that the assembly calls run on the side stack, where no slice
//! can be in the way, and answer where to go on.

use core::ptr;

use crate::arch::{self, points};
use crate::check::{self, CHECKED, Carried};
use crate::context::{Context, State, Tag};
use crate::cxx::Globals;
use crate::error::{self, Code, Refusal};
use crate::fibers;
use crate::slice;
use crate::sys;
use crate::thread::{LOOK_INTERVAL, Thread, Tls};
use crate::tools;
use crate::traps;

/// What a switch was called as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Kind {
    Swap = 0,
    Resume = 1,
    Suspend = 2,
    Ontop = 3,
}

impl Kind {
    const fn operation(self) -> &'static str {
        match self {
            Self::Swap => "swap",
            Self::Resume => "resume",
            Self::Suspend => "suspend",
            Self::Ontop => "swap.ontop",
        }
    }
}

/// Where the assembly goes on.
#[repr(C)]
pub(crate) struct Landing {
    /// For `rdx`, or what corresponds to it.
    pub sp: usize,
    /// The address to jump to.
    pub pc: usize,
}

/// A switch of `kind` from the running context, whose record is at `sp`, to `to`.
///
/// # Safety
/// Called by the assembly, on the side stack of a thread that is set up.
pub(crate) unsafe extern "C" fn switch_slowly(to: *mut Context, sp: usize, kind: Kind) -> Landing {
    let tls = arch::tls();
    // SAFETY: the words are this thread's, the running context and its region are alive.
    unsafe {
        let thread = &mut *(*tls).thread;
        let current = (*tls).current;
        let to = if kind == Kind::Suspend { (*Context::known(current)).link } else { to };
        (*current).sp = sp;
        let carried = thread.carried.take();
        let refused = |thread: &mut Thread, code| {
            let code = if kind == Kind::Suspend { as_link(code) } else { code };
            thread.refusal = Refusal { code, context: to.cast(), operation: kind.operation() };
            Landing { sp, pc: points::refused() }
        };
        if to == current && kind != Kind::Resume {
            // To oneself: the value comes straight back.
            let pc = if kind == Kind::Ontop { points::ontop() } else { arch::point_of(sp) };
            return Landing { sp, pc };
        }
        if let Err(code) = check_way(thread, to, carried) {
            return refused(thread, code);
        }
        let to = Context::whereabouts(to);
        let new = (*to).tag.state() == State::New;
        (*current).checks.awaits = carried;
        match go(thread, tls, to) {
            Err(code) => refused(thread, code),
            Ok(landing) => {
                if kind == Kind::Resume {
                    (*to).link = current;
                }
                match kind {
                    Kind::Ontop if new => Landing { pc: points::ontop_new(), ..landing },
                    Kind::Ontop => Landing { pc: points::ontop(), ..landing },
                    _ => landing,
                }
            }
        }
    }
}

/// Leaves the running context, whose `sp` is true, for `to`, which may be switched to.
///
/// # Errors
/// [`Code::Memory`]; the running context still runs.
///
/// # Safety
/// On the side stack.
pub(crate) unsafe fn go(
    thread: &mut Thread,
    tls: *mut Tls,
    to: *mut Context,
) -> Result<Landing, Code> {
    // SAFETY: as the caller's.
    unsafe {
        thread.settle(tls);
        let current = (*tls).current;
        let before = thread.heap.stats.bytes_moved();
        let sp = arrive(thread, to)?;
        let region = (*(*current).base).region;
        (*current).suspend((*region).bottom == current);
        (*tls).current = to;
        (*tls).exchange_base = (*to).base;
        let moved = (thread.heap.stats.bytes_moved() - before) as usize;
        fibers::switched(current, to);
        count(thread, to, moved);
        thread.hooks.tell_switch(current, to, moved);
        Ok(Landing { sp, pc: arch::point_of(sp) })
    }
}

/// Counts a slow switch, to `to`, for which `moved` bytes were moved; now and then its region
/// gives memory back.
///
/// # Safety
/// `to` runs, so it is the bottom of its region.
#[inline]
unsafe fn count(thread: &mut Thread, to: *mut Context, moved: usize) {
    thread.heap.stats.switches_slow += 1;
    // SAFETY: the caller vouches for `to`.
    unsafe {
        let base = (*to).base;
        if moved != 0 {
            thread.heap.stats.switches_copying += 1;
            (*base).counters.switches_copying += 1;
        }
        (*to).checks.arrived(moved);
        (*base).switches.count();
        thread.until_look = thread.until_look.saturating_sub(1);
        if thread.until_look == 0 {
            thread.until_look = LOOK_INTERVAL;
            (*(*base).region).trim((*to).sp);
        }
    }
}

/// Brings `to` in place and marks it running; returns its stack pointer.
///
/// # Safety
/// As [`go`].
unsafe fn arrive(thread: &mut Thread, to: *mut Context) -> Result<usize, Code> {
    // SAFETY: a new context has an empty extent below its base's top.
    unsafe {
        if (*to).tag.state() == State::New {
            let top = (*(*to).base).top;
            let entry = (*to).take_entry(top);
            if let Err(code) = slice::bring_in(&mut thread.heap, to) {
                (*to).set_entry(entry);
                return Err(code);
            }
            tools::opened(top - arch::ENTRY_BYTES, arch::ENTRY_BYTES);
            (*to).sp = arch::write_entry(top, entry);
        } else {
            slice::bring_in(&mut thread.heap, to)?;
        }
        (*to).tag = (*to).tag.with(State::Running);
        Ok((*to).sp)
    }
}

/// Whether `to` can be switched to with a value of this kind, from another context of `thread`.
///
/// # Safety
/// As [`check_target`].
unsafe fn check_way(thread: &Thread, to: *mut Context, carried: Carried) -> Result<(), Code> {
    // SAFETY: as the caller's; a context's whereabouts outlive it.
    unsafe {
        check_target(thread, to)?;
        let there = Context::whereabouts(to);
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
    // SAFETY: as before; a context's whereabouts outlive it.
    match unsafe { (*Context::whereabouts(to)).tag.state() } {
        State::Running => Err(Code::Running),
        State::Finished => Err(Code::Finished),
        _ => Ok(()),
    }
}

/// Whether `handle` is a context of `thread`.
///
/// # Safety
/// `handle` is a handle, was one, or is null.
pub(crate) unsafe fn check_handle(thread: &Thread, handle: *mut Context) -> Result<(), Code> {
    if handle.is_null() || (CHECKED && !handle.is_aligned()) {
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
pub(crate) unsafe extern "C" fn finish(sp: usize, ontop: usize) -> Landing {
    let tls = arch::tls();
    // SAFETY: the words are this thread's, the running context and its region are alive.
    unsafe {
        let thread = &mut *(*tls).thread;
        let current = (*tls).current;
        let link = (*current).link;
        (*current).sp = sp;
        *(*tls).exceptions = Globals::NONE;
        thread.blocks.release(&mut thread.heap, current);
        let region = (*(*current).base).region;
        if ontop == 0 && !link.is_null() && (*link).tag == (*tls).ready {
            // A link that the fast path could switch to needs nothing brought in, nor anything
            // that hooks, checks and tools would hear of.
            (*region).bottom = (*current).above;
            (*current).above = ptr::null_mut();
            (*region).settle();
            (*current).tag = (*current).tag.with(State::Finished);
            (*link).tag = (*tls).running;
            (*tls).current = link;
            thread.heap.stats.switches_slow += 1;
            return Landing { sp: (*link).sp, pc: arch::point_of((*link).sp) };
        }
        if ontop != 0 {
            // It ends with an exception, which is no value.
            (*current).checks.body = Carried::ANY;
        }
        let landing = match check_way(thread, link, (*current).checks.body) {
            Err(code) => Err(as_link(code)),
            Ok(()) => {
                check::poison_below(sp, (*region).room_below(sp));
                // Its stack is not needed any more.
                let above = (*current).above;
                (*region).bottom = above;
                let link = Context::whereabouts(link);
                let new = (*link).tag.state() == State::New;
                let mut landing = go(thread, tls, link);
                if let Ok(landing) = &mut landing {
                    match (ontop, new) {
                        (0, _) => {}
                        (_, true) => landing.pc = points::ontop_new(),
                        (_, false) => landing.pc = points::ontop(),
                    }
                }
                if landing.is_err() {
                    (*region).bottom = current;
                    (*current).above = above;
                } else {
                    (*current).above = ptr::null_mut();
                    (*region).settle();
                }
                landing
            }
        };
        match landing {
            Ok(landing) => {
                (*current).tag = (*current).tag.with(State::Finished);
                tools::vacated(sp, (*(*current).base).top - sp);
                fibers::ended(current, (*tls).current);
                landing
            }
            Err(code) => {
                thread.refusal = Refusal {
                    code,
                    context: link.cast(),
                    operation: "end of a context's function",
                };
                Landing { sp, pc: points::unfinished() }
            }
        }
    }
}

/// Tells the handler what was refused last, on the stack of the context that asked for it.
///
/// # Safety
/// Called by the assembly after a refusal on this thread.
pub(crate) unsafe extern "C-unwind" fn report_refused() {
    // SAFETY: nothing has changed; the thread is set up.
    unsafe {
        let refusal = (*(*arch::tls()).thread).refusal;
        error::report(&refusal);
    }
}

/// As [`report_refused`], for a context that could not finish. Returns if the
/// handler has made another attempt worth while.
///
/// # Safety
/// As there.
pub(crate) unsafe extern "C-unwind" fn report_unfinished() {
    // SAFETY: as there.
    unsafe {
        let tls = arch::tls();
        let refusal = (*(*tls).thread).refusal;
        error::report(&refusal);
        let current = (*tls).current;
        let way = check_way(&*(*tls).thread, (*current).link, (*current).checks.body);
        if refusal.code != Code::Memory && way.is_err() {
            sys::print(b"stackswitch: a finished context has nowhere to go\n");
            sys::abort();
        }
    }
}

/// The running context has had a fault: it is over. Whoever hears of it goes on elsewhere, or the
/// program ends.
///
/// # Safety
/// Called by the assembly, on the side stack.
pub(crate) unsafe extern "C-unwind" fn faulted() {
    let tls = arch::tls();
    // SAFETY: the words are this thread's; the context ran, so it is the bottom of its region.
    unsafe {
        let thread = &mut *(*tls).thread;
        let current = (*tls).current;
        let known = Context::known(current);
        let region = (*(*current).base).region;
        (*region).bottom = (*current).above;
        (*current).above = ptr::null_mut();
        (*region).settle();
        end_at_base(current);
        thread.blocks.release(&mut thread.heap, current);
        if known != current && known != &raw mut thread.main {
            // Its flow of control was here; what it left on its own stack is over with it.
            (*current).away = ptr::null_mut();
            (*known).away = ptr::null_mut();
            slice::drop_stack(&mut thread.heap, known);
            thread.blocks.release(&mut thread.heap, known);
            end_at_base(known);
        }
        *(*tls).exceptions = Globals::NONE;
        thread.hooks.tell_fault(known);
        thread.enter_limbo();
        let message: &[u8] = match thread.trap.take() {
            None => {
                let context = known.cast();
                let operation = "stack overflow";
                error::report(&Refusal { code: Code::Overflow, context, operation });
                b"stackswitch: the handler has returned to a context that overflowed\n"
            }
            Some(trap) => {
                traps::report(known.cast(), &trap);
                b"stackswitch: the handler has returned to a context that had a fault\n"
            }
        };
        sys::print(message);
        sys::abort();
    }
}

/// Marks a context finished that has nothing in place nor saved any more.
///
/// # Safety
/// A live header that is in no region's list.
unsafe fn end_at_base(context: *mut Context) {
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
    // SAFETY: as the caller's.
    unsafe {
        if !(*context).away.is_null() {
            let there = (*context).away;
            slice::drop_stack(&mut thread.heap, there);
            thread.blocks.release(&mut thread.heap, there);
            end_at_base(there);
            (*there).away = ptr::null_mut();
            (*context).away = ptr::null_mut();
        }
        slice::drop_stack(&mut thread.heap, context);
        thread.blocks.release(&mut thread.heap, context);
        end_at_base(context);
        fibers::ended(context, (*arch::tls()).current);
    }
}
