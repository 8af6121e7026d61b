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
use crate::sys;
use crate::thread::Thread;

/// Slices from this size on are moved. Measured on x86-64 Linux 6: two moves cost 11 µs, as two
/// copies of 450 KiB do; up to there an exchange of bytes is faster.
pub(crate) const LEAST: usize = 512 << 10;
/// The bytes that one entry of the page table's second level maps.
pub(crate) const HUGE: usize = 2 << 20;
/// Up to so many bytes of single pages cost less to move than one more entry of that level.
const FEW: usize = 256 << 10;
const PAGE: usize = 4096;
/// Empty slots that are kept.
const SPARE_SLOTS: usize = 4;

/// Address space for one large slice at a time.
struct Slot {
    next: *mut Slot,
    mapping: *mut u8,
    size: usize,
    used: bool,
}

/// A large slice.
pub(crate) struct Pages {
    /// Where its lowest byte is.
    pub address: *mut u8,
    /// The first of its moved pages, and how many bytes they are.
    moved: *mut u8,
    length: usize,
    slot: *mut Slot,
}

/// The slots of a thread.
pub(crate) struct Slots {
    first: *mut Slot,
    spare: usize,
}

impl Slots {
    pub(crate) const fn new() -> Self {
        Self { first: ptr::null_mut(), spare: 0 }
    }

    /// Gives all address space back, with the slices that are there.
    ///
    /// # Safety
    /// No large slice of the thread is used again. The slots' own blocks go with the store.
    pub(crate) unsafe fn clear(&mut self) {
        let mut slot = self.first;
        while !slot.is_null() {
            // SAFETY: the list holds live slots.
            unsafe {
                sys::unmap((*slot).mapping, (*slot).size);
                slot = (*slot).next;
            }
        }
        *self = Self::new();
    }
}

/// A slot of at least `size` bytes, or null.
fn take_slot(thread: &mut Thread, size: usize) -> *mut Slot {
    // SAFETY: the list holds live slots; a new one is a fresh block.
    unsafe {
        let mut slot = thread.slots.first;
        while !slot.is_null() {
            if !(*slot).used && (*slot).size >= size {
                (*slot).used = true;
                thread.slots.spare -= 1;
                return slot;
            }
            slot = (*slot).next;
        }
        let size = size.next_power_of_two();
        let slot = thread.store.allocate(size_of::<Slot>()).cast::<Slot>();
        if slot.is_null() {
            return slot;
        }
        let mapping = sys::map(size, 0);
        if mapping.is_null() {
            thread.store.free(slot.cast(), size_of::<Slot>());
            return ptr::null_mut();
        }
        slot.write(Slot { next: thread.slots.first, mapping, size, used: true });
        thread.slots.first = slot;
        slot
    }
}

/// Puts back a slot that holds no pages any more.
///
/// # Safety
/// `slot` is a used one of `thread`.
unsafe fn put_slot(thread: &mut Thread, slot: *mut Slot) {
    // SAFETY: the list holds live slots, this one among them.
    unsafe {
        (*slot).used = false;
        thread.slots.spare += 1;
        if thread.slots.spare > SPARE_SLOTS {
            let mut at = &raw mut thread.slots.first;
            while *at != slot {
                at = &raw mut (**at).next;
            }
            *at = (*slot).next;
            thread.slots.spare -= 1;
            sys::unmap((*slot).mapping, (*slot).size);
            thread.store.free(slot.cast(), size_of::<Slot>());
        }
    }
}

/// Moves the bytes from `sp` to `top` off their stack; what lies below them, down to `free`, is
/// nobody's. Null, and nothing has changed, when that is not possible here.
///
/// # Safety
/// The bytes, at least [`LEAST`], are a suspended context's on a region that was mapped by the
/// runtime.
pub(crate) unsafe fn save(thread: &mut Thread, sp: usize, top: usize, free: usize) -> *mut Pages {
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
        let pages = thread.store.allocate(size_of::<Pages>()).cast::<Pages>();
        if pages.is_null() {
            return pages;
        }
        let slot = take_slot(thread, length + HUGE + 2 * PAGE);
        if slot.is_null() {
            thread.store.free(pages.cast(), size_of::<Pages>());
            return ptr::null_mut();
        }
        let mapping = (*slot).mapping;
        let skip = low.wrapping_sub(mapping.addr() + PAGE) & (HUGE - 1);
        let moved = mapping.add(PAGE + skip);
        if !sys::move_pages(low as *mut u8, moved, length) {
            put_slot(thread, slot);
            thread.store.free(pages.cast(), size_of::<Pages>());
            return ptr::null_mut();
        }
        let address = moved.wrapping_add(sp.wrapping_sub(low));
        arch::copy(address, sp as *const u8, low.saturating_sub(sp));
        arch::copy(moved.add(length), high as *const u8, top - high);
        pages.write(Pages { address, moved, length, slot });
        thread.store.count(length);
        pages
    }
}

/// Moves a slice's pages back, the first byte to `sp`, and frees the slice.
///
/// # Safety
/// `pages` is alive, of `thread`, was saved from `sp`, and nobody needs what is there.
pub(crate) unsafe fn restore(thread: &mut Thread, pages: *mut Pages, sp: usize, bytes: usize) {
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
        free(thread, pages, slot, length);
    }
}

/// Frees a slice.
///
/// # Safety
/// `pages` is alive, of `thread`, and not used again.
pub(crate) unsafe fn release(thread: &mut Thread, pages: *mut Pages) {
    // SAFETY: as the caller's.
    unsafe {
        let Pages { moved, length, slot, .. } = *pages;
        sys::release(moved, length);
        free(thread, pages, slot, length);
    }
}

/// # Safety
/// `slot` and `length` are those of `pages`, whose pages are elsewhere or gone.
unsafe fn free(thread: &mut Thread, pages: *mut Pages, slot: *mut Slot, length: usize) {
    // SAFETY: as the caller's.
    unsafe {
        thread.store.uncount(length);
        put_slot(thread, slot);
        thread.store.free(pages.cast(), size_of::<Pages>());
    }
}
