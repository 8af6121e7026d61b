//! Blocks of memory for variables of frames: they never move. Each context has a list of its blocks, in
//! the order in which its frames lie on its stack.
//!
//! Small blocks are cut one after another from *pieces* of the heap, as a stack is. Large blocks, and
//! those of frames on a stack that the runtime does not know, are allocations of their own.
//!
//! A frame frees its block when it returns. A frame that is left by an exception or by `longjmp`
//! does not. But all frames below the frame that takes the next block have ended, so their blocks are
//! freed then, or with their context.
//!
//! A header has no room for a list. A hash table finds the list of a context; a flag in the header says
//! whether the context has one.

use core::ptr;

use crate::check;
use crate::context::Context;
use crate::heap::Heap;

/// The head before a block's bytes.
#[repr(C)]
pub(crate) struct Head {
    /// The list that it is in; null if only the frame itself can free the block.
    list: *mut List,
    /// An address in the frame, different from that of every other live frame.
    frame: usize,
    /// The next block of the context, of a frame further up.
    older: *mut Head,
    /// The end of the used part of the newest piece before the block was taken.
    top_before: usize,
    /// If the block is an allocation of its own: that, and its size. Else null and 0.
    origin: *mut u8,
    length: usize,
}

/// The blocks of a context.
pub(crate) struct List {
    owner: *mut Context,
    /// The newest block, or null.
    newest: *mut Head,
    /// The next block is cut from here on, up to `limit`.
    top: usize,
    limit: usize,
    /// A frame that takes the next block lies in `low..below`, or older frames have ended, or the frame is
    /// on another stack: `low` is the end of the owner's stack, `below` the frame of the newest block.
    low: usize,
    below: usize,
    /// The upper end of the owner's stack.
    high: usize,
    /// The newest piece, or null.
    piece: *mut Piece,
    /// A piece that is not in use, or null.
    spare: *mut Piece,
}

/// The head of memory that blocks are cut from.
#[repr(C)]
struct Piece {
    older: *mut Piece,
    length: usize,
}

/// The least alignment of a block's bytes.
const ALIGNMENT: usize = 16;

/// The most bytes of a block that is cut from a piece.
const SMALL: usize = 4096;

/// The size of a context's first piece. Each further piece is twice as large as the one before.
const FIRST_PIECE: usize = 192;

/// The largest piece, but for one block that needs more.
const LARGEST_PIECE: usize = 16 * 1024;

/// The first capacity of the table.
const FIRST_CAPACITY: usize = 64;

/// The blocks of a thread's contexts.
pub(crate) struct Blocks {
    /// The list of each context that has one, at the index that its address hashes to or at the next
    /// free index; null for a free entry.
    lists: *mut *mut List,
    /// A power of two, or 0.
    capacity: usize,
    /// How many entries are used: at most half.
    owners: usize,
    /// The list that was used last, or null.
    recent: *mut List,
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

impl List {
    /// Cuts a block from the newest piece. Null if it has no room.
    ///
    /// # Safety
    /// The frame is below that of the newest block; the alignment is the least one.
    #[inline(always)]
    unsafe fn cut(&mut self, frame: usize, size: usize) -> *mut u8 {
        let top = self.top;
        let room = self.limit - top;
        let length = size_of::<Head>() + size.next_multiple_of(ALIGNMENT);
        if length > room {
            return ptr::null_mut();
        }
        // SAFETY: so many bytes of the piece are free from `top` on, which is aligned.
        unsafe {
            let block = self.piece.with_addr(top).cast::<Head>();
            let (list, older) = (&raw mut *self, self.newest);
            let (origin, length_of_own) = (ptr::null_mut(), 0);
            let head = Head { list, frame, older, top_before: top, origin, length: length_of_own };
            block.write(head);
            self.top = top + length;
            self.newest = block;
            self.below = frame;
            block.add(1).cast::<u8>()
        }
    }

    /// Adds a piece with room for a block of `size` bytes. Returns whether there was memory.
    fn grow(&mut self, heap: &mut Heap, size: usize) -> bool {
        let needed = size_of::<Piece>() + size_of::<Head>() + size.next_multiple_of(ALIGNMENT);
        // SAFETY: the list's pieces are alive, and the heap gives so many bytes as it was asked for.
        unsafe {
            let mut piece = core::mem::replace(&mut self.spare, ptr::null_mut());
            if !piece.is_null() && (*piece).length < needed {
                free_piece(heap, piece);
                piece = ptr::null_mut();
            }
            if piece.is_null() {
                let last = self.piece.as_ref().map_or(FIRST_PIECE / 2, |piece| piece.length);
                let length = (last * 2).min(LARGEST_PIECE).max(needed);
                piece = heap.store.allocate(length).cast::<Piece>();
                if piece.is_null() {
                    return false;
                }
                (*piece).length = length;
            }
            (*piece).older = self.piece;
            self.piece = piece;
            self.top = piece.addr() + size_of::<Piece>();
            self.limit = piece.addr() + (*piece).length;
        }
        true
    }

    /// Frees the newest block.
    ///
    /// # Safety
    /// There is one, and nobody uses it again.
    #[inline(always)]
    unsafe fn pop(&mut self, heap: &mut Heap) {
        let block = self.newest;
        // SAFETY: blocks of the list are alive; what they say of themselves is true.
        unsafe {
            let (older, top) = ((*block).older, (*block).top_before);
            let (origin, length) = ((*block).origin, (*block).length);
            if origin.is_null() {
                check::poison(block.addr(), self.top - block.addr());
            } else {
                check::poison(origin.addr(), length);
                heap.store.free(origin, length);
            }
            self.newest = older;
            self.below = if older.is_null() { self.high } else { (*older).frame };
            if !self.holds(top) {
                self.drop_pieces(heap, top);
            }
            self.top = top;
        }
    }

    /// Whether an address is an end of used memory in the newest piece.
    fn holds(&self, top: usize) -> bool {
        (self.piece.addr() + size_of::<Piece>()..=self.limit).contains(&top)
    }

    /// Makes the piece that holds `top` the newest one; if `top` is 0 no piece. One of the newer pieces
    /// is kept, so that a loop around the end of a piece allocates nothing.
    ///
    /// # Safety
    /// No block is in the newer pieces.
    #[cold]
    unsafe fn drop_pieces(&mut self, heap: &mut Heap, top: usize) {
        // SAFETY: pieces of the list are alive.
        unsafe {
            while !self.piece.is_null() && !self.holds(top) {
                let piece = self.piece;
                self.piece = (*piece).older;
                self.limit =
                    self.piece.as_ref().map_or(0, |older| self.piece.addr() + older.length);
                if self.spare.is_null() {
                    self.spare = piece;
                } else {
                    free_piece(heap, piece);
                }
            }
        }
    }
}

/// # Safety
/// Nothing is in the piece, and no list has it.
unsafe fn free_piece(heap: &mut Heap, piece: *mut Piece) {
    // SAFETY: the piece says how many bytes the heap gave.
    unsafe {
        let length = (*piece).length;
        check::poison(piece.addr(), length);
        heap.store.free(piece.cast(), length);
    }
}

impl Blocks {
    pub(crate) const fn new() -> Self {
        Self { lists: ptr::null_mut(), capacity: 0, owners: 0, recent: ptr::null_mut() }
    }

    /// The fast path of [`Self::take`]: a small block from the list that was used last, if that is the
    /// list of `owner`, and if no frame with a block has ended. Null if there is more to do.
    ///
    /// # Safety
    /// `owner` is a live header of the thread.
    #[inline(always)]
    pub(crate) unsafe fn take_next(
        &mut self,
        owner: *mut Context,
        frame: usize,
        size: usize,
        alignment: usize,
    ) -> *mut u8 {
        let list = self.recent;
        // SAFETY: the list that was used last is alive, and so is the owner.
        unsafe {
            if list.is_null()
                || (*list).owner != owner
                || !(*owner).has_frame_blocks()
                || frame < (*list).low
                || frame >= (*list).below
                || size > SMALL
                || alignment > ALIGNMENT
            {
                return ptr::null_mut();
            }
            (*list).cut(frame, size)
        }
    }

    /// `size` bytes for the frame of `owner` that has the address `frame`; null, and nothing has
    /// changed, when there is no memory. `alignment` is a power of two, `bounds` the owner's stack.
    ///
    /// # Safety
    /// `owner` is null or a live header of the thread whose `heap` it is. Its frames with blocks lie
    /// above `frame`.
    pub(crate) unsafe fn take(
        &mut self,
        heap: &mut Heap,
        owner: *mut Context,
        bounds: Bounds,
        frame: usize,
        size: usize,
        alignment: usize,
    ) -> *mut u8 {
        if owner.is_null() {
            return allocate(heap, ptr::null_mut(), frame, size, alignment);
        }
        // SAFETY: the owner is alive, and so is its list.
        unsafe {
            let list = self.list_of(heap, owner, bounds);
            if list.is_null() {
                return ptr::null_mut();
            }
            self.recent = list;
            if size > SMALL || alignment > ALIGNMENT {
                return allocate(heap, list, frame, size, alignment);
            }
            let bytes = (*list).cut(frame, size);
            if !bytes.is_null() {
                return bytes;
            }
            let top = (*list).top;
            if !(*list).grow(heap, size) {
                return ptr::null_mut();
            }
            let bytes = (*list).cut(frame, size);
            (*(*list).newest).top_before = if (*(*list).newest).older.is_null() {
                (*list).piece.addr() + size_of::<Piece>()
            } else {
                top
            };
            bytes
        }
    }

    /// Frees a block, and the blocks that frames below its own took later.
    ///
    /// # Safety
    /// `bytes` came from [`Self::take`], on this thread, and nobody uses them again.
    #[inline(always)]
    pub(crate) unsafe fn give_back(&mut self, heap: &mut Heap, bytes: *mut u8) {
        // SAFETY: the caller vouches for the block; a block's owner is alive, or its blocks would
        // have gone. A block that has a list is in it.
        unsafe {
            let block = bytes.cast::<Head>().sub(1);
            let list = (*block).list;
            if list.is_null() {
                let (origin, length) = ((*block).origin, (*block).length);
                check::poison(origin.addr(), length);
                heap.store.free(origin, length);
                return;
            }
            while (*list).newest != block {
                (*list).pop(heap);
            }
            (*list).pop(heap);
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
            let list = *self.entry_of(owner);
            while !(*list).newest.is_null() && (*(*list).newest).frame < limit {
                (*list).pop(heap);
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
                self.forget(heap, owner);
                (*owner).set_has_frame_blocks(false);
            }
        }
    }

    /// Frees the blocks of an earlier context whose header was at this address.
    ///
    /// # Safety
    /// There is memory for a header at this address, and no context there uses blocks.
    pub(crate) unsafe fn forget(&mut self, heap: &mut Heap, owner: *mut Context) {
        if self.owners == 0 {
            return;
        }
        // SAFETY: the table has capacity; lists in it are alive, and so is all that is in them.
        unsafe {
            let entry = self.entry_of(owner);
            let list = *entry;
            if list.is_null() {
                return;
            }
            while !(*list).newest.is_null() {
                (*list).pop(heap);
            }
            (*list).drop_pieces(heap, 0);
            if !(*list).spare.is_null() {
                free_piece(heap, (*list).spare);
            }
            if self.recent == list {
                self.recent = ptr::null_mut();
            }
            heap.store.free(list.cast(), size_of::<List>());
            *entry = ptr::null_mut();
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
            self.each(owner, |block, _| found |= (low..high).contains(&(*block).frame));
            found
        }
    }

    /// Shows the bytes of each block of a context: where they are, and how many at most.
    ///
    /// # Safety
    /// As [`Self::any_between`].
    pub(crate) unsafe fn visit(&self, owner: *mut Context, mut show: impl FnMut(*mut u8, usize)) {
        // SAFETY: blocks in the owner's list are alive, and their bytes reach to their end.
        unsafe {
            self.each(owner, |block, end| {
                let bytes = block.add(1).cast::<u8>();
                show(bytes, end - bytes.addr());
            });
        }
    }

    /// Calls a function for each block, newest first, with its end.
    ///
    /// # Safety
    /// As [`Self::any_between`].
    unsafe fn each(&self, owner: *mut Context, mut show: impl FnMut(*mut Head, usize)) {
        // SAFETY: the owner is alive, and a context with the flag has a list.
        unsafe {
            if (*owner).has_frame_blocks() {
                let list = *self.entry_of(owner);
                let (mut block, mut top) = ((*list).newest, (*list).top);
                while !block.is_null() {
                    let origin = (*block).origin;
                    let own = (!origin.is_null()).then(|| origin.addr() + (*block).length);
                    show(block, own.unwrap_or(top));
                    top = (*block).top_before;
                    block = (*block).older;
                }
            }
        }
    }

    /// The list of a context, which is made if there is none. Null when there is no memory.
    ///
    /// # Safety
    /// `owner` is a live header, whose stack `bounds` are.
    unsafe fn list_of(
        &mut self,
        heap: &mut Heap,
        owner: *mut Context,
        bounds: Bounds,
    ) -> *mut List {
        // SAFETY: the owner is alive; there is a free entry after `reserve_entry`.
        unsafe {
            if (*owner).has_frame_blocks() {
                return *self.entry_of(owner);
            }
            self.forget(heap, owner);
            if !self.reserve_entry(heap) {
                return ptr::null_mut();
            }
            let list = heap.store.allocate(size_of::<List>()).cast::<List>();
            if list.is_null() {
                return ptr::null_mut();
            }
            let Bounds { low, high } = bounds;
            let (newest, piece) = (ptr::null_mut(), ptr::null_mut());
            let (top, limit, spare) = (0, 0, ptr::null_mut());
            list.write(List { owner, newest, top, limit, low, below: high, high, piece, spare });
            *self.entry_of(owner) = list;
            self.owners += 1;
            (*owner).set_has_frame_blocks(true);
            list
        }
    }

    /// Makes sure that one more context can have an entry.
    fn reserve_entry(&mut self, heap: &mut Heap) -> bool {
        if self.owners < self.capacity / 2 {
            return true;
        }
        let capacity = if self.capacity == 0 { FIRST_CAPACITY } else { self.capacity * 2 };
        let bytes = capacity * size_of::<*mut List>();
        let lists = heap.store.allocate(bytes).cast::<*mut List>();
        if lists.is_null() {
            return false;
        }
        // SAFETY: the new table has so many entries, and the old one, if there is one, as many as
        // it says; a list in it is alive.
        unsafe {
            ptr::write_bytes(lists, 0, capacity);
            let new = Self { lists, capacity, owners: self.owners, recent: self.recent };
            let old = core::mem::replace(self, new);
            for at in 0..old.capacity {
                let list = *old.lists.add(at);
                if !list.is_null() {
                    *self.entry_of((*list).owner) = list;
                }
            }
            if old.capacity != 0 {
                heap.store.free(old.lists.cast(), old.capacity * size_of::<*mut List>());
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

    /// The entry with the list of a context, or a free entry.
    ///
    /// # Safety
    /// There is a table; it always has a free entry.
    unsafe fn entry_of(&self, owner: *mut Context) -> *mut *mut List {
        let mut at = self.first_index(owner);
        // SAFETY: the index is below the table's capacity; lists in the table are alive.
        unsafe {
            loop {
                let entry = self.lists.add(at);
                if (*entry).is_null() || (**entry).owner == owner {
                    return entry;
                }
                at = (at + 1) & (self.capacity - 1);
            }
        }
    }

    /// Frees an entry whose list was freed, and moves up entries behind it that are not at the
    /// index that they hash to.
    ///
    /// # Safety
    /// It is an entry of the table that was used, and is null now.
    unsafe fn clear(&mut self, entry: *mut *mut List) {
        let last = self.capacity - 1;
        // SAFETY: indices are below the table's capacity; lists in the table are alive.
        unsafe {
            let mut free = entry.offset_from(self.lists) as usize;
            let mut at = free;
            self.owners -= 1;
            loop {
                at = (at + 1) & last;
                let list = *self.lists.add(at);
                if list.is_null() {
                    return;
                }
                let home = self.first_index((*list).owner);
                if at.wrapping_sub(home) & last >= at.wrapping_sub(free) & last {
                    *self.lists.add(free) = list;
                    *self.lists.add(at) = ptr::null_mut();
                    free = at;
                }
            }
        }
    }
}

/// A block that is an allocation of its own, as the newest of the list if there is one. Null when there is
/// no memory.
fn allocate(
    heap: &mut Heap,
    list: *mut List,
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
    let origin = heap.store.allocate(length);
    if origin.is_null() {
        return ptr::null_mut();
    }
    // SAFETY: the head and `size` bytes fit behind it, wherever the next aligned address is; a list
    // that is not null is alive.
    unsafe {
        let bytes = origin.map_addr(|at| (at + head).next_multiple_of(slack));
        let block = bytes.cast::<Head>().sub(1);
        let mut new = Head { list, frame, older: ptr::null_mut(), top_before: 0, origin, length };
        if let Some(list) = list.as_mut() {
            (new.older, new.top_before) = (list.newest, list.top);
            (list.newest, list.below) = (block, frame);
        }
        block.write(new);
        bytes
    }
}
