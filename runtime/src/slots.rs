//! Address space that large slices' pages are moved to.

use core::ptr;

use crate::store::Store;
use crate::sys;

/// Empty slots that are kept.
const SPARE_SLOTS: usize = 4;

/// Address space for one large slice at a time.
pub(crate) struct Slot {
    next: *mut Slot,
    /// Where it begins.
    pub mapping: *mut u8,
    size: usize,
    used: bool,
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

    /// A slot of at least `size` bytes, or null.
    pub(crate) fn take(&mut self, store: &mut Store, size: usize) -> *mut Slot {
        // SAFETY: the list holds live slots; a new one is a fresh block.
        unsafe {
            let mut slot = self.first;
            while !slot.is_null() {
                if !(*slot).used && (*slot).size >= size {
                    (*slot).used = true;
                    self.spare -= 1;
                    return slot;
                }
                slot = (*slot).next;
            }
            let size = size.next_power_of_two();
            let slot = store.allocate(size_of::<Slot>()).cast::<Slot>();
            if slot.is_null() {
                return slot;
            }
            let mapping = sys::map(size, 0);
            if mapping.is_null() {
                store.free(slot.cast(), size_of::<Slot>());
                return ptr::null_mut();
            }
            slot.write(Slot { next: self.first, mapping, size, used: true });
            self.first = slot;
            slot
        }
    }

    /// Puts back a slot that holds no pages any more.
    ///
    /// # Safety
    /// `slot` is a used one of these; `store` is the one that it was taken with.
    pub(crate) unsafe fn put(&mut self, store: &mut Store, slot: *mut Slot) {
        // SAFETY: the list holds live slots, this one among them.
        unsafe {
            (*slot).used = false;
            self.spare += 1;
            if self.spare > SPARE_SLOTS {
                let mut at = &raw mut self.first;
                while *at != slot {
                    at = &raw mut (**at).next;
                }
                *at = (*slot).next;
                self.spare -= 1;
                sys::unmap((*slot).mapping, (*slot).size);
                store.free(slot.cast(), size_of::<Slot>());
            }
        }
    }
}
