//! Where the thread words are: in thread-local storage, by the initial-exec model.

use core::arch::asm;

use stackswitch_abi::layout::words;

/// The address of the calling thread's words.
#[inline]
pub(crate) fn thread_words() -> *mut u8 {
    let address: *mut u8;
    // SAFETY: fs:0 holds the thread pointer, and the entry of the global offset table the offset of
    // the words from it. A context never changes threads, so the address may be kept.
    unsafe {
        asm!(
            "mov {0}, qword ptr fs:[0]",
            "add {0}, qword ptr [rip + stackswitch_tls@GOTTPOFF]",
            out(reg) address,
            options(pure, readonly, nostack),
        );
    }
    address
}

/// The offset of the thread words from the thread pointer, the same in every thread.
#[inline]
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

/// The offset of the thread words from the thread pointer, and the running context; null if the
/// thread is not set up. The offset is found anew each time: that is cheaper than to keep it across a
/// switch.
#[inline(always)]
pub(crate) fn running() -> (usize, *mut u8) {
    let (offset, context): (usize, *mut u8);
    // SAFETY: the entry of the global offset table holds the offset. The word is the calling thread's.
    unsafe {
        asm!(
            "mov {offset}, [rip + stackswitch_tls@GOTTPOFF]",
            "mov {context}, fs:[{offset} + {current}]",
            offset = out(reg) offset,
            context = out(reg) context,
            current = const words::CURRENT,
            options(readonly, nostack, preserves_flags),
        );
    }
    (offset, context)
}
