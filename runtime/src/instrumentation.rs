//! Calls of tools that follow stacks: Valgrind, AddressSanitizer and ThreadSanitizer, each behind a
//! cargo feature. Without these features nothing here has bytes or code.
//!
//! The sanitizers are called at every switch (see `sanitizers`), so in their builds no switch takes
//! the fast path. Valgrind sees the stack pointer change and needs only the bounds of stacks.

#[cfg(any(feature = "asan", feature = "tsan"))]
use core::ffi::c_void;
#[cfg(any(feature = "asan", feature = "tsan"))]
use core::ptr;

#[cfg(feature = "valgrind")]
use crate::arch::valgrind;

#[cfg(feature = "asan")]
unsafe extern "C" {
    fn __asan_unpoison_memory_region(address: *const c_void, size: usize);
}

/// Whether a tool is called at every switch.
pub(crate) const FOLLOW_SWITCHES: bool = cfg!(any(feature = "asan", feature = "tsan"));

/// What sanitizers keep for a context.
#[derive(Clone, Copy)]
pub(crate) struct Fiber {
    /// Where AddressSanitizer keeps locals to find uses after return; else null.
    #[cfg(feature = "asan")]
    pub fake_stack: *mut c_void,
    /// ThreadSanitizer's thread.
    #[cfg(feature = "tsan")]
    pub thread: *mut c_void,
}

impl Fiber {
    /// For a context that has not run.
    pub(crate) const NEW: Self = Self {
        #[cfg(feature = "asan")]
        fake_stack: ptr::null_mut(),
        #[cfg(feature = "tsan")]
        thread: ptr::null_mut(),
    };
}

/// These bytes of a stack hold no frames any more.
pub(crate) fn vacated(low: usize, bytes: usize) {
    let _ = (low, bytes);
    #[cfg(feature = "asan")]
    // SAFETY: the bytes are a stack's; whoever uses them next expects no red zones there.
    unsafe {
        __asan_unpoison_memory_region(low as *const c_void, bytes);
    }
}

/// The runtime is about to write the `bytes` above `sp`, for the context that is resumed there.
pub(crate) fn opened(sp: usize, bytes: usize) {
    let _ = (sp, bytes);
    #[cfg(feature = "valgrind")]
    valgrind::open_stack(sp, bytes);
}

/// A stack that Valgrind knows; of no size in other builds.
#[derive(Clone, Copy)]
pub(crate) struct RegisteredStack {
    #[cfg(feature = "valgrind")]
    number: usize,
}

impl RegisteredStack {
    /// No stack.
    pub(crate) const NONE: Self = Self {
        #[cfg(feature = "valgrind")]
        number: 0,
    };

    /// Registers a stack.
    pub(crate) fn register(low: usize, high: usize) -> Self {
        let _ = (low, high);
        Self {
            #[cfg(feature = "valgrind")]
            number: valgrind::register_stack(low, high),
        }
    }

    /// Takes the registration back.
    pub(crate) fn forget(self) {
        #[cfg(feature = "valgrind")]
        valgrind::forget_stack(self.number);
    }
}
