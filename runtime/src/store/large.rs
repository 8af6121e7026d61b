//! Blocks that are too large for chunks: each is a block of the system's allocator, with a head that
//! links it.

use core::ptr;

use super::layout::{LINE, Large, Store};

/// Bytes of a large block besides those that were asked for.
const EXTRA: usize = size_of::<Large>() + LINE;

impl Store {
    pub(super) fn allocate_large(&mut self, size: usize) -> *mut u8 {
        let Some(whole) = size.checked_add(EXTRA) else { return ptr::null_mut() };
        let origin = self.memory.allocate(whole);
        if origin.is_null() {
            return ptr::null_mut();
        }
        // SAFETY: a fresh block with room for the head, up to a line's end, and `size` bytes.
        unsafe {
            let end = (origin.addr() + size_of::<Large>() + size).next_multiple_of(LINE);
            let block = origin.add(end - size - origin.addr());
            let large = block.cast::<Large>().sub(1);
            (*large).origin = origin;
            (*large).next = self.large;
            (*large).prev = ptr::null_mut();
            if !self.large.is_null() {
                (*self.large).prev = large;
            }
            self.large = large;
            self.count(whole);
            block
        }
    }

    /// Frees a large block.
    ///
    /// # Safety
    /// `block` came from [`Self::allocate_large`] with this size and is in use.
    pub(super) unsafe fn free_large(&mut self, block: *mut u8, size: usize) {
        // SAFETY: the head lies before the block; its neighbours are live.
        unsafe {
            let large = block.cast::<Large>().sub(1);
            let (next, prev) = ((*large).next, (*large).prev);
            if !next.is_null() {
                (*next).prev = prev;
            }
            if prev.is_null() {
                self.large = next;
            } else {
                (*prev).next = next;
            }
            self.bytes -= size + EXTRA;
            self.memory.free((*large).origin);
        }
    }

    /// Frees all large blocks.
    ///
    /// # Safety
    /// None is used again.
    pub(super) unsafe fn clear_large(&mut self) {
        // SAFETY: the list holds blocks of the system's allocator, each once.
        unsafe {
            while !self.large.is_null() {
                let next = (*self.large).next;
                self.memory.free((*self.large).origin);
                self.large = next;
            }
        }
    }
}
