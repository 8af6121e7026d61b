//! What a context's saved bytes are kept in.
//!
//! Most slices are a block of the [`store`](crate::store). One that clones share is a block with
//! a count of its holders; it is copied when one of them runs, and taken over by the last. One
//! that is large is pages that were moved, see `pages`. The header's `slice`
//! says which, in the low bits of the pointer.

use core::ptr;

use crate::heap::Heap;
use crate::pages::{self, Pages};

const KIND: usize = 3;
pub(crate) const SHARED: usize = 1;
pub(crate) const PAGES: usize = 2;

/// A slice, as [`Context::slice`](crate::context::Context::slice) holds it. Null is none.
pub(crate) type Slice = *mut u8;

/// A slice that several contexts hold.
struct Shared {
    holders: usize,
    /// A block or pages.
    slice: Slice,
}

/// What debuggers need to find a slice's bytes, see `describe`.
pub(crate) mod described {
    pub(crate) use super::{PAGES, SHARED};

    pub(crate) const SHARED_SLICE: usize = core::mem::offset_of!(super::Shared, slice);
}

enum Kind {
    Block(*mut u8),
    Shared(*mut Shared),
    Pages(*mut Pages),
}

/// The address of a slice's block, or of what leads to its bytes.
pub(crate) fn plain(slice: Slice) -> *mut u8 {
    slice.map_addr(|address| address & !KIND)
}

fn kind(slice: Slice) -> Kind {
    let plain = plain(slice);
    match slice.addr() & KIND {
        SHARED => Kind::Shared(plain.cast()),
        PAGES => Kind::Pages(plain.cast()),
        _ => Kind::Block(plain),
    }
}

/// Whether a slice is a block that belongs to one context.
fn is_own_block(slice: Slice) -> bool {
    slice.addr() & KIND == 0
}

/// A slice of moved pages.
pub(crate) fn of_pages(pages: *mut Pages) -> Slice {
    pages.cast::<u8>().map_addr(|address| address | PAGES)
}

/// Where the bytes are.
///
/// # Safety
/// `slice` is alive.
pub(crate) unsafe fn bytes(slice: Slice) -> *const u8 {
    // SAFETY: a live slice's node is alive.
    unsafe {
        match kind(slice) {
            Kind::Block(block) => block,
            Kind::Shared(shared) => bytes((*shared).slice),
            Kind::Pages(pages) => (*pages).address,
        }
    }
}

/// Makes one more context hold `slice`; returns what both hold now. Null, and nothing has
/// changed, when there is no memory.
///
/// # Safety
/// `slice` is alive, of `heap`.
pub(crate) unsafe fn share(heap: &mut Heap, slice: Slice) -> Slice {
    // SAFETY: as the caller's.
    unsafe {
        if let Kind::Shared(shared) = kind(slice) {
            (*shared).holders += 1;
            return slice;
        }
        let shared = heap.store.allocate(size_of::<Shared>()).cast::<Shared>();
        if shared.is_null() {
            return ptr::null_mut();
        }
        shared.write(Shared { holders: 2, slice });
        shared.cast::<u8>().map_addr(|address| address | SHARED)
    }
}

/// Takes `slice` out of what several hold, if this is the last that holds it: the slice then
/// belongs to one context alone. Else returns null, and it is still held.
///
/// # Safety
/// `slice` is alive, of `heap`.
unsafe fn unshare(heap: &mut Heap, slice: Slice) -> Slice {
    // SAFETY: as the caller's.
    unsafe {
        let Kind::Shared(shared) = kind(slice) else { return slice };
        if (*shared).holders > 1 {
            return ptr::null_mut();
        }
        let inner = (*shared).slice;
        heap.store.free(shared.cast(), size_of::<Shared>());
        inner
    }
}

/// Puts the `length` bytes of a slice back to `sp`, and lets go of it.
///
/// # Safety
/// `slice` is alive, of `heap`, and the memory at `sp` is a stack's that nobody needs.
#[inline]
pub(crate) unsafe fn restore(heap: &mut Heap, slice: Slice, sp: usize, length: usize) {
    // SAFETY: as the caller's.
    unsafe {
        if is_own_block(slice) {
            crate::arch::copy(sp as *mut u8, slice, length);
            heap.store.free(slice, length);
            heap.stats.restored(length, length);
        } else {
            restore_other(heap, slice, sp, length);
        }
    }
}

/// # Safety
/// As [`restore`].
#[inline(never)]
unsafe fn restore_other(heap: &mut Heap, slice: Slice, sp: usize, length: usize) {
    // SAFETY: as the caller's.
    unsafe {
        let own = unshare(heap, slice);
        match kind(own) {
            _ if own.is_null() => {
                crate::arch::copy(sp as *mut u8, bytes(slice), length);
                release_hold(slice);
                heap.stats.restored(length, 0);
            }
            Kind::Pages(pages) => {
                pages::restore(heap, pages, sp, length);
                heap.stats.restored(length, length);
            }
            _ => restore(heap, own, sp, length),
        }
    }
}

/// # Safety
/// `slice` is shared by more than one.
unsafe fn release_hold(slice: Slice) {
    if let Kind::Shared(shared) = kind(slice) {
        // SAFETY: as the caller's.
        unsafe { (*shared).holders -= 1 };
    }
}

/// Lets go of a slice of `length` bytes. Returns how many bytes of memory that gave back: none if
/// others hold it.
///
/// # Safety
/// `slice` is alive, of `heap`, and its context does not use it again.
pub(crate) unsafe fn release(heap: &mut Heap, slice: Slice, length: usize) -> usize {
    // SAFETY: as the caller's.
    unsafe {
        let own = unshare(heap, slice);
        match kind(own) {
            _ if own.is_null() => {
                release_hold(slice);
                return 0;
            }
            Kind::Pages(pages) => pages::release(heap, pages),
            _ => heap.store.free(own, length),
        }
        length
    }
}
