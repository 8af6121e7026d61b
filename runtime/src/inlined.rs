//! In-place switches: what the runtime tells the code that the pass `stackswitch-inline` makes.
//!
//! An in-place switch does what the fast path of `stackswitch_swap` does. The context that it
//! suspends has a switch record of the usual size. Only its resume address and the frame pointer
//! are valid, and the base pointer if the function needs one. In a function that may handle
//! exceptions the code has a second resume address, marked by `ONTOP_MARK`: there it calls the
//! function of `swap.ontop` itself, because an exception cannot leave inline assembly.
//!
//! The layouts that such code relies on are in `stackswitch_abi::layout` and
//! `stackswitch_abi::cpu`.

use core::sync::atomic::{AtomicUsize, Ordering};

use stackswitch_abi::layout::words;

use crate::arch::{self, symbol_address};

/// The address of `stackswitch_resident_v3`: a variable that holds the offset of the thread words
/// from the thread pointer. The offset is the same in every thread; it is 0 before the first
/// thread is set up.
#[must_use]
pub fn resident() -> *const () {
    symbol_address!("stackswitch_resident_v3")
}

/// The address of `stackswitch_plain_v3`: a variable that holds the offset, from the thread
/// pointer, of the word that marks the thread's plain captures. Before the first thread is set up
/// the offset is 0. The word there is the thread pointer itself, which marks no capture.
#[must_use]
pub fn plain() -> *const () {
    symbol_address!("stackswitch_plain_v3")
}

/// Writes both variables.
pub(crate) fn publish() {
    let offset = arch::thread_words_offset();
    for (variable, offset) in [(resident(), offset), (plain(), offset.wrapping_add(words::PLAIN))] {
        // SAFETY: the variable is 8 aligned bytes, and every access to it is atomic.
        unsafe { (*variable.cast::<AtomicUsize>()).store(offset, Ordering::Relaxed) };
    }
}

/// The offset of the thread words from the thread pointer; 0 before the first thread is set up. For
/// debuggers: it is there in the checked build, too, which does not publish the other variables.
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals)]
pub static stackswitch_debug_words: AtomicUsize = AtomicUsize::new(0);

/// Writes that offset.
pub(crate) fn publish_for_debuggers() {
    stackswitch_debug_words.store(arch::thread_words_offset(), Ordering::Relaxed);
}
