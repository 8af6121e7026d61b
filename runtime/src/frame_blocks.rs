//! Blocks of heap memory for variables of frames: one for each frame that asked, in the order in
//! which a context's frames lie on its stack.
//!
//! A frame frees its block when it returns. A frame that is left by an exception or by `longjmp`
//! does not. But all frames below the frame that takes the next block have ended, so their blocks are
//! freed then, or with their context.
//!
//! A header has no room for a list. A hash table finds the newest block of a context; a flag in the
//! header says whether the context has one.

use core::ptr;

use crate::check;
use crate::context::Context;
use crate::heap::Heap;

/// The head before a block's bytes.
#[repr(C)]
pub(crate) struct Head {
    /// The context of the frame; null if only the frame itself can free the block.
    owner: *mut Context,
    /// An address in the frame, different from that of every other live frame.
    frame: usize,
    /// The next block of the context, of a frame further up.
    older: *mut Head,
    /// The block of the heap, and its size.
    origin: *mut u8,
    length: usize,
}

/// The least alignment of a block's bytes.
const ALIGNMENT: usize = 16;

/// The first capacity of the table.
const FIRST_CAPACITY: usize = 64;

/// The blocks of a thread's contexts.
pub(crate) struct Blocks {
    /// The newest block of each context that has one, at the index that its address hashes to or at
    /// the next free index; null for a free entry.
    newest: *mut *mut Head,
    /// A power of two, or 0.
    capacity: usize,
    /// How many entries are used: at most half.
    owners: usize,
}

/// The addresses of one stack: frames on it are ordered by their addresses.
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
        Self { newest: ptr::null_mut(), capacity: 0, owners: 0 }
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
        if !owner.is_null() && !self.reserve_entry(heap) {
            return ptr::null_mut();
        }
        let origin = heap.store.allocate(length);
        if origin.is_null() {
            return ptr::null_mut();
        }
        // SAFETY: the head and `size` bytes fit behind it, wherever the next aligned address is;
        // there is a free entry, and the owner is alive.
        unsafe {
            let bytes = origin.map_addr(|at| (at + head).next_multiple_of(slack));
            let block = bytes.cast::<Head>().sub(1);
            let older = ptr::null_mut();
            block.write(Head { owner, frame, older, origin, length });
            if !owner.is_null() {
                let entry = self.entry_of(owner);
                (*block).older = *entry;
                if (*entry).is_null() {
                    self.owners += 1;
                }
                *entry = block;
                (*owner).set_has_frame_blocks(true);
            }
            bytes
        }
    }

    /// Frees a block, and the blocks that frames below its own took later.
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
                let entry = self.entry_of(owner);
                while *entry != block {
                    let newer = *entry;
                    *entry = (*newer).older;
                    free(heap, newer);
                }
                *entry = (*block).older;
                if (*entry).is_null() {
                    self.clear(entry);
                    (*owner).set_has_frame_blocks(false);
                }
            }
            free(heap, block);
        }
    }

    /// Frees the blocks of frames of `owner` that lie below `limit`: these frames have ended.
    ///
    /// # Safety
    /// `owner` is a live header of the thread whose `heap` it is, and nothing below `limit` on its
    /// stack is needed.
    pub(crate) unsafe fn sweep(&mut self, heap: &mut Heap, owner: *mut Context, limit: usize) {
        // SAFETY: the owner is alive, and blocks in its list are; those of frames that have ended are not used.
        unsafe {
            if !(*owner).has_frame_blocks() {
                return;
            }
            let entry = self.entry_of(owner);
            while !(*entry).is_null() && (**entry).frame < limit {
                let block = *entry;
                *entry = (*block).older;
                free(heap, block);
            }
            if (*entry).is_null() {
                self.clear(entry);
                (*owner).set_has_frame_blocks(false);
            }
        }
    }

    /// Frees all blocks of `owner`, whose frames have all ended.
    ///
    /// # Safety
    /// As [`Self::sweep`].
    #[inline]
    pub(crate) unsafe fn release(&mut self, heap: &mut Heap, owner: *mut Context) {
        // SAFETY: the owner is alive and all its frames have ended.
        unsafe {
            if (*owner).has_frame_blocks() {
                self.sweep(heap, owner, usize::MAX);
            }
        }
    }

    /// Frees the blocks of an earlier context whose header was at this address, on a user stack that is
    /// used again.
    ///
    /// # Safety
    /// There is memory for a header, which nobody uses.
    pub(crate) unsafe fn forget(&mut self, heap: &mut Heap, owner: *mut Context) {
        if self.owners == 0 {
            return;
        }
        // SAFETY: the table has capacity; blocks in it are alive.
        unsafe {
            let entry = self.entry_of(owner);
            if (*entry).is_null() {
                return;
            }
            while !(*entry).is_null() {
                let block = *entry;
                *entry = (*block).older;
                free(heap, block);
            }
            self.clear(entry);
        }
    }

    /// Whether a frame of `owner` from `low` up to below `high` has a block.
    ///
    /// # Safety
    /// `owner` is a live header of the thread.
    pub(crate) unsafe fn any_between(&self, owner: *mut Context, low: usize, high: usize) -> bool {
        // SAFETY: the owner is alive, and blocks in its list are.
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
        // SAFETY: blocks in the owner's list are alive, and their bytes reach to the end of the heap's block.
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
        // SAFETY: the owner is alive, and a context with the flag has an entry.
        unsafe {
            if (*owner).has_frame_blocks() {
                let mut block = *self.entry_of(owner);
                while !block.is_null() {
                    show(block);
                    block = (*block).older;
                }
            }
        }
    }

    /// Makes sure that one more context can have an entry.
    fn reserve_entry(&mut self, heap: &mut Heap) -> bool {
        if self.owners < self.capacity / 2 {
            return true;
        }
        let capacity = if self.capacity == 0 { FIRST_CAPACITY } else { self.capacity * 2 };
        let bytes = capacity * size_of::<*mut Head>();
        let newest = heap.store.allocate(bytes).cast::<*mut Head>();
        if newest.is_null() {
            return false;
        }
        // SAFETY: the new table has so many capacity, and the old one, if there is one, as many as
        // it says; a block in it is alive.
        unsafe {
            ptr::write_bytes(newest, 0, capacity);
            let old = core::mem::replace(self, Self { newest, capacity, owners: self.owners });
            for at in 0..old.capacity {
                let block = *old.newest.add(at);
                if !block.is_null() {
                    *self.entry_of((*block).owner) = block;
                }
            }
            if old.capacity != 0 {
                heap.store.free(old.newest.cast(), old.capacity * size_of::<*mut Head>());
            }
        }
        true
    }

    /// The index that a context hashes to.
    fn first_index(&self, owner: *mut Context) -> usize {
        // Headers are cache lines; the multiplication spreads their numbers over the high bits.
        let spread = (owner.addr() / 64).wrapping_mul(0x9E37_79B9_7F4A_7C15_u64 as usize);
        (spread >> (usize::BITS / 2)) & (self.capacity - 1)
    }

    /// The entry with the newest block of a context, or a free entry.
    ///
    /// # Safety
    /// There is a table; it always has a free entry.
    unsafe fn entry_of(&self, owner: *mut Context) -> *mut *mut Head {
        let mut at = self.first_index(owner);
        // SAFETY: the index is below the number of capacity; blocks in the table are alive.
        unsafe {
            loop {
                let entry = self.newest.add(at);
                if (*entry).is_null() || (**entry).owner == owner {
                    return entry;
                }
                at = (at + 1) & (self.capacity - 1);
            }
        }
    }

    /// Frees an entry whose last block was freed, and moves up entries behind it that are not at the
    /// index that they hash to.
    ///
    /// # Safety
    /// It is an entry of the table that was used, and is null now.
    unsafe fn clear(&mut self, entry: *mut *mut Head) {
        let last = self.capacity - 1;
        // SAFETY: indices are below the number of capacity; blocks in the table are alive.
        unsafe {
            let mut free = entry.offset_from(self.newest) as usize;
            let mut at = free;
            self.owners -= 1;
            loop {
                at = (at + 1) & last;
                let block = *self.newest.add(at);
                if block.is_null() {
                    return;
                }
                let home = self.first_index((*block).owner);
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
