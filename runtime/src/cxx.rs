//! The C++ runtime's view of exceptions in flight, which belongs to a context
//! but which the Itanium C++ ABI keeps per thread.
//!
//! The switches look at it (see [`arch`](crate::arch)): while no exception is in
//! flight all of it is zero, and there is nothing to keep.

use core::ffi::c_void;

use crate::arch::optional;
use crate::unwind::Exception;

/// `__cxa_eh_globals`. Both C++ runtimes, GNU's and LLVM's, have these two words.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Globals {
    /// The exceptions whose handlers have begun and not ended, newest first.
    caught: *mut c_void,
    /// How many are thrown and have not reached their handlers.
    uncaught: usize,
}

impl Globals {
    /// Nothing in flight.
    pub(crate) const NONE: Self = Self { caught: core::ptr::null_mut(), uncaught: 0 };
}

/// The calling thread's, if the program has a C++ runtime.
pub(crate) fn globals() -> Option<*mut Globals> {
    // SAFETY: the function takes nothing and changes nothing that is seen.
    let globals = unsafe { optional::stackswitch_cxa_get_globals() };
    (!globals.is_null()).then(|| globals.cast())
}

/// Whether an exception is a C++ runtime's own.
const fn is_cxx(class: u64) -> bool {
    // GNUCC++ and CLNGC++; the eighth letter tells copies from originals.
    matches!(&(class >> 8).to_be_bytes(), b"\0GNUCC++" | b"\0CLNGC++")
}

/// An exception that another context has thrown is in flight in this one.
///
/// # Safety
/// `exception` is one; `globals` are the thread's.
pub(crate) unsafe fn take_over(globals: *mut Globals, exception: *mut Exception) {
    // SAFETY: as the caller's.
    unsafe {
        if is_cxx((*exception).class) {
            (*globals).uncaught += 1;
        }
    }
}

/// Ends the program as C++ does when nobody catches. Returns if the exception is not of C++.
///
/// # Safety
/// `exception` is one that was raised, and nobody has caught it.
pub(crate) unsafe fn terminate(exception: *mut Exception) {
    // SAFETY: as the caller's: `terminate` is called as from a handler.
    unsafe {
        if is_cxx((*exception).class) {
            optional::stackswitch_cxa_begin_catch(exception.cast());
            optional::stackswitch_cxx_terminate();
        }
    }
}
