//! The error handler, and what it is told.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::fmt::{self, Write};
use core::sync::atomic::{AtomicPtr, Ordering};

use crate::sys;

pub use stackswitch_abi::Code;

/// An error handler. It gets the value of the code, the context that the error is about (may be
/// null) and one line of text, valid during the call. If it returns, the refused operation returns
/// 0 or null.
pub type Handler =
    unsafe extern "C-unwind" fn(code: c_int, ctx: *mut c_void, message: *const c_char);

static HANDLER: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());

/// Sets the process's handler, `None` for the default one that prints the line
/// and aborts. Returns the handler before.
pub fn set_handler(handler: Option<Handler>) -> Option<Handler> {
    let new = handler.map_or(core::ptr::null_mut(), |handler| handler as *mut ());
    let old = HANDLER.swap(new, Ordering::AcqRel);
    // SAFETY: HANDLER holds null or a function of this type; `None` is null.
    unsafe { core::mem::transmute::<*mut (), Option<Handler>>(old) }
}

/// An operation that was refused.
#[derive(Clone, Copy)]
pub(crate) struct Refusal {
    pub code: Code,
    /// The context that the error is about, or null.
    pub context: *mut c_void,
    /// The operation, as the user wrote it.
    pub operation: &'static str,
}

impl Refusal {
    /// Nothing was refused.
    pub(crate) const NONE: Self =
        Self { code: Code::Invalid, context: core::ptr::null_mut(), operation: "" };
}

/// Calls the error handler for an operation that was refused before it began.
///
/// # Safety
/// Nothing has been changed, and the caller's frames may be left for good.
pub(crate) unsafe fn refuse(code: Code, context: *mut c_void, operation: &'static str) {
    // SAFETY: the caller says that nothing has changed.
    unsafe { report(&Refusal { code, context, operation }) };
}

/// Whether the process has an error handler.
pub(crate) fn has_handler() -> bool {
    !HANDLER.load(Ordering::Acquire).is_null()
}

/// Prints an error and aborts. Allocates nothing and takes no lock.
pub(crate) fn abort_with(refusal: &Refusal) -> ! {
    sys::print(Line::of(refusal).finish().to_bytes());
    sys::print(b"\n");
    sys::abort();
}

/// Calls the error handler. Returns if the handler does.
///
/// # Safety
/// The caller has changed nothing yet and its frames may be left for good.
pub(crate) unsafe fn report(refusal: &Refusal) {
    let handler = HANDLER.load(Ordering::Acquire);
    if handler.is_null() {
        abort_with(refusal);
    }
    let line = Line::of(refusal);
    let message = line.finish();
    // SAFETY: HANDLER holds null or a function of this type.
    let handler = unsafe { core::mem::transmute::<*mut (), Handler>(handler) };
    // SAFETY: the arguments are as the type's documentation says.
    unsafe { handler(refusal.code as c_int, refusal.context, message.as_ptr()) }
}

/// The sentence for a refusal.
struct Explain<'a>(&'a Refusal);

impl fmt::Display for Explain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let context = self.0.context;
        match self.0.code {
            Code::Invalid => write!(f, "argument {context:p} cannot be used here"),
            Code::Memory => match sys::mapping_limit() {
                None => f.write_str("out of memory, nothing has changed"),
                Some(limit) => write!(
                    f,
                    "the process has as many mappings as it may, {limit} (vm.max_map_count); nothing has changed"
                ),
            },
            Code::NoLink if context.is_null() => f.write_str("the context has no link to go to"),
            Code::NoLink => write!(f, "the link {context:p} has finished or was destroyed"),
            Code::Running => write!(f, "context {context:p} is running"),
            Code::Finished => write!(f, "context {context:p} has finished"),
            Code::Destroyed => write!(f, "{context:p} is no context, or one that was destroyed"),
            Code::Foreign => write!(f, "context {context:p} belongs to another thread"),
            Code::Overflow => write!(f, "context {context:p} has overflowed its region"),
            Code::Busy => write!(f, "base {context:p} still has contexts"),
            Code::Type => write!(f, "context {context:p} waits for a value of another type"),
            Code::Stack => write!(
                f,
                "context {context:p} was suspended on a stack that is not its own, so it cannot be displaced"
            ),
            Code::Corrupt => write!(f, "the slice of {context:p} is not what was saved"),
            Code::Unsupported if context.is_null() => {
                f.write_str("contexts are not possible in this program")
            }
            Code::Unsupported => write!(f, "not possible for context {context:p} here"),
        }
    }
}

/// One line of text without an allocator.
struct Line {
    bytes: [u8; 256],
    length: usize,
}

impl Line {
    /// The line of an error.
    fn of(refusal: &Refusal) -> Self {
        let mut line = Self { bytes: [0; 256], length: 0 };
        // A line that is too long ends early: no error.
        let _ = write!(
            line,
            "stackswitch: {}: {}: {}",
            refusal.code.name(),
            refusal.operation,
            Explain(refusal)
        );
        line
    }

    fn finish(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.bytes).unwrap_or(c"stackswitch: error")
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // The last byte stays 0.
        let room = self.bytes.len() - 1 - self.length;
        let text = &text.as_bytes()[..text.len().min(room)];
        self.bytes[self.length..self.length + text.len()].copy_from_slice(text);
        self.length += text.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Code;
    use std::{format, string::String};

    /// The header's codes are these codes, one for one.
    #[test]
    fn header_declares_every_code() {
        let header = include_str!("../include/stackswitch.h");
        let squeezed: String = header.split_whitespace().collect::<std::vec::Vec<_>>().join(" ");
        for code in Code::ALL {
            let line = format!("#define STACKSWITCH_{} ({})", code.name(), code as i32);
            assert!(squeezed.contains(&line), "{line}");
        }
        assert_eq!(squeezed.matches("#define STACKSWITCH_E").count(), Code::ALL.len());
    }
}
