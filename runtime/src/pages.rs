//! Large slices: their pages are moved, not copied.
//!
//! Moving a page is moving an entry of the page table, and where whole megabytes
//! are aligned alike at both ends the kernel moves one entry for two of them.
//! So the tops of mapped regions are aligned to that ([`HUGE`]), and a slice's
//! pages go to an address that is congruent to where they belong.
//!
//! The addresses are those of *slots*: mappings that are empty while nobody's
//! pages are there, and kept for the next large slice.

use core::ptr;

use crate::arch;
use crate::heap::Heap;
use crate::slots::Slot;
use crate::sys::{self, PAGE};

/// Slices from this size on are moved. Measured on x86-64 Linux 6: two moves cost 11 µs, as two
/// copies of 450 KiB do; up to there an exchange of bytes is faster.
pub(crate) const LEAST: usize = 512 << 10;
/// The bytes that one entry of the page table's second level maps.
pub(crate) const HUGE: usize = 2 << 20;
/// Up to so many bytes of single pages cost less to move than one more entry of that level.
const FEW: usize = 256 << 10;

/// A large slice.
pub(crate) struct Pages {
    /// Where its lowest byte is.
    pub address: *mut u8,
    /// The first of its moved pages, and how many bytes they are.
    moved: *mut u8,
    length: usize,
    slot: *mut Slot,
}

/// Moves the bytes from `sp` to `top` off their stack; what lies below them, down to `free`, is
/// nobody's. Null, and nothing has changed, when that is not possible here.
///
/// # Safety
/// The bytes, at least [`LEAST`], are a suspended context's on a region that was mapped by the
/// runtime.
pub(crate) unsafe fn save(heap: &mut Heap, sp: usize, top: usize, free: usize) -> *mut Pages {
    // Pages that are shared with a neighbour stay: the bytes at both ends are copied. Without a
    // neighbour below, what is nobody's goes along if that makes it one entry more to move.
    let huge = sp & !(HUGE - 1);
    let own = HUGE - (sp - huge);
    let low = if huge >= free && own > FEW { huge } else { sp.next_multiple_of(PAGE) };
    let high = top & !(PAGE - 1);
    let length = high - low;
    // SAFETY: as the caller's; the slot has room for the pages at a congruent place, and a page
    // before and after them.
    unsafe {
        let pages = heap.store.allocate(size_of::<Pages>()).cast::<Pages>();
        if pages.is_null() {
            return pages;
        }
        let slot = heap.slots.take(&mut heap.store, length + HUGE + 2 * PAGE);
        if slot.is_null() {
            heap.store.free(pages.cast(), size_of::<Pages>());
            return ptr::null_mut();
        }
        let mapping = (*slot).mapping;
        let skip = low.wrapping_sub(mapping.addr() + PAGE) & (HUGE - 1);
        let moved = mapping.add(PAGE + skip);
        if !sys::move_pages(low as *mut u8, moved, length) {
            heap.slots.put(&mut heap.store, slot);
            heap.store.free(pages.cast(), size_of::<Pages>());
            return ptr::null_mut();
        }
        let address = moved.wrapping_add(sp.wrapping_sub(low));
        arch::copy(address, sp as *const u8, low.saturating_sub(sp));
        arch::copy(moved.add(length), high as *const u8, top - high);
        pages.write(Pages { address, moved, length, slot });
        heap.store.count(length);
        pages
    }
}

/// Moves a slice's pages back, the first byte to `sp`, and frees the slice.
///
/// # Safety
/// `pages` is alive, of `heap`, was saved from `sp`, and nobody needs what is there.
pub(crate) unsafe fn restore(heap: &mut Heap, pages: *mut Pages, sp: usize, bytes: usize) {
    // SAFETY: as the caller's.
    unsafe {
        let Pages { address, moved, length, slot } = *pages;
        let low = sp.wrapping_sub(address.addr().wrapping_sub(moved.addr()));
        let high = low + length;
        if !sys::move_pages(moved, low as *mut u8, length) {
            // The kernel may have removed what was there: a fresh mapping, then.
            sys::map_at(low as *mut u8, length);
            arch::copy(low as *mut u8, moved, length);
            sys::release(moved, length);
        }
        arch::copy(sp as *mut u8, address, low.saturating_sub(sp));
        arch::copy(high as *mut u8, moved.add(length), sp + bytes - high);
        free(heap, pages, slot, length);
    }
}

/// Frees a slice.
///
/// # Safety
/// `pages` is alive, of `heap`, and not used again.
pub(crate) unsafe fn release(heap: &mut Heap, pages: *mut Pages) {
    // SAFETY: as the caller's.
    unsafe {
        let Pages { moved, length, slot, .. } = *pages;
        sys::release(moved, length);
        free(heap, pages, slot, length);
    }
}

/// # Safety
/// `slot` and `length` are those of `pages`, whose pages are elsewhere or gone.
unsafe fn free(heap: &mut Heap, pages: *mut Pages, slot: *mut Slot, length: usize) {
    // SAFETY: as the caller's.
    unsafe {
        heap.store.uncount(length);
        heap.slots.put(&mut heap.store, slot);
        heap.store.free(pages.cast(), size_of::<Pages>());
    }
}
