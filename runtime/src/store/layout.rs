//! The parts of a thread's heap: chunks, blocks, and the lists that hold them.

use core::ptr;

use crate::arch::ALIGNED_FROM;
use crate::memory::Memory;
use crate::sys;

/// Bytes of a chunk, and its alignment.
pub(super) const CHUNK: usize = 64 << 10;
/// How many chunks are taken from the system at once.
pub(super) const CHUNKS_PER_ARENA: usize = 16;
/// How many empty chunks keep their memory.
pub(super) const SPARE_CHUNKS: usize = 8;
/// Distance between size classes, and the alignment of blocks.
pub(super) const STEP: usize = 16;
/// Largest size that is cut from chunks.
pub(super) const LARGEST_CLASS: usize = 4096;
pub(super) const CLASSES: usize = LARGEST_CLASS / STEP;
/// Bytes of a cache line.
pub(super) const LINE: usize = 64;
/// The bytes that stay when a chunk gives its memory back: the page with its head.
pub(super) fn kept_bytes() -> usize {
    sys::page().min(CHUNK)
}

/// The head of a chunk; its blocks follow.
#[repr(C, align(64))]
pub(super) struct Chunk {
    /// Free blocks, linked through their first word.
    pub(super) free: *mut Block,
    /// Offset of the first block that was never used.
    pub(super) fresh: u32,
    /// Bytes of a block.
    pub(super) size: u32,
    /// Blocks in use.
    pub(super) used: u32,
    /// Neighbours in the list of its class's chunks with room; `next` also
    /// links the empty chunks.
    pub(super) next: *mut Chunk,
    pub(super) prev: *mut Chunk,
    /// In the first chunk of an arena: the next arena.
    pub(super) arena: *mut Chunk,
    /// In a chunk of headers: the next one, with room or without.
    pub(super) headers: *mut Chunk,
    /// In a chunk of headers of the checked build: `mark_of` of `headers`; else 0.
    pub(super) mark: usize,
}

/// Where the blocks of a chunk begin.
pub(super) const FIRST_BLOCK: usize = size_of::<Chunk>();

/// A free block. Only its first word is touched: a freed header keeps its tag.
pub(super) struct Block {
    pub(super) next: *mut Block,
}

/// The heap of one thread.
pub(crate) struct Store {
    /// For each size the chunks with room.
    pub(super) slices: [*mut Chunk; CLASSES],
    /// The header chunks with room.
    pub(super) headers: *mut Chunk,
    /// All header chunks.
    pub(super) all_headers: *mut Chunk,
    pub(super) empty: *mut Chunk,
    pub(super) empty_count: usize,
    pub(super) arenas: *mut Chunk,
    /// Chunks of the newest arena that were never used.
    pub(super) untouched: *mut u8,
    pub(super) untouched_count: usize,
    pub(super) large: *mut Large,
    pub(super) memory: Memory,
    /// Bytes taken from the system for blocks in use, chunks counted whole.
    pub(crate) bytes: usize,
    pub(crate) bytes_peak: usize,
}

/// The head of a large block, just before its bytes.
#[repr(C)]
pub(super) struct Large {
    pub(super) next: *mut Large,
    pub(super) prev: *mut Large,
    /// The address that the system's allocator returned.
    pub(super) origin: *mut u8,
}

impl Store {
    /// A heap that has nothing yet and will have it from `memory`.
    pub(crate) const fn new(memory: Memory) -> Self {
        Self {
            slices: [ptr::null_mut(); CLASSES],
            headers: ptr::null_mut(),
            all_headers: ptr::null_mut(),
            empty: ptr::null_mut(),
            empty_count: 0,
            arenas: ptr::null_mut(),
            untouched: ptr::null_mut(),
            untouched_count: 0,
            large: ptr::null_mut(),
            memory,
            bytes: 0,
            bytes_peak: 0,
        }
    }
}

/// What a block for `size` bytes takes of a chunk.
#[inline]
pub(super) const fn room_for(size: usize) -> usize {
    size.next_multiple_of(if size > ALIGNED_FROM { LINE } else { STEP })
}

/// Puts a chunk at the head of the list of its class.
///
/// # Safety
/// `chunk` is in no list; `first` is null or the first of a list.
pub(super) unsafe fn list(first: &mut *mut Chunk, chunk: *mut Chunk) {
    // SAFETY: the caller vouches for both.
    unsafe {
        (*chunk).next = *first;
        (*chunk).prev = ptr::null_mut();
        if !first.is_null() {
            (**first).prev = chunk;
        }
        *first = chunk;
    }
}

/// Takes a chunk out of the list of its class.
///
/// # Safety
/// `chunk` is in the list that starts at `first`.
pub(super) unsafe fn unlist(first: &mut *mut Chunk, chunk: *mut Chunk) {
    // SAFETY: neighbours in the list are live chunks.
    unsafe {
        let (next, prev) = ((*chunk).next, (*chunk).prev);
        if !next.is_null() {
            (*next).prev = prev;
        }
        if prev.is_null() {
            *first = next;
        } else {
            (*prev).next = next;
        }
        (*chunk).next = ptr::null_mut();
        (*chunk).prev = ptr::null_mut();
    }
}
