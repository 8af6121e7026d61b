//! Copying a slice that begins with a fresh switch record, alike on every CPU.

use stackswitch_abi::cpu::record;

use super::copy;
use super::seam::copy_words;

/// Copies the slice of a context that has just written its switch record, from its stack. The record
/// is copied word by word, as it was written: a wider load would wait for the stores to finish.
///
/// # Safety
/// As [`copy`].
#[inline]
pub(crate) unsafe fn copy_fresh(to: *mut u8, from: *const u8, bytes: usize) {
    let head = bytes.min(record::BYTES);
    // SAFETY: both ranges have `bytes` bytes, of which `head` are the first.
    unsafe {
        copy_words(to, from, head);
        copy(to.add(head), from.add(head), bytes - head);
    }
}
