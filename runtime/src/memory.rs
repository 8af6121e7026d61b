//! Where the runtime's memory comes from: the program's allocator, or the system.
//!
//! A thread's heap is the arenas and large blocks of its store. It holds headers, bases,
//! descriptions of regions, and slices. Memory that needs a guard page is mapped if there is a
//! system: regions, and the side stack with the data of its thread.

use core::ffi::c_void;
use core::mem::transmute;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use crate::check::CHECKED;
use crate::sys;

/// Gives `bytes` of memory aligned to `align` (a power of two), or null.
pub type Allocate = unsafe extern "C" fn(bytes: usize, align: usize) -> *mut c_void;
/// Takes memory back.
pub type Deallocate = unsafe extern "C" fn(memory: *mut c_void);

static ALLOCATE: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());
static DEALLOCATE: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

/// Sets the allocator of threads that are set up from now on; `None` for both means the system.
/// False, and nothing changed, if only one is `None`.
pub(crate) fn set_allocator(allocate: Option<Allocate>, deallocate: Option<Deallocate>) -> bool {
    let (allocate, deallocate) = match (allocate, deallocate) {
        (Some(allocate), Some(deallocate)) => (allocate as *mut (), deallocate as *mut ()),
        (None, None) => (ptr::null_mut(), ptr::null_mut()),
        _ => return false,
    };
    DEALLOCATE.store(deallocate, Ordering::Release);
    ALLOCATE.store(allocate, Ordering::Release);
    true
}

/// A source of memory. A thread keeps the source with which it was set up, so that each block goes
/// back to where it came from.
#[derive(Clone, Copy)]
pub(crate) enum Memory {
    /// malloc and mmap; without libc there is none.
    System,
    /// The program's functions.
    Program(Allocate, Deallocate),
}

impl Memory {
    /// The source for a thread that is set up now.
    pub(crate) fn current() -> Self {
        let allocate = ALLOCATE.load(Ordering::Acquire);
        let deallocate = DEALLOCATE.load(Ordering::Acquire);
        if allocate.is_null() || deallocate.is_null() {
            return Self::System;
        }
        // SAFETY: only `set_allocator` stores there, functions of these types.
        unsafe {
            Self::Program(
                transmute::<*mut (), Allocate>(allocate),
                transmute::<*mut (), Deallocate>(deallocate),
            )
        }
    }

    /// `bytes` of memory, 16-byte aligned, or null.
    pub(crate) fn allocate(self, bytes: usize) -> *mut u8 {
        match self {
            Self::System => sys::allocate(bytes),
            // SAFETY: the function does what its type says.
            Self::Program(allocate, _) => unsafe { allocate(bytes, 16).cast() },
        }
    }

    /// # Safety
    /// `block` came from [`Self::allocate`] of this source and is not used again.
    pub(crate) unsafe fn free(self, block: *mut u8) {
        // SAFETY: the caller vouches for the block.
        unsafe {
            match self {
                Self::System => sys::free(block),
                Self::Program(_, deallocate) => deallocate(block.cast()),
            }
        }
    }

    /// `bytes` of memory aligned to `align` (a power of two, a multiple of the page), or null.
    pub(crate) fn allocate_arena(self, bytes: usize, align: usize) -> *mut u8 {
        match self {
            Self::System => sys::allocate_arena(bytes, align),
            // SAFETY: the function does what its type says.
            Self::Program(allocate, _) => unsafe { allocate(bytes, align).cast() },
        }
    }

    /// # Safety
    /// `arena` came from [`Self::allocate_arena`] of this source with the same size and is not
    /// used again.
    pub(crate) unsafe fn free_arena(self, arena: *mut u8, bytes: usize) {
        // SAFETY: the caller vouches for the arena.
        unsafe {
            match self {
                Self::System => sys::free_arena(arena, bytes),
                Self::Program(_, deallocate) => deallocate(arena.cast()),
            }
        }
    }

    /// Gives an arena back in which stale handles may point. The checked build keeps its
    /// addresses where it can, so that they read as zero and not as other memory. Returns whether
    /// it keeps them.
    ///
    /// # Safety
    /// As [`Self::free_arena`].
    pub(crate) unsafe fn retire_arena(self, arena: *mut u8, bytes: usize) -> bool {
        // SAFETY: the caller vouches for the arena.
        unsafe {
            if CHECKED && matches!(self, Self::System) {
                sys::release(arena, bytes);
                true
            } else {
                self.free_arena(arena, bytes);
                false
            }
        }
    }

    /// Gives the memory of whole pages back. What they hold afterwards is undefined but
    /// readable. A program's allocator takes memory back only whole, so there they stay.
    ///
    /// # Safety
    /// The pages lie in an arena of this source and their bytes are not needed.
    pub(crate) unsafe fn release(self, pages: *mut u8, bytes: usize) {
        match self {
            // SAFETY: the caller vouches for the pages.
            Self::System => unsafe { sys::release(pages, bytes) },
            Self::Program(..) => {}
        }
    }
}

/// `bytes` of memory for a stack or more, page-aligned: mapped, its first `guard` bytes
/// inaccessible, or from the program's allocator without a guard if there is no system. Null if
/// there is no memory.
pub(crate) fn map(bytes: usize, guard: usize) -> *mut u8 {
    if cfg!(feature = "libc") {
        sys::map(bytes, guard)
    } else {
        Memory::current().allocate_arena(bytes, sys::page())
    }
}

/// Gives back what [`map`] gave.
///
/// # Safety
/// The memory came from [`map`] with the same size and is not used again. Without a system the
/// allocator is still the same.
pub(crate) unsafe fn unmap(mapping: *mut u8, bytes: usize) {
    // SAFETY: the caller vouches for the mapping.
    unsafe {
        if cfg!(feature = "libc") {
            sys::unmap(mapping, bytes);
        } else {
            Memory::current().free_arena(mapping, bytes);
        }
    }
}
