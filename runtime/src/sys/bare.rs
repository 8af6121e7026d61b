//! The surroundings of a program without libc: there is no system.

use core::ffi::{c_int, c_void};
use core::ptr;

/// Alignment for memory that would be pages elsewhere. Nothing here depends on the system's pages.
pub(crate) const fn page() -> usize {
    4096
}

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

/// There are no core files.
///
/// # Safety
/// None; the condition is that of the other surroundings.
pub(crate) unsafe fn set_dumped(_pages: *mut u8, _bytes: usize, _dumped: bool) {}

/// All memory can be read.
pub(crate) fn is_readable(_address: usize) -> bool {
    true
}

/// There are no mappings.
pub(crate) fn mapping_limit() -> Option<usize> {
    None
}

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

/// There is nothing to map.
pub(crate) fn map(_bytes: usize, _guard: usize) -> *mut u8 {
    ptr::null_mut()
}

/// # Safety
/// Never called: nothing comes from [`map`].
pub(crate) unsafe fn unmap(_mapping: *mut u8, _bytes: usize) {}

/// There is no standard error: programs set an error handler.
pub(crate) fn print(_line: &[u8]) {}

/// Stops by an invalid instruction.
pub(crate) fn abort() -> ! {
    crate::arch::trap()
}

/// There are no threads to end.
pub(crate) fn end_thread() -> ! {
    crate::arch::trap()
}

/// Threads do not end here.
pub(crate) fn at_thread_end(_end: unsafe extern "C" fn(*mut c_void), _value: *mut c_void) -> bool {
    true
}

/// The end of the native stack is not known.
pub(crate) fn native_stack_end() -> usize {
    0
}

/// The ends of the native stack are not known.
pub(crate) fn native_stack() -> (usize, usize) {
    (0, 0)
}

/// What is mapped is not known.
pub(crate) fn lowest_mapped(_low: usize, high: usize) -> usize {
    high
}

/// There is no `errno`; the results of functions say that they were refused.
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
