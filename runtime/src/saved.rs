//! Slices: the heap copies of displaced bytes.
//!
//! A slice is one of three, as the low bits of the header's `slice` say:
//! - a block of the store: most slices;
//! - a shared slice, with a count of its holders, after `clone`: it is copied when a holder runs, and
//!   belongs to the last holder;
//! - moved pages, see `large_slices`.

use core::ptr;

use crate::heap::Heap;
use crate::large_slices::{self, Pages};

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

/// Offsets for debuggers, see `debug_table`.
pub(crate) mod debug_offsets {
    pub(crate) use super::{PAGES, SHARED};

    pub(crate) const SHARED_SLICE: usize = core::mem::offset_of!(super::Shared, slice);
}

enum Kind {
    Block(*mut u8),
    Shared(*mut Shared),
    Pages(*mut Pages),
}

/// The address of a slice's block, or of the node that leads to its bytes.
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
    // SAFETY: a live slice's node is alive; the new node has room for what is written.
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

/// Makes a shared slice its last holder's own, and returns it. Returns null, and changes nothing, if
/// others hold it.
///
/// # Safety
/// `slice` is alive, of `heap`.
unsafe fn unshare(heap: &mut Heap, slice: Slice) -> Slice {
    // SAFETY: a live slice's node is alive, and is freed by its last holder.
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

/// Copies the `length` bytes of a slice back to `sp`, and releases the hold on it.
///
/// # Safety
/// `slice` is alive, of `heap`, and the memory at `sp` is a stack's and not in use.
#[inline]
pub(crate) unsafe fn restore(heap: &mut Heap, slice: Slice, sp: usize, length: usize) {
    // SAFETY: `slice` is alive with `length` bytes, and the memory at `sp` is not in use.
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
    // SAFETY: `slice` is alive with `length` bytes, and the memory at `sp` is not in use.
    unsafe {
        let own = unshare(heap, slice);
        match kind(own) {
            _ if own.is_null() => {
                crate::arch::copy(sp as *mut u8, bytes(slice), length);
                release_hold(slice);
                heap.stats.restored(length, 0);
            }
            Kind::Pages(pages) => {
                large_slices::restore(heap, pages, sp, length);
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
        // SAFETY: the node is alive, as others hold it.
        unsafe { (*shared).holders -= 1 };
    }
}

/// Releases a context's hold on a slice of `length` bytes. Returns how many bytes that freed: 0 if
/// others hold the slice.
///
/// # Safety
/// `slice` is alive, of `heap`, and its context does not use it again.
pub(crate) unsafe fn release(heap: &mut Heap, slice: Slice, length: usize) -> usize {
    // SAFETY: `slice` is alive, and freed if this hold was the last.
    unsafe {
        let own = unshare(heap, slice);
        match kind(own) {
            _ if own.is_null() => {
                release_hold(slice);
                return 0;
            }
            Kind::Pages(pages) => large_slices::release(heap, pages),
            _ => heap.store.free(own, length),
        }
        length
    }
}
