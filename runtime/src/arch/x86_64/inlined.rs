//! What compiled code relies on that has the fast path in place (`stackswitch-inline`).
//!
//! Such code does what `stackswitch_exchange` in `arch` does. A context that it leaves
//! has a record of the usual size, in which only rbp, rbx if the code needs it, and the address to
//! go on at are true; the other registers are nobody's. That address is the code's own. Where a handler
//! of exceptions may be around the switch, the code runs itself what is to be run on top of the
//! context, at another place that it tells, since an exception may not come out of the first.
//!
//! Where a position of the POSIX layer is gone on with, and where `stackswitch_swapcontext` and
//! `stackswitch_ucontext_swapcontext` return, rcx is the word that marks the thread's plain
//! captures, or -1. Such code takes it from one switch to the next.

use core::arch::{asm, global_asm};
use core::mem::offset_of;
use core::sync::atomic::{AtomicUsize, Ordering};

use crate::context::{Context, State};
use crate::cxx::Globals;
use crate::place::Place;
use crate::thread::Tls;

use super::Position;

// The name's last part counts layouts: a program and a runtime that do not fit do not link.
global_asm!(
    ".pushsection .bss.stackswitch,\"aw\",@nobits",
    ".p2align 3",
    ".globl stackswitch_resident_v2",
    ".type stackswitch_resident_v2,@object",
    ".size stackswitch_resident_v2,8",
    "stackswitch_resident_v2:",
    ".zero 8",
    ".globl stackswitch_plain_v2",
    ".type stackswitch_plain_v2,@object",
    ".size stackswitch_plain_v2,8",
    "stackswitch_plain_v2:",
    ".zero 8",
    ".popsection",
);

/// The address of a variable: a program may have a copy of it, which then counts.
macro_rules! address {
    ($symbol:literal) => {{
        let address: *const ();
        // SAFETY: the GOT entry holds the address.
        unsafe {
            asm!(
                concat!("mov {0}, qword ptr [rip + ", $symbol, "@GOTPCREL]"),
                out(reg) address,
                options(pure, nomem, nostack, preserves_flags),
            );
        }
        address
    }};
}

/// The address of `stackswitch_resident_v2`, which says where a thread's words are, from its thread
/// pointer on. That is the same in every thread; 0 before the first thread is set up.
#[must_use]
pub fn resident() -> *const () {
    address!("stackswitch_resident_v2")
}

/// The address of `stackswitch_plain_v2`, which says where the word is that marks objects of the
/// POSIX layer which may be gone to at once, from the thread pointer on. Before the first thread is
/// set up it is 0, and what is there is the thread pointer, which marks none.
#[must_use]
pub fn plain() -> *const () {
    address!("stackswitch_plain_v2")
}

/// Says where the words are.
pub(crate) fn publish() {
    let offset: usize;
    // SAFETY: the GOT entry holds the offset.
    unsafe {
        asm!(
            "mov {0}, qword ptr [rip + stackswitch_tls@GOTTPOFF]",
            out(reg) offset,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    let words = [(resident(), offset), (plain(), offset.wrapping_add(offset_of!(Tls, plain)))];
    for (variable, offset) in words {
        // SAFETY: the variable has this size and alignment, and is only used atomically.
        unsafe { (*variable.cast::<AtomicUsize>()).store(offset, Ordering::Relaxed) };
    }
}

/// Offsets in a thread's words.
pub mod words {
    use super::{Tls, offset_of};

    /// The running context.
    pub const CURRENT: usize = offset_of!(Tls, current);
    /// The tag of contexts that may be gone to at once.
    pub const READY: usize = offset_of!(Tls, ready);
    /// The number of switches on the fast path.
    pub const SWITCHES: usize = offset_of!(Tls, switches);
    /// Points to the two words of the C++ exceptions in flight.
    pub const EXCEPTIONS: usize = offset_of!(Tls, exceptions);
}

/// The running context's tag is so much more than one that may be gone to at once.
pub const RUNNING_AFTER_READY: usize = State::Running as usize - State::Ready as usize;

/// Offsets in a context's header.
pub mod header {
    use super::{Context, offset_of};

    /// The stack pointer of a suspended context.
    pub const SP: usize = offset_of!(Context, sp);
    /// The tag.
    pub const TAG: usize = offset_of!(Context, tag);
    /// The link.
    pub const LINK: usize = offset_of!(Context, link);
}

/// Offsets in the record of a suspended context, see the head of `arch`.
pub mod record {
    /// The address to go on at.
    pub const POINT: usize = 0;
    /// The caller's rbx.
    pub const RBX: usize = 40;
    /// The caller's rbp.
    pub const RBP: usize = 48;
    /// The caller's frame.
    pub const BYTES: usize = super::super::SWITCH_BYTES;
}

/// What is 8 bytes before the address to go on at where code has such a place. 4 bytes before it is
/// how far from it the place is, with a sign.
pub const ONTOP_MARK: u32 = 0x706f_746e;

/// Offsets in an object of the POSIX layer, at whose beginning is the address to go on at.
pub mod object {
    use super::{Place, Position, offset_of};

    /// What says whether it may be gone to at once: a word.
    pub const TAG: usize = offset_of!(Place, tag);
    /// The stack pointer.
    pub const SP: usize = offset_of!(Place, position) + offset_of!(Position, sp);
    /// The caller's rbx.
    pub const RBX: usize = offset_of!(Place, position) + offset_of!(Position, rbx);
    /// The caller's rbp.
    pub const RBP: usize = offset_of!(Place, position) + offset_of!(Position, rbp);
}

pub use crate::ucontext::OBJECT as IN_UCONTEXT;

const _: () =
    assert!(offset_of!(Place, point) == 0, "compiled code jumps to an object's first word");
const _: () = assert!(size_of::<Globals>() == 16, "compiled code looks at two words");
