//! Where the thread words are: in thread-local storage, by the initial-exec model.

use core::arch::asm;

/// The address of the calling thread's words.
#[inline]
pub(crate) fn thread_words() -> *mut u8 {
    let words: *mut u8;
    // SAFETY: fs:0 holds the thread pointer, and the entry of the global offset table the offset of
    // the words from it. A context never changes threads, so the address may be kept.
    unsafe {
        asm!(
            "mov {0}, qword ptr fs:[0]",
            "add {0}, qword ptr [rip + stackswitch_tls@GOTTPOFF]",
            out(reg) words,
            options(pure, readonly, nostack),
        );
    }
    words
}

/// The offset of the thread words from the thread pointer, the same in every thread.
pub(crate) fn thread_words_offset() -> usize {
    let offset: usize;
    // SAFETY: the entry of the global offset table holds the offset.
    unsafe {
        asm!(
            "mov {0}, qword ptr [rip + stackswitch_tls@GOTTPOFF]",
            out(reg) offset,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    offset
}
