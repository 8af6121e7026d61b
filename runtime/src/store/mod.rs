//! The heap of a thread: blocks for slices and headers.
//!
//! Blocks of up to [`LARGEST_CLASS`] bytes come in size classes 16 bytes apart. They are cut from
//! chunks of [`CHUNK`] bytes, aligned to their size: masking a block's address gives its chunk, so
//! a block needs no head. Larger blocks come from the system's allocator, see `large`.
//!
//! An empty chunk is used by the next class that needs one. The store keeps [`SPARE_CHUNKS`] empty
//! chunks; the memory of more goes back to the system.

use core::ptr;

use crate::arch::ALIGNED_FROM;

mod headers;
mod large;
mod layout;

pub(crate) use headers::{debug_offsets, is_header_block};
pub(crate) use layout::Store;

use layout::{
    Block, CHUNK, CHUNKS_PER_ARENA, Chunk, FIRST_BLOCK, LARGEST_CLASS, SPARE_CHUNKS, STEP,
    kept_bytes, list, room_for, unlist,
};

impl Store {
    /// A block for `size` bytes (more than 0), or null. It is 16-byte aligned if the size is a
    /// multiple of 16. One of more than [`ALIGNED_FROM`] bytes, a multiple of 8, ends at a cache
    /// line's end.
    pub(crate) fn allocate(&mut self, size: usize) -> *mut u8 {
        if size > LARGEST_CLASS {
            return self.allocate_large(size);
        }
        let room = room_for(size);
        let class = room / STEP - 1;
        // SAFETY: the list of a class holds chunks of this store with room.
        unsafe {
            let mut chunk = self.slices[class];
            if chunk.is_null() {
                chunk = self.empty_chunk(room as u32);
                if chunk.is_null() {
                    return ptr::null_mut();
                }
                self.slices[class] = chunk;
            }
            let (block, full) = self.take(chunk);
            if full {
                unlist(&mut self.slices[class], chunk);
            }
            if size > ALIGNED_FROM { block.add(room - size) } else { block }
        }
    }

    /// Gives a block back.
    ///
    /// # Safety
    /// `block` came from `allocate(size)` of this store and is in use.
    #[inline]
    pub(crate) unsafe fn free(&mut self, block: *mut u8, size: usize) {
        // SAFETY: the caller vouches for the block; its chunk is found by masking.
        unsafe {
            if size > LARGEST_CLASS {
                return self.free_large(block, size);
            }
            let room = room_for(size);
            let block = if size > ALIGNED_FROM { block.sub(room - size) } else { block };
            let class = room / STEP - 1;
            let chunk = {
                let (chunk, was_full) = self.put(block);
                if was_full {
                    list(&mut self.slices[class], chunk);
                }
                chunk
            };
            // The last chunk of a class stays: the next switch is likely to need it.
            if (*chunk).used == 0 && !((*chunk).next.is_null() && (*chunk).prev.is_null()) {
                unlist(&mut self.slices[class], chunk);
                self.retire(chunk);
            }
        }
    }

    /// Gives everything back, in use or not. In the checked build the addresses stay taken:
    /// handles of the thread read as destroyed from now on.
    ///
    /// # Safety
    /// No block of this store is used again.
    pub(crate) unsafe fn clear(&mut self) {
        // SAFETY: the lists hold what came from the system, each once.
        unsafe {
            self.clear_large();
            while !self.arenas.is_null() {
                let next = (*self.arenas).arena;
                self.retire_arena(self.arenas.cast());
                self.arenas = next;
            }
        }
        *self = Self::new(self.memory);
    }

    /// Takes a block from a chunk with room; says whether that filled it.
    ///
    /// # Safety
    /// `chunk` is of this store and has room.
    #[inline]
    unsafe fn take(&mut self, chunk: *mut Chunk) -> (*mut u8, bool) {
        // SAFETY: a free block lies in its chunk; `fresh` stays within the chunk.
        unsafe {
            if (*chunk).used == 0 {
                self.count(CHUNK);
            }
            (*chunk).used += 1;
            let mut block = (*chunk).free.cast::<u8>();
            if block.is_null() {
                block = chunk.cast::<u8>().add((*chunk).fresh as usize);
                (*chunk).fresh += (*chunk).size;
            } else {
                (*chunk).free = (*(*chunk).free).next;
            }
            let full = (*chunk).free.is_null() && ((*chunk).fresh + (*chunk).size) as usize > CHUNK;
            (block, full)
        }
    }

    /// Puts a block back into its chunk; says whether that was full before.
    ///
    /// # Safety
    /// `block` is a block of this store, in use, and not a large one.
    #[inline]
    unsafe fn put(&mut self, block: *mut u8) -> (*mut Chunk, bool) {
        // SAFETY: chunks are aligned to their size, so masking gives the block's chunk.
        unsafe {
            let chunk = block.map_addr(|a| a & !(CHUNK - 1)).cast::<Chunk>();
            let was_full =
                (*chunk).free.is_null() && ((*chunk).fresh + (*chunk).size) as usize > CHUNK;
            let block = block.cast::<Block>();
            (*block).next = (*chunk).free;
            (*chunk).free = block;
            (*chunk).used -= 1;
            if (*chunk).used == 0 {
                self.bytes -= CHUNK;
            }
            (chunk, was_full)
        }
    }

    /// A chunk for blocks of `size` bytes, or null.
    #[cold]
    fn empty_chunk(&mut self, size: u32) -> *mut Chunk {
        // SAFETY: an empty chunk is ours alone; arenas are CHUNK-aligned and hold whole chunks.
        unsafe {
            let chunk = if !self.empty.is_null() {
                let chunk = self.empty;
                self.empty = (*chunk).next;
                self.empty_count -= 1;
                chunk
            } else {
                if self.untouched_count == 0 {
                    let arena = self.memory.allocate_arena(CHUNK * CHUNKS_PER_ARENA, CHUNK);
                    if arena.is_null() {
                        return ptr::null_mut();
                    }
                    (*arena.cast::<Chunk>()).arena = self.arenas;
                    self.arenas = arena.cast();
                    self.untouched = arena;
                    self.untouched_count = CHUNKS_PER_ARENA;
                }
                let chunk = self.untouched.cast::<Chunk>();
                self.untouched = self.untouched.wrapping_add(CHUNK);
                self.untouched_count -= 1;
                chunk
            };
            (*chunk).free = ptr::null_mut();
            (*chunk).fresh = FIRST_BLOCK as u32;
            (*chunk).size = size;
            (*chunk).used = 0;
            (*chunk).next = ptr::null_mut();
            (*chunk).prev = ptr::null_mut();
            (*chunk).mark = 0;
            chunk
        }
    }

    /// Puts an empty, unlisted chunk aside.
    ///
    /// # Safety
    /// `chunk` is of this store, without a block in use, and in no list.
    #[cold]
    unsafe fn retire(&mut self, chunk: *mut Chunk) {
        // SAFETY: the caller vouches for the chunk.
        unsafe {
            if self.empty_count >= SPARE_CHUNKS {
                self.memory.release(chunk.cast::<u8>().add(kept_bytes()), CHUNK - kept_bytes());
            }
            (*chunk).next = self.empty;
            self.empty = chunk;
            self.empty_count += 1;
        }
    }

    /// As many bytes fewer are taken, from elsewhere than the store.
    pub(crate) fn uncount(&mut self, bytes: usize) {
        self.bytes -= bytes;
    }

    /// As many bytes more are taken from the system.
    #[inline]
    pub(crate) fn count(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.bytes_peak = self.bytes_peak.max(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::layout::LINE;
    use super::*;
    use crate::memory::Memory;
    use std::collections::BTreeMap;
    use std::vec::Vec;

    /// Random allocation and freeing: blocks never overlap, keep their bytes, and all the
    /// memory is accounted for at the end.
    #[test]
    fn blocks_are_disjoint_and_keep_their_bytes() {
        let mut store = Store::new(Memory::System);
        let mut live: BTreeMap<usize, (usize, u8)> = BTreeMap::new();
        let mut seed = 0x2545_F491_4F6C_DD1D_u64;
        for step in 0..40_000_u32 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            if seed % 5 < 3 && live.len() < 3000 {
                let size = 1 + (seed >> 8) as usize % if seed % 11 == 0 { 20_000 } else { 600 };
                let size = if size > ALIGNED_FROM { size.next_multiple_of(8) } else { size };
                let block = store.allocate(size);
                assert!(!block.is_null());
                let end = block.addr() + size;
                assert_eq!(if size > ALIGNED_FROM { end % LINE } else { block.addr() % STEP }, 0);
                // SAFETY: the block has `size` bytes.
                unsafe { ptr::write_bytes(block, step as u8, size) };
                let before = live.range(..block.addr()).next_back();
                assert!(before.is_none_or(|(at, (len, _))| at + len <= block.addr()));
                let after = live.range(block.addr()..).next();
                assert!(after.is_none_or(|(at, _)| block.addr() + size <= *at));
                live.insert(block.expose_provenance(), (size, step as u8));
            } else if let Some((&at, &(size, byte))) =
                live.range(seed as usize..).next().or(live.iter().next())
            {
                let block = ptr::with_exposed_provenance_mut::<u8>(at);
                // SAFETY: the block is live and has `size` bytes.
                unsafe {
                    assert!(core::slice::from_raw_parts(block, size).iter().all(|b| *b == byte));
                    store.free(block, size);
                }
                live.remove(&at);
            }
        }
        let rest: Vec<_> = live.into_iter().collect();
        for (at, (size, _)) in rest {
            // SAFETY: the block is live.
            unsafe { store.free(ptr::with_exposed_provenance_mut(at), size) };
        }
        assert_eq!(store.bytes, 0);
        // SAFETY: no block is left.
        unsafe { store.clear() };
    }

    /// A freed header's tag word stays readable and unchanged until the header is used again.
    #[test]
    fn headers_keep_their_tag_when_freed() {
        let mut store = Store::new(Memory::System);
        let blocks: Vec<_> = (0..5000).map(|_| store.allocate_header()).collect();
        // SAFETY: each block is a header of 64 bytes.
        unsafe {
            for block in &blocks {
                block.add(8).cast::<u32>().write(0xA0);
                store.free_header(*block);
            }
            for block in &blocks {
                let tag = block.add(8).cast::<u32>().read();
                assert!(tag == 0xA0 || tag == 0, "{tag:#x}");
            }
            store.clear();
        }
    }
}
