//! AArch64 with the AAPCS64. `record.s` shows what lies on a suspended context's stack.

use core::arch::{aarch64, asm};
use core::ffi::c_void;

use stackswitch_abi::cpu::record;
use stackswitch_abi::layout::words;

use super::entries::{stackswitch_resume, stackswitch_suspend};
use super::seam::copy_words;

#[cfg(feature = "libc")]
mod signals;

#[cfg(feature = "libc")]
pub(crate) use signals::{KEPT_REGISTERS, interrupted_at, keep_registers, redirect};

/// The register in which a landing pad finds the exception, by its DWARF number: x0.
pub(crate) const EXCEPTION_REGISTER: i32 = 0;

/// Words of what `setjmp` writes in C, before what the other users of such a buffer have there: 22
/// for registers, and whether a signal mask follows.
#[cfg(all(feature = "libc", target_env = "gnu"))]
pub(crate) const JUMP_BUFFER_WORDS: usize = 23;

/// Puts the assembly into the calling module, with the functions that it calls.
macro_rules! assembly {
    ($($functions:tt)*) => {
        $crate::arch::assemble! {
            [
                "arch/aarch64/record.s"
                "arch/aarch64/switch.s"
                "arch/aarch64/resume.s"
                "arch/aarch64/first_frame.s"
                "arch/aarch64/fault.s"
                "arch/aarch64/capture.s"
                "arch/aarch64/ucontext.s"
            ]
            $($functions)*
        }
    };
}
pub(crate) use assembly;

/// The address of a symbol, from the global offset table: null for a weak one that the program
/// lacks. A program may have a copy of a library's variable, which is then the one.
macro_rules! symbol_address {
    ($symbol:literal) => {{
        let address: *const ();
        // SAFETY: the entry of the table holds the address.
        unsafe {
            core::arch::asm!(
                concat!("adrp {0}, :got:", $symbol),
                concat!("ldr {0}, [{0}, :got_lo12:", $symbol, "]"),
                out(reg) address,
                options(pure, nomem, nostack, preserves_flags),
            );
        }
        address
    }};
}
pub(crate) use symbol_address;

// The unwinder asks this about a frame of Rust code. The answer is always to continue with the next
// frame, as nothing here has cleanups; `pthread_exit` unwinds through its caller. Weak: with Rust's
// standard library in the program, the name is the library's.
#[cfg(feature = "standalone")]
core::arch::global_asm!(
    ".pushsection .text.rust_eh_personality,\"ax\",%progbits",
    ".p2align 2",
    ".weak rust_eh_personality",
    ".type rust_eh_personality,%function",
    "rust_eh_personality:",
    ".cfi_startproc",
    "bti c",
    "mov w0, 8", // _URC_CONTINUE_UNWIND
    "ret",
    ".cfi_endproc",
    ".size rust_eh_personality, . - rust_eh_personality",
    ".popsection",
);

/// Stops the program.
#[cfg(not(feature = "libc"))]
pub(crate) fn trap() -> ! {
    // SAFETY: brk raises a breakpoint exception and does not continue.
    unsafe { asm!("brk 1", options(noreturn)) }
}

/// Asks for the cache line at `address`.
pub(crate) fn prefetch(address: *const u8) {
    // SAFETY: a prefetch faults on no address.
    unsafe {
        asm!("prfm pldl1keep, [{0}]", in(reg) address, options(readonly, nostack, preserves_flags));
    }
}

/// Bytes of the widest vectors that this CPU moves memory best with.
pub(crate) fn vector_bytes() -> u32 {
    16
}

/// Copies a slice between a stack and the heap.
///
/// # Safety
/// Both are `bytes` long, a multiple of 8, writable and readable, and do not overlap.
#[inline]
pub(crate) unsafe fn copy(to: *mut u8, from: *const u8, bytes: usize) {
    let mut at = 0;
    // SAFETY: both ranges have `bytes` bytes, and every access stays within them; NEON is part of the
    // target.
    unsafe {
        while bytes - at >= 16 {
            aarch64::vst1q_u8(to.add(at), aarch64::vld1q_u8(from.add(at)));
            at += 16;
        }
        copy_words(to.add(at), from.add(at), bytes - at);
    }
}

/// The address of the calling thread's words.
#[inline]
pub(crate) fn thread_words() -> *mut u8 {
    let thread: *mut u8;
    // SAFETY: tpidr_el0 holds the thread pointer. A context never changes threads, so it may be kept.
    unsafe {
        asm!("mrs {0}, tpidr_el0", out(reg) thread, options(pure, nomem, nostack, preserves_flags));
    }
    thread.wrapping_add(thread_words_offset())
}

/// The offset of the thread words from the thread pointer, the same in every thread.
#[inline]
pub(crate) fn thread_words_offset() -> usize {
    let offset: usize;
    // SAFETY: the entry of the global offset table holds the offset.
    unsafe {
        asm!(
            "adrp {0}, :gottprel:stackswitch_tls",
            "ldr {0}, [{0}, :gottprel_lo12:stackswitch_tls]",
            out(reg) offset,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    offset
}

/// The offset of the thread words from the thread pointer, and the running context; null if the
/// thread is not set up.
#[inline(always)]
pub(crate) fn running() -> (usize, *mut u8) {
    // SAFETY: the words are the calling thread's, which nothing else writes. Volatile: every switch
    // changes the word.
    let context = unsafe { thread_words().add(words::CURRENT).cast::<*mut u8>().read_volatile() };
    (thread_words_offset(), context)
}

/// Does what `stackswitch_resume` does. This CPU has no switch in place: it is a call.
///
/// # Safety
/// As for [`stackswitch_resume`]; `context` is not null. The thread is set up.
#[inline(always)]
pub(crate) unsafe fn resume_in_place(
    _words: usize,
    _running: *mut c_void,
    context: *mut c_void,
    value: *mut c_void,
) -> *mut c_void {
    // SAFETY: the caller guarantees a context that may be resumed with this value.
    unsafe { stackswitch_resume(context, value) }
}

/// Does what `stackswitch_suspend` does.
///
/// # Safety
/// As for [`stackswitch_suspend`]. The thread is set up.
#[inline(always)]
pub(crate) unsafe fn suspend_in_place(
    _words: usize,
    _running: *mut c_void,
    value: *mut c_void,
) -> *mut c_void {
    // SAFETY: the caller guarantees a link that may be resumed with this value.
    unsafe { stackswitch_suspend(value) }
}

/// The registers of a captured position: what a callee must preserve, and where to continue.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Position {
    /// Stack pointer after the return of the capturing call.
    pub sp: usize,
    /// The return address of that call.
    pub pc: usize,
    /// x19 to x28, d8 to d15, x29.
    registers: [usize; 19],
}

impl Position {
    /// No position.
    pub(crate) const NOWHERE: Self = Self { sp: 0, pc: 0, registers: [0; 19] };

    /// The position after the call that left the switch record at `address`.
    ///
    /// # Safety
    /// `address` points to a switch record.
    pub(crate) unsafe fn after_record(address: usize) -> Self {
        // SAFETY: the caller says that a switch record is there, and this is its layout.
        let record = unsafe { &*(address as *const Record) };
        Self { sp: address + record::BYTES, pc: record.pc, registers: record.registers }
    }

    /// The position at which `pc`, a resume address for a new context of `makecontext`, finds its
    /// function, argument and link. `top` is 16-byte aligned.
    pub(crate) const fn at_start(
        pc: usize,
        top: usize,
        function: usize,
        argument: usize,
        link: usize,
    ) -> Self {
        let mut position = Self { sp: top, pc, ..Self::NOWHERE };
        position.registers[0] = function;
        position.registers[1] = argument;
        position.registers[2] = link;
        position
    }
}

/// The switch record, see `record.s`.
#[repr(C)]
struct Record {
    resume_address: usize,
    unused: usize,
    /// x19 to x28, d8 to d15, x29.
    registers: [usize; 19],
    /// x30.
    pc: usize,
}

const _: () = {
    use core::mem::offset_of;
    assert!(offset_of!(Record, resume_address) == record::RESUME_ADDRESS);
    assert!(offset_of!(Record, pc) == record::RETURN_ADDRESS);
    assert!(size_of::<Record>() == record::BYTES);
    assert!(offset_of!(Record, registers) == offset_of!(Position, registers));
};

/// Where registers lie in a switch record, for debuggers. The names are gdb's. `bytes` is how far
/// above the record the caller's frame begins, `exceptions` how many bytes lie below it if
/// exceptions are in flight, and `landing` how far into the code at the resume address the call
/// frame information is valid.
pub(crate) const RECORD_REGISTERS: [(&str, usize); 15] = with_general([
    ("pc", record::RETURN_ADDRESS),
    ("bytes", record::BYTES),
    ("exceptions", 32),
    ("landing", BTI),
]);

/// Bytes of the instruction that indirect jumps may reach.
const BTI: usize = 4;

/// Where registers lie in a captured position, for debuggers.
pub(crate) const POSITION_REGISTERS: [(&str, usize); 13] = with_general([
    ("sp", core::mem::offset_of!(Position, sp)),
    ("pc", core::mem::offset_of!(Position, pc)),
]);

/// The others, and the general registers, which lie alike in a record and in a position.
const fn with_general<const N: usize, const ALL: usize>(
    others: [(&'static str, usize); N],
) -> [(&'static str, usize); ALL] {
    const GENERAL: [&str; 10] =
        ["x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28"];
    const FIRST: usize = core::mem::offset_of!(Position, registers);
    let mut list = [("x29", FIRST + 18 * size_of::<usize>()); ALL];
    let mut i = 0;
    while i < GENERAL.len() {
        list[i] = (GENERAL[i], FIRST + i * size_of::<usize>());
        i += 1;
    }
    while i < ALL - 1 {
        list[i] = others[i - GENERAL.len()];
        i += 1;
    }
    list
}
