//! x86-64 with the System V ABI. `record.s` shows what lies on a suspended context's stack.

use stackswitch_abi::cpu::record;

mod copying;
mod in_place;
#[cfg(feature = "libc")]
mod signals;
mod thread_words;
#[cfg(feature = "valgrind")]
pub(crate) mod valgrind;

pub(crate) use copying::{copy, vector_bytes};
pub(crate) use in_place::{resume_in_place, suspend_in_place};
#[cfg(feature = "libc")]
pub(crate) use signals::{KEPT_REGISTERS, interrupted_at, keep_registers, redirect};
pub(crate) use thread_words::{running, thread_words, thread_words_offset};

/// The register in which a landing pad finds the exception, by its DWARF number: rax.
pub(crate) const EXCEPTION_REGISTER: i32 = 0;

/// Words of what `setjmp` writes in C, before what the other users of such a buffer have there: eight
/// registers, and whether a signal mask follows.
#[cfg(all(feature = "libc", target_env = "gnu"))]
pub(crate) const JUMP_BUFFER_WORDS: usize = 9;

/// Puts the assembly into the calling module, with the functions that it calls.
macro_rules! assembly {
    ($($functions:tt)*) => {
        $crate::arch::assemble! {
            [
                "arch/x86_64/record.s"
                "arch/x86_64/switch.s"
                "arch/x86_64/exchange.s"
                "arch/x86_64/resume.s"
                "arch/x86_64/first_frame.s"
                "arch/x86_64/fault.s"
                "arch/x86_64/capture.s"
                "arch/x86_64/ucontext.s"
                "arch/x86_64/end.s"
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
                concat!("mov {0}, qword ptr [rip + ", $symbol, "@GOTPCREL]"),
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
    ".pushsection .text.rust_eh_personality,\"ax\",@progbits",
    ".weak rust_eh_personality",
    ".type rust_eh_personality,@function",
    "rust_eh_personality:",
    ".cfi_startproc",
    "endbr64",
    "mov eax, 8", // _URC_CONTINUE_UNWIND
    "ret",
    ".cfi_endproc",
    ".size rust_eh_personality, . - rust_eh_personality",
    ".popsection",
);

/// Stops the program.
#[cfg(not(feature = "libc"))]
pub(crate) fn trap() -> ! {
    // SAFETY: ud2 raises the invalid-opcode exception and does not continue.
    unsafe { core::arch::asm!("ud2", options(noreturn)) }
}

/// Asks for the cache line at `address`.
pub(crate) fn prefetch(address: *const u8) {
    use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: a prefetch faults on no address; SSE is part of the architecture.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
}

/// The registers of a captured position: what a callee must preserve, and where to continue.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Position {
    /// Stack pointer after the return of the capturing call.
    pub sp: usize,
    /// The return address of that call. An in-place capture leaves it unset: its address is the
    /// resume address alone.
    pub pc: usize,
    rbx: usize,
    rbp: usize,
    r12: usize,
    r13: usize,
    r14: usize,
    r15: usize,
}

impl Position {
    /// No position.
    pub(crate) const NOWHERE: Self =
        Self { sp: 0, pc: 0, rbx: 0, rbp: 0, r12: 0, r13: 0, r14: 0, r15: 0 };

    /// The position after the call that left the switch record at `address`.
    ///
    /// # Safety
    /// `address` points to a switch record.
    pub(crate) unsafe fn after_record(address: usize) -> Self {
        // SAFETY: a switch record is 8 words, and the caller says that one is there.
        let [_, r15, r14, r13, r12, rbx, rbp, pc] = unsafe { *(address as *const [usize; 8]) };
        Self { sp: address + record::BYTES, pc, rbx, rbp, r12, r13, r14, r15 }
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
        Self { sp: top, pc, rbx: function, rbp: 0, r12: argument, r13: link, r14: 0, r15: 0 }
    }
}

/// Where registers lie in a switch record, for debuggers. The names are gdb's. `bytes` is how far
/// above the record the caller's frame begins, `exceptions` how many bytes lie below it if
/// exceptions are in flight, and `landing` how far into the code at the resume address the call
/// frame information is valid.
pub(crate) const RECORD_REGISTERS: [(&str, usize); 10] = [
    ("r15", 8),
    ("r14", 16),
    ("r13", 24),
    ("r12", 32),
    ("rbx", record::RBX),
    ("rbp", record::RBP),
    ("rip", record::RETURN_ADDRESS),
    ("bytes", record::BYTES),
    ("exceptions", 32),
    ("landing", ENDBR64),
];

/// Bytes of the instruction that indirect jumps may reach.
const ENDBR64: usize = 4;

/// Where registers lie in a captured position, for debuggers.
pub(crate) const POSITION_REGISTERS: [(&str, usize); 8] = [
    ("rsp", core::mem::offset_of!(Position, sp)),
    ("rip", core::mem::offset_of!(Position, pc)),
    ("rbx", core::mem::offset_of!(Position, rbx)),
    ("rbp", core::mem::offset_of!(Position, rbp)),
    ("r12", core::mem::offset_of!(Position, r12)),
    ("r13", core::mem::offset_of!(Position, r13)),
    ("r14", core::mem::offset_of!(Position, r14)),
    ("r15", core::mem::offset_of!(Position, r15)),
];

const _: () = {
    use core::mem::offset_of;
    use stackswitch_abi::cpu::object;
    use stackswitch_abi::layout::object::POSITION;
    assert!(POSITION + offset_of!(Position, sp) == object::SP);
    assert!(POSITION + offset_of!(Position, rbx) == object::RBX);
    assert!(POSITION + offset_of!(Position, rbp) == object::RBP);
};
