//! Operations on a context's handle other than switches.

use core::ffi::c_void;
use core::ptr;

use stackswitch_abi::Code;

use crate::arch;
use crate::bases;
use crate::context::{Base, Context, Entry, State, Tag};
use crate::error::refuse;
use crate::posix;
use crate::sanitizers;
use crate::saved;
use crate::slice;
use crate::stats::ContextStats;
use crate::switch::check_handle;
use crate::thread::{self, HINTS, Thread, ThreadWords};
use crate::value;

/// A new suspended context that will run `entry` from `base`, or from one of the thread's default
/// bases if `base` is null. Null when refused.
///
/// # Safety
/// `base` is a base, was one, or is null.
pub(crate) unsafe fn spawn(base: *mut c_void, entry: Entry) -> *mut c_void {
    // SAFETY: the checks below make the base a live one of this thread.
    unsafe {
        let thread = thread::ensure();
        if thread.is_null() {
            return ptr::null_mut();
        }
        (*thread).start_tracking(ThreadWords::get());
        match try_spawn(&mut *thread, base, entry) {
            Ok(context) => context.cast(),
            Err(code) => {
                refuse(code, base, "spawn");
                ptr::null_mut()
            }
        }
    }
}

/// # Safety
/// As [`spawn`].
unsafe fn try_spawn(
    thread: &mut Thread,
    base: *mut c_void,
    entry: Entry,
) -> Result<*mut Context, Code> {
    if entry.function.is_null() {
        return Err(Code::Invalid);
    }
    let base = if base.is_null() {
        let base = thread.default_base();
        if base.is_null() {
            return Err(Code::Memory);
        }
        base
    } else {
        // SAFETY: the caller vouches for the handle.
        unsafe { bases::check_base(thread, base)? };
        base.cast::<Base>()
    };
    let context = thread.heap.store.allocate_header().cast::<Context>();
    if context.is_null() {
        return Err(Code::Memory);
    }
    // SAFETY: a fresh header; the base is alive.
    unsafe {
        let mut new = Context::empty();
        new.tag = Tag::new(thread.number, State::New);
        new.era = thread.era;
        new.base = base;
        new.set_entry(entry);
        new.checks.spawned(value::carried_by(entry.wide));
        context.write(new);
        (*base).contexts += 1;
    }
    thread.heap.stats.born();
    Ok(context)
}

/// Frees a context that is not running, without running its cleanups.
///
/// # Safety
/// `handle` is a context, was one, or is null.
pub(crate) unsafe fn destroy(handle: *mut c_void) {
    // SAFETY: a handle that passes the checks is a live header of this thread.
    unsafe {
        let Some((thread, context)) = own(handle, "destroy") else { return };
        if context == &raw mut thread.main {
            return refuse(Code::Invalid, handle, "destroy");
        }
        if thread::is_running(context) {
            return refuse(Code::Running, handle, "destroy");
        }
        drop_context(thread, context);
    }
}

/// Frees a context that does not run.
///
/// # Safety
/// A live header of `thread`, not of its first context; nor does it run on a stack of the POSIX
/// layer.
#[inline]
pub(crate) unsafe fn drop_context(thread: &mut Thread, context: *mut Context) {
    // SAFETY: the header is alive, and so are its base and counterpart.
    unsafe {
        // Control may have ended on a user stack, while it still has its own.
        if matches!((*context).tag.state(), State::Ready | State::Parked) {
            slice::drop_stack(&mut thread.heap, context);
        }
        thread.blocks.release(&mut thread.heap, context);
        if let Some(hidden) = (*context).counterpart.as_mut() {
            hidden.counterpart = ptr::null_mut();
        }
        sanitizers::ended(context, (*ThreadWords::get()).current);
        (*(*context).base).contexts -= 1;
        (*context).tag = Tag(0);
        thread.heap.store.free_header(context.cast());
        thread.heap.stats.contexts -= 1;
    }
}

/// The running context, or null when the thread could not be set up.
pub(crate) fn current() -> *mut c_void {
    // SAFETY: a running context's header is alive, and so is that of one it runs for.
    unsafe {
        if thread::ensure().is_null() {
            return ptr::null_mut();
        }
        Context::visible((*ThreadWords::get()).current).cast()
    }
}

/// # Safety
/// `handle` is a context, was one, or is null.
pub(crate) unsafe fn link(handle: *mut c_void) -> *mut c_void {
    // SAFETY: `own` lets only a live header of this thread pass.
    unsafe {
        let Some((_, context)) = own(handle, "link") else { return ptr::null_mut() };
        let link = (*context).link;
        if link.is_null() { ptr::null_mut() } else { Context::visible(link).cast() }
    }
}

/// # Safety
/// `handle` is a context, was one, or is null; so is `link`.
pub(crate) unsafe fn set_link(handle: *mut c_void, link: *mut c_void) {
    // SAFETY: a link is checked when it is gone to.
    unsafe {
        if let Some((thread, context)) = own(handle, "setlink") {
            if !link.is_null() {
                if let Err(code) = check_handle(thread, link.cast()) {
                    return refuse(code, link, "setlink");
                }
            }
            (*context).link = link.cast();
        }
    }
}

/// 0 new, 1 suspended, 2 running, 3 finished.
///
/// # Safety
/// `handle` is a context, was one, or is null.
pub(crate) unsafe fn status(handle: *mut c_void) -> i32 {
    // SAFETY: `own` lets only a live header of this thread pass.
    unsafe {
        let Some((_, context)) = own(handle, "status") else { return 0 };
        match (*Context::active(context)).tag.state() {
            _ if thread::is_running(context) => 2,
            State::Ready | State::Parked => 1,
            State::Finished => 3,
            _ => 0,
        }
    }
}

/// Bytes that a context holds on the heap.
///
/// # Safety
/// `handle` is a context, was one, or is null.
pub(crate) unsafe fn slice_size(handle: *mut c_void) -> usize {
    // SAFETY: `own` lets only a live header of this thread pass.
    unsafe { own(handle, "slice.size").map_or(0, |(_, context)| (*context).saved) }
}

/// The state of a context at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Whether its body has ended.
    pub finished: bool,
    /// Bytes that it holds in its slice.
    pub saved: usize,
}

/// The state of a context, for tools that follow contexts. `None`, without an error, if the context
/// was destroyed or is another thread's.
///
/// # Safety
/// `handle` is a context, was one, or is null.
pub unsafe fn snapshot(handle: *mut c_void) -> Option<Snapshot> {
    // SAFETY: the words are this thread's; a handle that passes the check is a live header of it.
    unsafe {
        let thread = (*ThreadWords::get()).thread;
        if thread.is_null() {
            return None;
        }
        check_handle(&*thread, handle.cast()).ok()?;
        let context = handle.cast::<Context>();
        let finished = (*context).tag.state() == State::Finished;
        Some(Snapshot { finished, saved: (*context).saved })
    }
}

/// What is known of a context; all zero when refused.
///
/// # Safety
/// `handle` is a context, was one, or is null.
pub(crate) unsafe fn stats(handle: *mut c_void) -> ContextStats {
    // SAFETY: a handle that passes the checks is a live header of this thread.
    unsafe {
        let mut stats = ContextStats::default();
        let Some((thread, context)) = own(handle, "get_context_stats") else { return stats };
        let is_suspended = matches!((*context).tag.state(), State::Ready | State::Parked);
        if is_suspended && !thread::is_running(context) {
            stats.bytes_parked = (*context).saved as u64;
            if context != &raw mut thread.main {
                let extent = (*(*context).base).top.saturating_sub((*context).sp);
                stats.bytes_in_place = extent.saturating_sub((*context).saved) as u64;
            }
        }
        #[cfg(feature = "checked")]
        {
            let counters = &(*context).checks.counters;
            stats.switches = (*context).checks.switches;
            stats.switches_copying = counters.switches_copying;
            stats.bytes_saved = counters.bytes_saved;
            stats.bytes_restored = counters.bytes_restored();
            stats.bytes_parked_peak = (*context).checks.peak.bytes();
        }
        stats
    }
}

/// The stack position at which a context was suspended; a new one's is its base.
///
/// # Safety
/// `handle` is a context, was one, or is null.
pub(crate) unsafe fn stacktop(handle: *mut c_void) -> *mut c_void {
    // SAFETY: `own` lets only a live header of this thread pass.
    unsafe {
        let thread = thread::ensure();
        if thread.is_null() {
            return ptr::null_mut();
        }
        match posix::stacktop(&*thread, handle) {
            Some(Ok(position)) => return position,
            Some(Err(code)) => {
                refuse(code, handle, "stacktop");
                return ptr::null_mut();
            }
            None => {}
        }
        let Some((_, context)) = own(handle, "stacktop") else { return ptr::null_mut() };
        let position = match (*Context::active(context)).tag.state() {
            _ if thread::is_running(context) => {
                refuse(Code::Running, handle, "stacktop");
                return ptr::null_mut();
            }
            State::Ready | State::Parked => (*Context::active(context)).sp,
            State::Finished => {
                refuse(Code::Finished, handle, "stacktop");
                return ptr::null_mut();
            }
            _ => (*(*context).base).top,
        };
        position as *mut c_void
    }
}

/// How many cache lines of a slice are prefetched; the hardware prefetches the rest by itself.
const HINT_LINES: usize = 8;

/// Prefetches a context's header, and `HINTS` calls later its slice or the top of its stack: their
/// addresses are in the header, and a hint that waited for it would cost what it saves.
///
/// # Safety
/// `handle` is a context, was one, or is null.
pub(crate) unsafe fn prefetch(handle: *mut c_void) {
    arch::prefetch(handle.cast());
    let tls = ThreadWords::get();
    // SAFETY: the words are this thread's; headers stay readable until their thread ends.
    unsafe {
        let thread = (*tls).thread;
        if thread.is_null() || !thread::is_handle(handle) {
            return;
        }
        let next = (*thread).next_hint;
        let context = core::mem::replace(&mut (*thread).hints[next], handle.cast());
        (*thread).next_hint = (next + 1) % HINTS;
        if context.is_null() || (*context).tag.thread() != (*thread).number {
            return;
        }
        match (*context).tag.state() {
            State::Ready => arch::prefetch((*context).sp as *const u8),
            State::Parked if (*context).saved != 0 => {
                let lines = (*context).saved.div_ceil(64).min(HINT_LINES);
                let slice = saved::plain((*context).slice);
                (0..lines).for_each(|line| arch::prefetch(slice.wrapping_add(line * 64)));
            }
            _ => {}
        }
    }
}

/// A second context that continues from the same point, or null.
///
/// # Safety
/// `handle` is a context, was one, or is null.
pub(crate) unsafe fn clone(handle: *mut c_void) -> *mut c_void {
    // SAFETY: a handle that passes the checks is a live header of this thread; what is not in
    // its slice is in place.
    unsafe {
        let Some((thread, context)) = own(handle, "clone") else { return ptr::null_mut() };
        let refused = |code| {
            refuse(code, handle, "clone");
            ptr::null_mut()
        };
        if context == &raw mut thread.main {
            return refused(Code::Invalid);
        }
        match (*Context::active(context)).tag.state() {
            _ if thread::is_running(context) => return refused(Code::Running),
            // Control on a user stack has frames that are not in the slice.
            State::Ready | State::Parked if !(*context).counterpart.is_null() => {
                return refused(Code::Unsupported);
            }
            State::Ready | State::Parked => {}
            State::Finished => return refused(Code::Finished),
            _ => return refused(Code::Invalid),
        }
        thread.blocks.sweep(&mut thread.heap, context, (*context).sp);
        let has_blocks = thread.blocks.any_between(context, 0, usize::MAX);
        if has_blocks {
            refuse(Code::Unsupported, handle, "clone with variables that never move");
            return ptr::null_mut();
        }
        if !sanitizers::can_clone(context) {
            return refused(Code::Unsupported);
        }
        if let Err(code) = slice::evict(&mut thread.heap, context) {
            return refused(code);
        }
        let twin = thread.heap.store.allocate_header().cast::<Context>();
        if twin.is_null() {
            return refused(Code::Memory);
        }
        let shared = saved::share(&mut thread.heap, (*context).slice);
        if shared.is_null() {
            thread.heap.store.free_header(twin.cast());
            return refused(Code::Memory);
        }
        (*context).slice = shared;
        let mut new = Context::empty();
        new.tag = (*context).tag;
        new.era = thread.era;
        new.base = (*context).base;
        new.link = (*context).link;
        new.sp = (*context).sp;
        new.slice = shared;
        new.saved = (*context).saved;
        new.checks = (*context).checks.uncounted();
        twin.write(new);
        (*(*context).base).contexts += 1;
        thread.heap.stats.born();
        thread.heap.stats.shared();
        twin.cast()
    }
}

/// The calling thread, and `handle` as a context of it. `None` after the error handler was told that
/// it is none.
///
/// # Safety
/// `handle` is a context, was one, or is null.
pub(crate) unsafe fn own<'a>(
    handle: *mut c_void,
    operation: &'static str,
) -> Option<(&'a mut Thread, *mut Context)> {
    // SAFETY: the thread outlives the call that asks for it.
    unsafe {
        let thread = thread::ensure();
        if thread.is_null() {
            return None;
        }
        match check_handle(&*thread, handle.cast()) {
            Ok(()) => Some((&mut *thread, handle.cast())),
            Err(code) => {
                refuse(code, handle, operation);
                None
            }
        }
    }
}
