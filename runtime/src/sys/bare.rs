//! The surroundings of a program without libc: an allocator that it gives, and nothing else.

use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use crate::abi::{Allocate, Deallocate};

static ALLOCATE: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());
static DEALLOCATE: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

/// Sets where memory comes from.
pub(crate) fn set_allocator(allocate: Allocate, deallocate: Deallocate) {
    ALLOCATE.store(allocate as *mut (), Ordering::Release);
    DEALLOCATE.store(deallocate as *mut (), Ordering::Release);
}

/// `bytes` of memory aligned to `align`, or null.
pub(crate) fn allocate_arena(bytes: usize, align: usize) -> *mut u8 {
    let allocate = ALLOCATE.load(Ordering::Acquire);
    if allocate.is_null() {
        return ptr::null_mut();
    }
    // SAFETY: only `set_allocator` stores here, a function of this type.
    unsafe { core::mem::transmute::<*mut (), Allocate>(allocate)(bytes, align).cast() }
}

/// `bytes` of memory, 16-byte aligned, or null.
pub(crate) fn allocate(bytes: usize) -> *mut u8 {
    allocate_arena(bytes, 16)
}

/// # Safety
/// `block` came from [`allocate`] and is not used again.
pub(crate) unsafe fn free(block: *mut u8) {
    // SAFETY: as there.
    unsafe { free_arena(block, 0) }
}

/// # Safety
/// `arena` came from [`allocate_arena`] and is not used again.
pub(crate) unsafe fn free_arena(arena: *mut u8, _bytes: usize) {
    let deallocate = DEALLOCATE.load(Ordering::Acquire);
    // SAFETY: memory came from the allocator, so both functions are set.
    unsafe { core::mem::transmute::<*mut (), Deallocate>(deallocate)(arena.cast()) }
}

/// Pages stay: there is no system to give them to.
///
/// # Safety
/// None; the condition is that of the other surroundings.
pub(crate) unsafe fn release(_pages: *mut u8, _bytes: usize) {}

/// Pages cannot be moved without a system.
///
/// # Safety
/// None; the condition is that of the other surroundings.
pub(crate) unsafe fn move_pages(_from: *mut u8, _to: *mut u8, _bytes: usize) -> bool {
    false
}

/// Nothing was unmapped, as nothing is moved.
///
/// # Safety
/// None; the condition is that of the other surroundings.
pub(crate) unsafe fn map_at(_at: *mut u8, _bytes: usize) {}

/// A region's memory comes from the allocator, without a guard.
pub(crate) fn map(bytes: usize, _guard: usize) -> *mut u8 {
    allocate_arena(bytes, 4096)
}

/// # Safety
/// The memory came from [`map`] and is not used again.
pub(crate) unsafe fn unmap(mapping: *mut u8, bytes: usize) {
    // SAFETY: as there.
    unsafe { free_arena(mapping, bytes) }
}

/// There is nowhere to print to: programs set an error handler.
pub(crate) fn print(_line: &[u8]) {}

/// Stops by an instruction that no CPU executes.
pub(crate) fn abort() -> ! {
    crate::arch::trap()
}

/// A thread without a system has no end.
pub(crate) fn end_thread() -> ! {
    crate::arch::trap()
}

/// Threads do not end here.
pub(crate) fn at_thread_end(_end: unsafe extern "C" fn(*mut c_void), _value: *mut c_void) -> bool {
    true
}
