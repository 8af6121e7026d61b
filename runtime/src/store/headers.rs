//! Blocks for the headers of contexts and bases.
//!
//! Chunks of headers stay chunks of headers, so that a stale handle reads a header and never the
//! bytes of a slice.

use core::mem::offset_of;
use core::ptr;

use super::layout::{CHUNK, CHUNKS_PER_ARENA, Chunk, FIRST_BLOCK, Store, kept_bytes, list, unlist};
use crate::check::CHECKED;
use crate::context::Context;
use crate::sys;

/// Bytes of a header block: whole cache lines.
const HEADER: usize = size_of::<Context>().next_multiple_of(64);

/// Offsets for debuggers, see `debug_table`.
pub(crate) mod debug_offsets {
    use super::{Chunk, Store, offset_of};

    pub(crate) const ALL_HEADERS: usize = offset_of!(Store, all_headers);
    pub(crate) const CHUNK_HEADERS: usize = offset_of!(Chunk, headers);
    pub(crate) const CHUNK_FRESH: usize = offset_of!(Chunk, fresh);
    pub(crate) const FIRST_BLOCK: usize = super::FIRST_BLOCK;
    pub(crate) const HEADER: usize = super::HEADER;
}

/// The mark of a chunk of headers in the checked build: a word that other memory is unlikely to have.
fn mark_of(address: usize) -> usize {
    (0x7374_6B73_7768_6472_u64 as usize) ^ address
}

/// Whether an address is that of a header block, in use or not, of any thread that is running or has
/// ended. Only the checked build asks.
pub(crate) fn is_header_block(address: usize) -> bool {
    let chunk = address & !(CHUNK - 1);
    let offset = address - chunk;
    let fits =
        (FIRST_BLOCK..=CHUNK - HEADER).contains(&offset) && (offset - FIRST_BLOCK) % HEADER == 0;
    // SAFETY: the head of the chunk is read only if it is readable.
    fits && sys::is_readable(chunk + core::mem::offset_of!(Chunk, mark))
        && unsafe { (*(chunk as *const Chunk)).mark == mark_of(chunk) }
}

impl Store {
    /// A block for the header of a context or a base, alone on its cache line, or null. Its
    /// bytes are those of the header that was there last, or zero.
    #[inline]
    pub(crate) fn allocate_header(&mut self) -> *mut u8 {
        // SAFETY: the list holds header chunks of this store with room.
        unsafe {
            let mut chunk = self.headers;
            if chunk.is_null() {
                chunk = self.empty_chunk(HEADER as u32);
                if chunk.is_null() {
                    return ptr::null_mut();
                }
                if CHECKED {
                    (*chunk).mark = mark_of(chunk.addr());
                }
                (*chunk).headers = self.all_headers;
                self.all_headers = chunk;
                self.headers = chunk;
            }
            let (block, full) = self.take(chunk);
            if full {
                unlist(&mut self.headers, chunk);
            }
            block
        }
    }

    /// Gives a header back.
    ///
    /// # Safety
    /// `block` came from `allocate_header` of this store and is in use.
    #[inline]
    pub(crate) unsafe fn free_header(&mut self, block: *mut u8) {
        // SAFETY: the caller vouches for the block; its chunk is found by masking.
        unsafe {
            if CHECKED {
                return self.bury_header(block);
            }
            let chunk = {
                let (chunk, was_full) = self.put(block);
                if was_full {
                    list(&mut self.headers, chunk);
                }
                chunk
            };
            let alone = (*chunk).next.is_null() && (*chunk).prev.is_null();
            if (*chunk).used == 0 && !alone && (*chunk).fresh as usize > kept_bytes() {
                // Handles of this chunk read as dead from now on: the pages come back zeroed,
                // and the tags on the page that stays say so already. What then comes and goes
                // on that page gives nothing back.
                (*chunk).free = ptr::null_mut();
                (*chunk).fresh = FIRST_BLOCK as u32;
                self.memory.release(chunk.cast::<u8>().add(kept_bytes()), CHUNK - kept_bytes());
            }
        }
    }

    /// What the checked build does with a header that is given back: it is never used again, so
    /// that its handle reads as destroyed for ever. Pages with nothing but such headers go back.
    ///
    /// # Safety
    /// As [`Self::free_header`].
    unsafe fn bury_header(&mut self, block: *mut u8) {
        // SAFETY: the chunk is found by masking; nobody uses its headers when none is in use.
        unsafe {
            let chunk = block.map_addr(|a| a & !(CHUNK - 1)).cast::<Chunk>();
            (*chunk).used -= 1;
            if (*chunk).used == 0 {
                self.bytes -= CHUNK;
                if (*chunk).fresh as usize + HEADER > CHUNK {
                    self.memory.release(chunk.cast::<u8>().add(kept_bytes()), CHUNK - kept_bytes());
                }
            }
        }
    }

    /// Every header block that was ever handed out; what was given back has a dead tag.
    pub(crate) fn headers(&self) -> impl Iterator<Item = *mut u8> + use<> {
        let first = self.all_headers;
        // SAFETY: header chunks live as long as the store, and `fresh` says how much of one was
        // handed out.
        let chunks = core::iter::successors((!first.is_null()).then_some(first), |chunk| unsafe {
            let next = (**chunk).headers;
            (!next.is_null()).then_some(next)
        });
        chunks.flat_map(|chunk| {
            // SAFETY: as above.
            let end = unsafe { (*chunk).fresh } as usize;
            let offsets = (FIRST_BLOCK..end).step_by(HEADER);
            offsets.map(move |at| chunk.cast::<u8>().wrapping_add(at))
        })
    }

    /// Gives an arena back. In the checked build its chunks of headers keep their marks, where the
    /// system keeps the addresses: handles there read as destroyed.
    ///
    /// # Safety
    /// No block of the arena is used again.
    pub(super) unsafe fn retire_arena(&mut self, arena: *mut u8) {
        let is_marked = |chunk: *mut Chunk| {
            // SAFETY: the arena is readable, and has whole chunks.
            CHECKED && unsafe { (*chunk).mark == mark_of(chunk.addr()) }
        };
        let mut marked = [false; CHUNKS_PER_ARENA];
        for (index, marked) in marked.iter_mut().enumerate() {
            *marked = is_marked(arena.wrapping_add(index * CHUNK).cast());
        }
        // SAFETY: the caller says that no block is used again. An arena that is kept is writable.
        unsafe {
            let is_kept = self.memory.retire_arena(arena, CHUNK * CHUNKS_PER_ARENA);
            for (index, _) in
                marked.into_iter().enumerate().filter(|(_, marked)| *marked && is_kept)
            {
                let chunk = arena.add(index * CHUNK).cast::<Chunk>();
                (*chunk).mark = mark_of(chunk.addr());
            }
        }
    }
}
