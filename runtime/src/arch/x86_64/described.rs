//! Where registers are, for debuggers. The names are gdb's.

use core::mem::offset_of;

use super::{Position, SWITCH_BYTES};

/// In the record that a suspended context leaves, see the head of [`arch`](super). The address
/// to go on at comes first. `bytes` is how far above the record the caller's frame begins,
/// `exceptions` what lies below it where some are in flight, and `landing` how far into the code
/// that returns the record's registers are described.
pub(crate) const RECORD: [(&str, usize); 10] = [
    ("r15", 8),
    ("r14", 16),
    ("r13", 24),
    ("r12", 32),
    ("rbx", 40),
    ("rbp", 48),
    ("rip", 56),
    ("bytes", SWITCH_BYTES),
    ("exceptions", 32),
    ("landing", ENDBR64),
];

/// Bytes of the instruction that jumps may go to.
const ENDBR64: usize = 4;

/// In a captured position of the POSIX layer.
pub(crate) const POSITION: [(&str, usize); 8] = [
    ("rsp", offset_of!(Position, sp)),
    ("rip", offset_of!(Position, pc)),
    ("rbx", offset_of!(Position, rbx)),
    ("rbp", offset_of!(Position, rbp)),
    ("r12", offset_of!(Position, r12)),
    ("r13", offset_of!(Position, r13)),
    ("r14", offset_of!(Position, r14)),
    ("r15", offset_of!(Position, r15)),
];
