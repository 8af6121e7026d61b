//! A fault as it is recorded where it happens.
//!
//! A fault may be recorded in the midst of anything that the guest does, on a small stack. So a record
//! is of a fixed size and is kept in a variable of the thread. The host turns it into a [`Fault`], with
//! names and lines.

use std::{cell::Cell, ffi::CStr};

use crate::{
    backtrace::Backtrace,
    error::{Code, Fault, FaultKind, Trap},
};

/// The longest message that the runtime gives, in bytes.
const LONGEST: usize = 256;

/// A fault without names.
#[derive(Clone, Copy)]
pub(crate) struct FaultRecord {
    kind: FaultKind,
    code: i32,
    context: usize,
    /// The runtime's message. Empty for a trap.
    message: [u8; LONGEST],
    length: usize,
    backtrace: Backtrace,
}

thread_local! {
    /// The calling thread's last fault. The type needs no destructor, so an access allocates nothing.
    static LAST: Cell<FaultRecord> = const { Cell::new(FaultRecord::NONE) };
}

impl FaultRecord {
    const NONE: Self = Self {
        kind: FaultKind::OutOfMemory,
        code: 0,
        context: 0,
        message: [0; LONGEST],
        length: 0,
        backtrace: Backtrace::EMPTY,
    };

    /// An error that the runtime has reported about a context, with its message.
    pub(crate) fn of_error(code: i32, context: usize, message: &CStr) -> Self {
        let kind = match Code::from_value(code).unwrap_or(Code::Invalid) {
            Code::Overflow => FaultKind::StackOverflow,
            Code::Memory => FaultKind::OutOfMemory,
            other => FaultKind::Misuse(other),
        };
        let mut record = Self { kind, code, context, backtrace: Backtrace::here(), ..Self::NONE };
        // Whoever prints a fault adds the name of the program.
        let text = message.to_bytes();
        let text = text.strip_prefix(b"stackswitch: ").unwrap_or(text);
        record.length = text.len().min(LONGEST);
        record.message[..record.length].copy_from_slice(&text[..record.length]);
        record
    }

    /// A trap that has ended a context.
    pub(crate) fn of_trap(trap: Trap, context: usize) -> Self {
        Self { kind: FaultKind::Trap(trap), context, backtrace: Backtrace::here(), ..Self::NONE }
    }

    /// Stores the record as the calling thread's last fault.
    pub(crate) fn store(self) {
        LAST.set(self);
    }

    /// The calling thread's last fault.
    pub(crate) fn last() -> Self {
        LAST.get()
    }

    /// The message without names. Allocates nothing.
    pub(crate) fn message(&self) -> &str {
        match self.kind {
            FaultKind::Trap(trap) => trap.name(),
            _ => std::str::from_utf8(&self.message[..self.length]).unwrap_or("an error"),
        }
    }

    /// The addresses of the functions in which it happened.
    pub(crate) fn backtrace(&self) -> &Backtrace {
        &self.backtrace
    }

    /// The fault that the host returns, with the functions that [`Backtrace::frames`] has found.
    pub(crate) fn fault(&self, frames: Vec<crate::stack_frame::Frame>) -> Fault {
        let message = match self.kind {
            FaultKind::Trap(trap) => trap.to_string(),
            _ => self.message().to_owned(),
        };
        let Self { kind, code, context, .. } = *self;
        Fault { kind, code, context, message, backtrace: frames }
    }
}
