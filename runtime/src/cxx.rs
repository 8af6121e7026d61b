//! The C++ runtime's data about exceptions in flight. The Itanium C++ ABI keeps it per thread, but it
//! belongs to a context: a switch saves it with the switch record (see `record.s` of the CPU).
//! While no exception is in flight all of it is zero, and a switch saves nothing.

use core::ffi::c_void;

use crate::unwind::Exception;
use crate::weak_symbols;

/// `__cxa_eh_globals`. Both C++ runtimes, GNU's and LLVM's, have these two words.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Globals {
    /// The exceptions whose handlers have begun and not ended: a list, newest first.
    caught: *mut c_void,
    /// The number of exceptions that have been thrown and have not reached their handlers.
    uncaught: usize,
}

impl Globals {
    /// Nothing in flight.
    pub(crate) const NONE: Self = Self { caught: core::ptr::null_mut(), uncaught: 0 };
}

/// The calling thread's words, if the program has a C++ runtime.
pub(crate) fn globals() -> Option<*mut Globals> {
    let globals = weak_symbols::cxa_get_globals();
    (!globals.is_null()).then(|| globals.cast())
}

/// Whether an exception is a C++ runtime's own.
const fn is_cxx(class: u64) -> bool {
    // GNUCC++ and CLNGC++; the eighth letter tells copies from originals.
    matches!(&(class >> 8).to_be_bytes(), b"\0GNUCC++" | b"\0CLNGC++")
}

/// Counts an exception that another context has thrown, and this context will raise, as in flight.
///
/// # Safety
/// `exception` is one; `globals` are the thread's.
pub(crate) unsafe fn count_uncaught(globals: *mut Globals, exception: *mut Exception) {
    // SAFETY: the caller vouches for the exception and the words.
    unsafe {
        if is_cxx((*exception).class) {
            (*globals).uncaught += 1;
        }
    }
}

/// Ends the program as C++ does without a handler. Returns if the exception is not of C++.
///
/// # Safety
/// `exception` was raised, and no handler has caught it.
pub(crate) unsafe fn terminate(exception: *mut Exception) {
    // SAFETY: the caller says that the exception was raised; `terminate` is called in a handler.
    unsafe {
        if is_cxx((*exception).class) {
            weak_symbols::cxa_begin_catch(exception.cast());
            weak_symbols::cxx_terminate();
        }
    }
}
