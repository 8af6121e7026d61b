//! AArch64 with the AAPCS64.

/// The switch record: what a suspended context leaves on its stack. Offsets from its `sp`.
pub mod record {
    /// The resume address.
    pub const RESUME_ADDRESS: usize = 0;
    /// The return address of the call that switched.
    pub const RETURN_ADDRESS: usize = 168;
    /// Bytes of the record; the caller's frame lies above.
    pub const BYTES: usize = 176;
}

/// An object of the POSIX layer. Offsets from its address.
pub mod object {
    use crate::layout::object::POSITION;
    pub use crate::layout::object::{RESUME_ADDRESS, TAG};

    /// The stack pointer.
    pub const SP: usize = POSITION;
}

/// The system's `ucontext_t`, on Linux.
pub mod ucontext {
    /// Where an object of the POSIX layer lies: its tag is where the system keeps the pc.
    pub const OBJECT: usize = 432;
    /// Where the signal mask lies.
    pub const SIGNAL_MASK: usize = 40;
}

/// How many words a call passes in registers.
pub const ARGUMENT_REGISTERS: usize = 8;
