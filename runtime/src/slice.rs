//! Slicing: displacing contexts to make room on a region, and restoring a context.
//!
//! The four invariants of slicing (`docs/design.md`, "Invariants") hold for every region at every moment
//! outside these functions. Each step that displaces one context preserves them, so running out of
//! memory loses nothing.

use core::ptr;

use stackswitch_abi::Code;

use crate::arch::{self, LARGE_SLICE};
use crate::check::{self, CHECKED};
use crate::context::{Context, Origin, Region, State};
use crate::heap::Heap;
use crate::instrumentation;
use crate::large_slices;
use crate::saved::{self, Slice};

/// Why a context could not be made resident.
#[derive(Clone, Copy)]
pub(crate) struct Failure {
    pub code: Code,
    /// The context that the error is about; null for the one that was to be made resident.
    pub context: *mut Context,
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Self { code, context: ptr::null_mut() }
    }
}

/// Makes `to` the bottom of its region, resident as a whole. Displaces the bytes of other contexts
/// below the base of `to`.
///
/// # Errors
/// [`Code::Memory`]; some contexts may have been displaced, none is lost, and `to` is as it was.
/// [`Code::Corrupt`] if its slice is not what was saved. [`Code::Stack`] if another context of its
/// region is suspended on a stack that is not its own; nothing has changed.
///
/// # Safety
/// On the side stack. `to` is a suspended context of the thread whose `heap` it is. Every other
/// resident context of its region is suspended too, with a valid `sp`.
pub(crate) unsafe fn bring_in(heap: &mut Heap, to: *mut Context) -> Result<(), Failure> {
    // SAFETY: list members and their bases are alive; slices lie where the headers say.
    unsafe {
        let base = (*to).base;
        let region = (*base).region;
        if !intact(to) {
            return Err(Code::Corrupt.into());
        }
        if (*region).bottom != to {
            make_room(heap, &mut *region, to, (*base).top)?;
        }
        let length = (*to).saved;
        if length != 0 {
            let parked = heap.stats.bytes_parked;
            instrumentation::opened((*to).sp, length);
            saved::restore(heap, (*to).slice, (*to).sp, length);
            let freed = (parked - heap.stats.bytes_parked) as usize;
            (*base).counters.restored(length, freed);
            (*to).checks.restored(length);
            (*to).slice = ptr::null_mut();
            (*to).saved = 0;
        }
        Ok(())
    }
}

/// Whether a suspended context's slice is what was saved. Only the checked build tests it.
///
/// # Safety
/// `context` is a live header.
pub(crate) unsafe fn intact(context: *mut Context) -> bool {
    // SAFETY: the slice lies where the header says.
    unsafe {
        !CHECKED
            || (*context).saved == 0
            || (*context).checks.seal.holds(saved::bytes((*context).slice), (*context).saved)
    }
}

/// The context that prevents `to` from becoming resident: the bottom of its region, if that was
/// suspended on a stack that is not its own, for instance another library's, or the thread's after
/// `longjmp`. Where its frames on the region end is not known, so it cannot be displaced. Other
/// members of the list were the bottom before, and were tested then.
///
/// # Safety
/// `to` is a live header of the thread.
pub(crate) unsafe fn intruder(to: *mut Context) -> Option<*mut Context> {
    // SAFETY: a live context's region is alive, and so are the members of the region's list.
    unsafe {
        let bottom = (*(*(*to).base).region).bottom;
        (!bottom.is_null() && bottom != to && !(*bottom).is_on_own_stack()).then_some(bottom)
    }
}

/// Displaces all other contexts below `limit`, the base of `to`, and makes `to` the bottom.
///
/// # Safety
/// As [`bring_in`]; `to` is not the bottom.
unsafe fn make_room(
    heap: &mut Heap,
    region: &mut Region,
    to: *mut Context,
    limit: usize,
) -> Result<(), Failure> {
    // SAFETY: list members and their bases are alive, and all but `to` may be displaced.
    unsafe {
        let bottom = region.bottom;
        if bottom.is_null() {
            region.bottom = to;
            return Ok(());
        }
        if let Some(context) = intruder(to) {
            return Err(Failure { code: Code::Stack, context });
        }
        // The bottom is displaced last: it may be the context that is being left, which must be able
        // to continue if there is no memory for another.
        loop {
            let above = (*bottom).above;
            if above.is_null() || above == to || (*above).sp + (*above).saved >= limit {
                break;
            }
            let next = (*above).above;
            if displace(heap, above, limit)? {
                break;
            }
            (*bottom).above = next;
            (*above).above = ptr::null_mut();
        }
        let rest = if (*bottom).sp + (*bottom).saved < limit {
            if displace(heap, bottom, limit)? {
                bottom
            } else {
                let rest = (*bottom).above;
                (*bottom).above = ptr::null_mut();
                rest
            }
        } else {
            // It lies above as a whole: it stays, but is not the bottom any more.
            if (*bottom).tag.state() == State::Ready {
                (*bottom).tag = (*bottom).tag.with(State::Parked);
            }
            bottom
        };
        if rest != to {
            (*to).above = rest;
        }
        region.bottom = to;
        Ok(())
    }
}

/// Displaces the resident bytes of `context` below `limit`. Returns whether resident bytes remain
/// above.
///
/// # Safety
/// As [`bring_in`]; `context` has resident bytes below `limit`.
unsafe fn displace(heap: &mut Heap, context: *mut Context, limit: usize) -> Result<bool, Code> {
    // SAFETY: `[sp + saved, end)` is resident; the block has room for all that is saved.
    unsafe {
        let top = (*(*context).base).top;
        let end = top.min(limit);
        let (sp, saved) = ((*context).sp, (*context).saved);
        let bytes = end - sp;
        if bytes >= LARGE_SLICE && move_pages(heap, context, end) {
            return Ok(false);
        }
        let block = heap.store.allocate(bytes);
        if block.is_null() {
            return Err(Code::Memory);
        }
        if saved == 0 {
            arch::copy_fresh(block, sp as *const u8, bytes);
        } else {
            arch::copy(block.add(saved), (sp + saved) as *const u8, bytes - saved);
            arch::copy(block, saved::bytes((*context).slice), saved);
            let freed = saved::release(heap, (*context).slice, saved);
            heap.stats.dropped(freed);
            (*(*context).base).counters.dropped(freed);
        }
        note_saved(heap, context, bytes - saved, bytes);
        check::poison(sp + saved, bytes - saved);
        park(context, block, bytes);
        Ok(top > limit)
    }
}

/// Counts the `bytes` that came from a context's stack, to a slice of `length` bytes.
///
/// # Safety
/// The context is alive.
#[inline]
unsafe fn note_saved(heap: &mut Heap, context: *mut Context, bytes: usize, length: usize) {
    heap.stats.saved(bytes, length);
    // SAFETY: the caller vouches for the context, whose base is alive.
    unsafe {
        let base = &mut *(*context).base;
        base.counters.saved(bytes, length, &mut base.peak);
        (*context).checks.saved(bytes, length);
    }
}

/// Moves the pages of a large context without a slice off its region. Returns whether that was
/// possible.
///
/// # Safety
/// As [`displace`].
unsafe fn move_pages(heap: &mut Heap, context: *mut Context, end: usize) -> bool {
    // SAFETY: the context is the only user of its pages. Below the `sp` of a region's bottom nothing is in use.
    unsafe {
        let (base, sp) = ((*context).base, (*context).sp);
        if (*context).saved != 0 || end != (*base).top || (*(*base).region).origin != Origin::Mapped
        {
            return false;
        }
        let region = (*base).region;
        // Pages with different settings cannot be moved at once.
        (*region).dump_from(sp);
        let free = if (*region).bottom == context { (*region).low + (*region).guard } else { sp };
        let pages = large_slices::save(heap, sp, end, free);
        if pages.is_null() {
            return false;
        }
        note_saved(heap, context, end - sp, end - sp);
        park(context, saved::of_pages(pages), end - sp);
        true
    }
}

/// Records that the lowest `length` bytes of a context are in `slice`.
///
/// # Safety
/// They are.
unsafe fn park(context: *mut Context, slice: Slice, length: usize) {
    // SAFETY: the caller has a live context.
    unsafe {
        if CHECKED {
            (*context).checks.seal.extend(saved::bytes(slice), (*context).saved, length);
        }
        let (sp, before) = ((*context).sp, (*context).saved);
        instrumentation::vacated(sp + before, length - before);
        (*context).slice = slice;
        (*context).saved = length;
        if (*context).tag.state() == State::Ready {
            (*context).tag = (*context).tag.with(State::Parked);
        }
    }
}

/// Displaces a suspended context as a whole, and removes it from its region's list.
///
/// # Errors
/// [`Code::Memory`], or [`Code::Stack`] if it is not on its own stack; nothing has changed.
///
/// # Safety
/// `context` is suspended, of the thread whose `heap` it is, and not a thread's first.
pub(crate) unsafe fn evict(heap: &mut Heap, context: *mut Context) -> Result<(), Code> {
    // SAFETY: a context with resident bytes is in its region's list.
    unsafe {
        if (*context).is_resident() {
            if !(*context).is_on_own_stack() {
                return Err(Code::Stack);
            }
            let base = (*context).base;
            displace(heap, context, (*base).top)?;
            (*(*base).region).unlink(context);
        }
        Ok(())
    }
}

/// Frees the slice of a suspended context, and removes it from its region's list.
///
/// # Safety
/// `context` is suspended, of the thread whose `heap` it is, and will not be resumed.
pub(crate) unsafe fn drop_stack(heap: &mut Heap, context: *mut Context) {
    // SAFETY: a context with resident bytes is in its region's list.
    unsafe {
        if (*context).is_resident() {
            if (*context).is_on_own_stack() {
                let low = (*context).sp + (*context).saved;
                check::poison(low, (*(*context).base).top - low);
                instrumentation::vacated(low, (*(*context).base).top - low);
            }
            (*(*(*context).base).region).unlink(context);
        }
        if (*context).saved != 0 {
            let freed = saved::release(heap, (*context).slice, (*context).saved);
            heap.stats.dropped(freed);
            (*(*context).base).counters.dropped(freed);
            (*context).saved = 0;
            (*context).slice = ptr::null_mut();
        }
    }
}
