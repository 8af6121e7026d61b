//! Large slices, whose pages are moved instead of copied.
//!
//! The kernel moves a page by moving an entry of the page table. If source and target are aligned
//! alike, it moves 2 MiB with one entry of the next level. So the tops of mapped regions are aligned
//! to [`HUGE`], and the pages of a slice go to an address that is congruent to where they belong.
//!
//! The target address space comes from `slice_mappings`.

use core::ptr;

use crate::arch;
use crate::heap::Heap;
use crate::slice_mappings::SliceMapping;
use crate::sys;

/// The bytes that one entry of the page table's second level maps, with pages of 4 KiB. With other
/// pages it is only an alignment: a multiple of every size of page.
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
    mapping: *mut SliceMapping,
}

/// Moves the bytes from `sp` to `top` off their stack. The bytes below, down to `free`, are not in
/// use. Null, and nothing has changed, if that is not possible.
///
/// # Safety
/// The bytes, at least [`arch::LARGE_SLICE`], are a suspended context's on a region that was mapped by the
/// runtime.
pub(crate) unsafe fn save(heap: &mut Heap, sp: usize, top: usize, free: usize) -> *mut Pages {
    // A page that is shared with a neighbour stays, and its bytes are copied. Without a neighbour
    // below, unused pages are moved too if that makes one more entry of 2 MiB.
    let page = sys::page();
    let huge = sp & !(HUGE - 1);
    let own = HUGE - (sp - huge);
    let low = if huge >= free && own > FEW { huge } else { sp.next_multiple_of(page) };
    let high = top & !(page - 1);
    let length = high - low;
    // SAFETY: the caller vouches for the bytes; the mapping has room for the pages at a congruent
    // address, and a page before and after them.
    unsafe {
        let pages = heap.store.allocate(size_of::<Pages>()).cast::<Pages>();
        if pages.is_null() {
            return pages;
        }
        let mapping = heap.mappings.take(&mut heap.store, length + HUGE + 2 * page);
        if mapping.is_null() {
            heap.store.free(pages.cast(), size_of::<Pages>());
            return ptr::null_mut();
        }
        let address = (*mapping).address;
        let skip = low.wrapping_sub(address.addr() + page) & (HUGE - 1);
        let moved = address.add(page + skip);
        if !sys::move_pages(low as *mut u8, moved, length) {
            heap.mappings.put(&mut heap.store, mapping);
            heap.store.free(pages.cast(), size_of::<Pages>());
            return ptr::null_mut();
        }
        let address = moved.wrapping_add(sp.wrapping_sub(low));
        arch::copy(address, sp as *const u8, low.saturating_sub(sp));
        arch::copy(moved.add(length), high as *const u8, top - high);
        pages.write(Pages { address, moved, length, mapping });
        heap.store.count(length);
        pages
    }
}

/// Moves a slice's pages back, the first byte to `sp`, and frees the slice.
///
/// # Safety
/// `pages` is alive, of `heap`, was saved from `sp`, and nobody needs what is there.
pub(crate) unsafe fn restore(heap: &mut Heap, pages: *mut Pages, sp: usize, bytes: usize) {
    // SAFETY: the pages were moved from the addresses that they go back to, which are not in use.
    unsafe {
        let Pages { address, moved, length, mapping } = *pages;
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
        free(heap, pages, mapping, length);
    }
}

/// Frees a slice.
///
/// # Safety
/// `pages` is alive, of `heap`, and not used again.
pub(crate) unsafe fn release(heap: &mut Heap, pages: *mut Pages) {
    // SAFETY: the pages hold the slice alone, which is not used again.
    unsafe {
        let Pages { moved, length, mapping, .. } = *pages;
        sys::release(moved, length);
        free(heap, pages, mapping, length);
    }
}

/// # Safety
/// `mapping` and `length` are those of `pages`, whose memory has been moved or released.
unsafe fn free(heap: &mut Heap, pages: *mut Pages, mapping: *mut SliceMapping, length: usize) {
    // SAFETY: `pages` is a block of this heap, and its mapping a used one.
    unsafe {
        heap.store.uncount(length);
        heap.mappings.put(&mut heap.store, mapping);
        heap.store.free(pages.cast(), size_of::<Pages>());
    }
}
