//! The surroundings of a program without libc: the allocator that it gives, and nothing else.

use core::ffi::{c_int, c_void};
use core::ptr;

use crate::memory::Memory;

/// There is no memory but the program's.
pub(crate) fn allocate(_bytes: usize) -> *mut u8 {
    ptr::null_mut()
}

/// # Safety
/// Never called: nothing comes from [`allocate`].
pub(crate) unsafe fn free(_block: *mut u8) {}

/// There is no memory but the program's.
pub(crate) fn allocate_arena(_bytes: usize, _align: usize) -> *mut u8 {
    ptr::null_mut()
}

/// # Safety
/// Never called: nothing comes from [`allocate_arena`].
pub(crate) unsafe fn free_arena(_arena: *mut u8, _bytes: usize) {}

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
    Memory::current().allocate_arena(bytes, 4096)
}

/// # Safety
/// The memory came from [`map`], the allocator is the same still, and the memory is not used
/// again.
pub(crate) unsafe fn unmap(mapping: *mut u8, bytes: usize) {
    // SAFETY: as there.
    unsafe { Memory::current().free_arena(mapping, bytes) }
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

/// Where the calling thread's native stack ends is not known here.
pub(crate) fn native_stack_end() -> usize {
    0
}

/// Nor where it begins.
pub(crate) fn native_stack() -> (usize, usize) {
    (0, 0)
}

/// What is mapped is not known here.
pub(crate) fn lowest_mapped(_low: usize, high: usize) -> usize {
    high
}

/// There is no `errno`: results say that something was refused.
pub(crate) fn set_errno(_code: c_int) {}

/// As on Linux.
pub(crate) const EINVAL: c_int = 22;
/// As on Linux.
pub(crate) const ENOMEM: c_int = 12;

/// There are no signals.
///
/// # Safety
/// None; the condition is that of the other surroundings.
pub(crate) unsafe fn exchange_signal_mask(_new: *const c_void, _old: *mut c_void) {}
