//! Address space that the pages of large slices are moved to.

use core::ptr;

use crate::store::Store;
use crate::sys;

/// How many mappings are kept while no slice uses them.
const SPARE: usize = 4;

/// Address space for one large slice at a time. It has no memory of its own.
pub(crate) struct SliceMapping {
    /// Neighbours in the list of used or of spare mappings.
    next: *mut SliceMapping,
    previous: *mut SliceMapping,
    /// The first address.
    pub address: *mut u8,
    size: usize,
}

/// The mappings of a thread. Each operation takes constant time.
pub(crate) struct SliceMappings {
    used: *mut SliceMapping,
    spare: *mut SliceMapping,
    spare_count: usize,
}

impl SliceMappings {
    /// No mappings.
    pub(crate) const fn new() -> Self {
        Self { used: ptr::null_mut(), spare: ptr::null_mut(), spare_count: 0 }
    }

    /// Unmaps all address space, with the slices that are there.
    ///
    /// # Safety
    /// No large slice of the thread is used again. The store that the mappings were taken with is
    /// cleared afterwards.
    pub(crate) unsafe fn clear(&mut self) {
        for mut mapping in [self.used, self.spare] {
            while !mapping.is_null() {
                // SAFETY: the lists hold live mappings.
                unsafe {
                    sys::unmap((*mapping).address, (*mapping).size);
                    mapping = (*mapping).next;
                }
            }
        }
        *self = Self::new();
    }

    /// A mapping of at least `size` bytes, or null.
    pub(crate) fn take(&mut self, store: &mut Store, size: usize) -> *mut SliceMapping {
        // SAFETY: the list of spare mappings holds live ones.
        unsafe {
            let mut mapping = self.spare;
            while !mapping.is_null() && (*mapping).size < size {
                mapping = (*mapping).next;
            }
            if mapping.is_null() {
                mapping = Self::map(store, size.next_power_of_two());
                if mapping.is_null() {
                    return mapping;
                }
            } else {
                unlist(&mut self.spare, mapping);
                self.spare_count -= 1;
            }
            list(&mut self.used, mapping);
            mapping
        }
    }

    /// A new mapping, in no list, or null.
    fn map(store: &mut Store, size: usize) -> *mut SliceMapping {
        let mapping = store.allocate(size_of::<SliceMapping>()).cast::<SliceMapping>();
        if mapping.is_null() {
            return mapping;
        }
        let address = sys::map(size, 0);
        // SAFETY: the block is fresh and has the size of a mapping.
        unsafe {
            if address.is_null() {
                store.free(mapping.cast(), size_of::<SliceMapping>());
                return ptr::null_mut();
            }
            let (next, previous) = (ptr::null_mut(), ptr::null_mut());
            mapping.write(SliceMapping { next, previous, address, size });
        }
        mapping
    }

    /// Gives back a mapping that holds no pages any more.
    ///
    /// # Safety
    /// `mapping` is a used one of these; `store` is the one that it was taken with.
    pub(crate) unsafe fn put(&mut self, store: &mut Store, mapping: *mut SliceMapping) {
        // SAFETY: the caller says that the mapping is in the list of used ones.
        unsafe {
            unlist(&mut self.used, mapping);
            if self.spare_count < SPARE {
                list(&mut self.spare, mapping);
                self.spare_count += 1;
            } else {
                sys::unmap((*mapping).address, (*mapping).size);
                store.free(mapping.cast(), size_of::<SliceMapping>());
            }
        }
    }
}

/// Adds a mapping to a list.
///
/// # Safety
/// `mapping` is alive and in no list; `first` is null or the first of a list.
unsafe fn list(first: &mut *mut SliceMapping, mapping: *mut SliceMapping) {
    // SAFETY: the caller vouches for both.
    unsafe {
        (*mapping).next = *first;
        (*mapping).previous = ptr::null_mut();
        if !first.is_null() {
            (**first).previous = mapping;
        }
    }
    *first = mapping;
}

/// Removes a mapping from its list.
///
/// # Safety
/// `mapping` is in the list that begins at `first`.
unsafe fn unlist(first: &mut *mut SliceMapping, mapping: *mut SliceMapping) {
    // SAFETY: neighbours in a list are alive.
    unsafe {
        let (next, previous) = ((*mapping).next, (*mapping).previous);
        if !next.is_null() {
            (*next).previous = previous;
        }
        if previous.is_null() {
            *first = next;
        } else {
            (*previous).next = next;
        }
    }
}
