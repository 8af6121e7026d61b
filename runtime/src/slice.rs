//! Slicing: what makes room on a region, and what brings a context back.
//!
//! The invariants, for every region at every moment outside these functions:
//!
//! 1. The contexts in its list have pairwise disjoint parts in place, in
//!    ascending order of addresses.
//! 2. A context's saved bytes are the low end of its extent, in one slice.
//! 3. If a context of the region runs, it is the bottom of the list and nothing of it is saved.
//! 4. Only the bottom of a list is `Ready`, and only with nothing saved.
//!
//! Every step that displaces one context leaves all four true, so running out
//! of memory in the middle loses nothing.

use core::ptr;

use crate::arch;
use crate::check::{self, CHECKED};
use crate::context::{Context, Origin, Region, State};
use crate::error::Code;
use crate::heap::Heap;
use crate::pages;
use crate::saved::{self, Slice};
use crate::tools;

/// Makes `to` the bottom of its region with all of it in place. Whoever else
/// has bytes below `to`'s base moves them to the heap.
///
/// # Errors
/// [`Code::Memory`]; some contexts may have been displaced, none is lost, and
/// `to` is as it was. [`Code::Corrupt`] if its slice is not what was saved.
///
/// # Safety
/// Runs on the side stack. `to` is a suspended context of the thread whose `heap` it is. Every other
/// context in place on its region is suspended as well, its `sp` true.
pub(crate) unsafe fn bring_in(heap: &mut Heap, to: *mut Context) -> Result<(), Code> {
    // SAFETY: list members and their bases are alive; slices lie where the headers say.
    unsafe {
        let base = (*to).base;
        let region = (*base).region;
        if !intact(to) {
            return Err(Code::Corrupt);
        }
        if (*region).bottom != to {
            make_room(heap, &mut *region, to, (*base).top)?;
        }
        let length = (*to).saved;
        if length != 0 {
            let parked = heap.stats.bytes_parked;
            tools::opened((*to).sp, length);
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

/// Whether a suspended context's slice is what was saved. Only the checked build looks.
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

/// Displaces all others below `limit`, the base of `to`, and puts `to` at the bottom.
///
/// # Safety
/// As [`bring_in`]; `to` is not the bottom.
unsafe fn make_room(
    heap: &mut Heap,
    region: &mut Region,
    to: *mut Context,
    limit: usize,
) -> Result<(), Code> {
    // SAFETY: as the caller's.
    unsafe {
        let bottom = region.bottom;
        if bottom.is_null() {
            region.bottom = to;
            return Ok(());
        }
        // The bottom goes last: it is the context that is being left, if that is of this
        // region, and must be able to go on when somebody above it finds no memory.
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
            // All of it lies above: it stays, but is the bottom no longer.
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

/// Moves what `context` has in place below `limit` to the heap. Says whether
/// something of it stays in place above.
///
/// # Safety
/// As [`bring_in`]; `context` has bytes in place below `limit`.
unsafe fn displace(heap: &mut Heap, context: *mut Context, limit: usize) -> Result<bool, Code> {
    // SAFETY: `[sp + saved, end)` is in place; the block has room for all that is saved.
    unsafe {
        let top = (*(*context).base).top;
        let end = top.min(limit);
        let (sp, saved) = ((*context).sp, (*context).saved);
        let bytes = end - sp;
        if bytes >= pages::LEAST && move_away(heap, context, end) {
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

/// Moves the pages of a large context, which is whole, off its region. Says whether that could
/// be done.
///
/// # Safety
/// As [`displace`].
unsafe fn move_away(heap: &mut Heap, context: *mut Context, end: usize) -> bool {
    // SAFETY: as the caller's. Below the stack pointer of a region's bottom there is nothing.
    unsafe {
        let (base, sp) = ((*context).base, (*context).sp);
        if (*context).saved != 0 || end != (*base).top || (*(*base).region).origin != Origin::Mapped
        {
            return false;
        }
        let region = (*base).region;
        let free = if (*region).bottom == context { (*region).low + (*region).guard } else { sp };
        let pages = pages::save(heap, sp, end, free);
        if pages.is_null() {
            return false;
        }
        note_saved(heap, context, end - sp, end - sp);
        park(context, saved::of_pages(pages), end - sp);
        true
    }
}

/// Notes that the lowest `length` bytes of a context are in `slice`.
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
        tools::vacated(sp + before, length - before);
        (*context).slice = slice;
        (*context).saved = length;
        if (*context).tag.state() == State::Ready {
            (*context).tag = (*context).tag.with(State::Parked);
        }
    }
}

/// Moves all that a suspended context has in place to the heap, and takes it off its region.
///
/// # Errors
/// [`Code::Memory`]; nothing has changed.
///
/// # Safety
/// `context` is suspended, of the thread whose `heap` it is, and not a thread's first.
pub(crate) unsafe fn evict(heap: &mut Heap, context: *mut Context) -> Result<(), Code> {
    // SAFETY: a context with bytes in place is in its region's list.
    unsafe {
        if (*context).in_place() {
            let base = (*context).base;
            displace(heap, context, (*base).top)?;
            (*(*base).region).unlink(context);
        }
        Ok(())
    }
}

/// Lets go of all that a suspended context holds: its slice and its place on its region.
///
/// # Safety
/// `context` is suspended, of the thread whose `heap` it is, and will not be resumed.
pub(crate) unsafe fn drop_stack(heap: &mut Heap, context: *mut Context) {
    // SAFETY: a context with bytes in place is in its region's list.
    unsafe {
        if (*context).in_place() {
            let low = (*context).sp + (*context).saved;
            check::poison(low, (*(*context).base).top - low);
            tools::vacated(low, (*(*context).base).top - low);
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
