//! Memory of the heap for variables of frames: a block for each frame that asked, in the order in
//! which a context's frames lie on its stack.
//!
//! A frame gives its block back when it returns. One that is left otherwise (by an exception, by
//! `longjmp`) cannot; but everything below the frame that takes the next block is over, so that is
//! when such blocks go, or with their context. A header has no room for a list. So a table finds
//! the newest block of a context, and a mark in the header says whether it is worth a look.

use core::ptr;

use crate::check;
use crate::context::Context;
use crate::heap::Heap;

/// What lies before a block's bytes.
#[repr(C)]
pub(crate) struct Head {
    /// The context whose frame has it; null for one that only its frame gives back.
    owner: *mut Context,
    /// An address in the frame, the same for no other frame that is alive.
    frame: usize,
    /// The next block of the context, of a frame further up.
    older: *mut Head,
    /// What the heap gave, and how much.
    origin: *mut u8,
    length: usize,
}

/// What a block's bytes are aligned to at least.
const ALIGNMENT: usize = 16;

/// Places of the table that is made first.
const FIRST: usize = 64;

/// The blocks of a thread's contexts.
pub(crate) struct Blocks {
    /// The newest block of each context that has one, at a place that its address says or at the
    /// next free one; null for none.
    newest: *mut *mut Head,
    /// A power of two, or 0.
    places: usize,
    /// How many are taken; at most half.
    owners: usize,
}

/// Where frames may be taken to be in order: a stretch of addresses that is one stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) low: usize,
    pub(crate) high: usize,
}

impl Bounds {
    pub(crate) fn contain(self, address: usize) -> bool {
        (self.low..self.high).contains(&address)
    }
}

impl Blocks {
    pub(crate) const fn new() -> Self {
        Self { newest: ptr::null_mut(), places: 0, owners: 0 }
    }

    /// `size` bytes for the frame of `owner` that has the address `frame`; null, and nothing has
    /// changed, when there is no memory. `alignment` is a power of two.
    ///
    /// # Safety
    /// `owner` is null or a live header of the thread whose `heap` it is.
    pub(crate) unsafe fn take(
        &mut self,
        heap: &mut Heap,
        owner: *mut Context,
        frame: usize,
        size: usize,
        alignment: usize,
    ) -> *mut u8 {
        let head = size_of::<Head>();
        let slack = alignment.max(ALIGNMENT);
        let length = size
            .checked_add(head + slack)
            .and_then(|sum| sum.checked_next_multiple_of(ALIGNMENT))
            .filter(|&length| length <= isize::MAX as usize);
        let Some(length) = length else { return ptr::null_mut() };
        if !owner.is_null() && !self.make_place(heap) {
            return ptr::null_mut();
        }
        let origin = heap.store.allocate(length);
        if origin.is_null() {
            return ptr::null_mut();
        }
        // SAFETY: the head and `size` bytes fit behind it, wherever the next aligned address is;
        // there is a free place, and the owner is alive.
        unsafe {
            let bytes = origin.map_addr(|at| (at + head).next_multiple_of(slack));
            let block = bytes.cast::<Head>().sub(1);
            let older = ptr::null_mut();
            block.write(Head { owner, frame, older, origin, length });
            if !owner.is_null() {
                let place = self.place_of(owner);
                (*block).older = *place;
                if (*place).is_null() {
                    self.owners += 1;
                }
                *place = block;
                (*owner).set_has_blocks(true);
            }
            bytes
        }
    }

    /// Gives a block back, and those that were taken later by frames below its own.
    ///
    /// # Safety
    /// `bytes` came from [`Self::take`], on this thread, and nobody uses them again.
    pub(crate) unsafe fn give_back(&mut self, heap: &mut Heap, bytes: *mut u8) {
        // SAFETY: the caller vouches for the block; a block's owner is alive, or its blocks would
        // have gone. A block that has an owner is in the owner's list.
        unsafe {
            let block = bytes.cast::<Head>().sub(1);
            let owner = (*block).owner;
            if !owner.is_null() {
                let place = self.place_of(owner);
                while *place != block {
                    let newer = *place;
                    *place = (*newer).older;
                    free(heap, newer);
                }
                *place = (*block).older;
                if (*place).is_null() {
                    self.clear(place);
                    (*owner).set_has_blocks(false);
                }
            }
            free(heap, block);
        }
    }

    /// Gives the blocks back of frames of `owner` that lie below `limit`: they are over.
    ///
    /// # Safety
    /// `owner` is a live header of the thread whose `heap` it is, and nothing below `limit` on its
    /// stack is needed.
    pub(crate) unsafe fn sweep(&mut self, heap: &mut Heap, owner: *mut Context, limit: usize) {
        // SAFETY: as the caller's.
        unsafe {
            if !(*owner).has_blocks() {
                return;
            }
            let place = self.place_of(owner);
            while !(*place).is_null() && (**place).frame < limit {
                let block = *place;
                *place = (*block).older;
                free(heap, block);
            }
            if (*place).is_null() {
                self.clear(place);
                (*owner).set_has_blocks(false);
            }
        }
    }

    /// Gives all blocks of `owner` back, whose frames are all over.
    ///
    /// # Safety
    /// As [`Self::sweep`].
    #[inline]
    pub(crate) unsafe fn release(&mut self, heap: &mut Heap, owner: *mut Context) {
        // SAFETY: as the caller's.
        unsafe {
            if (*owner).has_blocks() {
                self.sweep(heap, owner, usize::MAX);
            }
        }
    }

    /// Gives back what a context had whose header was here, on a stack of the program's that begins
    /// anew.
    ///
    /// # Safety
    /// There is memory for a header, which nobody uses.
    pub(crate) unsafe fn forget(&mut self, heap: &mut Heap, owner: *mut Context) {
        if self.owners == 0 {
            return;
        }
        // SAFETY: the table has places; blocks in it are alive.
        unsafe {
            let place = self.place_of(owner);
            if (*place).is_null() {
                return;
            }
            while !(*place).is_null() {
                let block = *place;
                *place = (*block).older;
                free(heap, block);
            }
            self.clear(place);
        }
    }

    /// Whether a frame of `owner` from `low` up to below `high` has a block.
    ///
    /// # Safety
    /// `owner` is a live header of the thread.
    pub(crate) unsafe fn any_between(&self, owner: *mut Context, low: usize, high: usize) -> bool {
        // SAFETY: as the caller's.
        unsafe {
            let mut found = false;
            self.each(owner, |block| found |= (low..high).contains(&(*block).frame));
            found
        }
    }

    /// Shows the bytes of each block of a context: where they are, and how many at most.
    ///
    /// # Safety
    /// As [`Self::any_between`].
    pub(crate) unsafe fn visit(&self, owner: *mut Context, mut show: impl FnMut(*mut u8, usize)) {
        // SAFETY: as the caller's; the bytes reach to the end of what the heap gave.
        unsafe {
            self.each(owner, |block| {
                let bytes = block.add(1).cast::<u8>();
                show(bytes, (*block).length - (bytes.addr() - (*block).origin.addr()));
            });
        }
    }

    /// # Safety
    /// As [`Self::any_between`].
    unsafe fn each(&self, owner: *mut Context, mut show: impl FnMut(*mut Head)) {
        // SAFETY: as the caller's; a context with the mark has a place.
        unsafe {
            if (*owner).has_blocks() {
                let mut block = *self.place_of(owner);
                while !block.is_null() {
                    show(block);
                    block = (*block).older;
                }
            }
        }
    }

    /// Makes sure that one more context can have a place.
    fn make_place(&mut self, heap: &mut Heap) -> bool {
        if self.owners < self.places / 2 {
            return true;
        }
        let places = if self.places == 0 { FIRST } else { self.places * 2 };
        let bytes = places * size_of::<*mut Head>();
        let newest = heap.store.allocate(bytes).cast::<*mut Head>();
        if newest.is_null() {
            return false;
        }
        // SAFETY: the new table has so many places, and the old one, if there is one, as many as
        // it says; a block in it is alive.
        unsafe {
            ptr::write_bytes(newest, 0, places);
            let old = core::mem::replace(self, Self { newest, places, owners: self.owners });
            for at in 0..old.places {
                let block = *old.newest.add(at);
                if !block.is_null() {
                    *self.place_of((*block).owner) = block;
                }
            }
            if old.places != 0 {
                heap.store.free(old.newest.cast(), old.places * size_of::<*mut Head>());
            }
        }
        true
    }

    /// Where a context is first looked for.
    fn home_of(&self, owner: *mut Context) -> usize {
        // Headers are cache lines; the multiplication spreads their numbers over the high bits.
        let spread = (owner.addr() / 64).wrapping_mul(0x9E37_79B9_7F4A_7C15_u64 as usize);
        (spread >> (usize::BITS / 2)) & (self.places - 1)
    }

    /// The place of a context: that with its newest block, or a free one.
    ///
    /// # Safety
    /// There is a table; it always has a free place.
    unsafe fn place_of(&self, owner: *mut Context) -> *mut *mut Head {
        let mut at = self.home_of(owner);
        // SAFETY: the index is below the number of places; blocks in the table are alive.
        unsafe {
            loop {
                let place = self.newest.add(at);
                if (*place).is_null() || (**place).owner == owner {
                    return place;
                }
                at = (at + 1) & (self.places - 1);
            }
        }
    }

    /// Takes away a place whose last block has gone: those behind it that could not be where they
    /// are first looked for move up.
    ///
    /// # Safety
    /// It is a place of the table that was taken, and is null now.
    unsafe fn clear(&mut self, place: *mut *mut Head) {
        let last = self.places - 1;
        // SAFETY: indices are below the number of places; blocks in the table are alive.
        unsafe {
            let mut free = place.offset_from(self.newest) as usize;
            let mut at = free;
            self.owners -= 1;
            loop {
                at = (at + 1) & last;
                let block = *self.newest.add(at);
                if block.is_null() {
                    return;
                }
                let home = self.home_of((*block).owner);
                if at.wrapping_sub(home) & last >= at.wrapping_sub(free) & last {
                    *self.newest.add(free) = block;
                    *self.newest.add(at) = ptr::null_mut();
                    free = at;
                }
            }
        }
    }
}

/// # Safety
/// The block is in no list, and nobody uses it again.
unsafe fn free(heap: &mut Heap, block: *mut Head) {
    // SAFETY: the head says what the heap gave.
    unsafe {
        let (origin, length) = ((*block).origin, (*block).length);
        check::poison(origin.addr(), length);
        heap.store.free(origin, length);
    }
}
