//! x86-64 with the System V ABI.

/// The switch record: what a suspended context leaves on its stack. Offsets from its `sp`.
pub mod record {
    /// The resume address.
    pub const RESUME_ADDRESS: usize = 0;
    /// The caller's rbx.
    pub const RBX: usize = 40;
    /// The caller's rbp.
    pub const RBP: usize = 48;
    /// The return address of the call that switched.
    pub const RETURN_ADDRESS: usize = 56;
    /// Bytes of the record; the caller's frame lies above.
    pub const BYTES: usize = 64;
}

/// An object of the POSIX layer. Offsets from its address.
pub mod object {
    use crate::layout::object::POSITION;
    pub use crate::layout::object::{RESUME_ADDRESS, TAG};

    /// The stack pointer.
    pub const SP: usize = POSITION;
    /// The caller's rbx.
    pub const RBX: usize = POSITION + 16;
    /// The caller's rbp.
    pub const RBP: usize = POSITION + 24;
}

/// The system's `ucontext_t`, on Linux.
pub mod ucontext {
    /// Where an object of the POSIX layer lies: at the general registers.
    pub const OBJECT: usize = 160;
    /// Where the signal mask lies.
    pub const SIGNAL_MASK: usize = 296;
}

/// How many words a call passes in registers.
pub const ARGUMENT_REGISTERS: usize = 6;
