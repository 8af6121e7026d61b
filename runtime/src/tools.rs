//! What tools that follow stacks are told: Valgrind, AddressSanitizer and
//! ThreadSanitizer, each behind a cargo feature. Without these, nothing here
//! has bytes or code.
//!
//! The sanitizers hear of every switch (see [`fibers`](crate::fibers)), so in
//! their builds no switch takes the fast path. Valgrind sees the stack pointer
//! change, and only has to know the stacks.

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

/// Whether a tool must hear of every switch.
pub(crate) const FOLLOW_SWITCHES: bool = cfg!(any(feature = "asan", feature = "tsan"));

/// A tool's view of a context.
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
    /// One that has not run.
    pub(crate) const NEW: Self = Self {
        #[cfg(feature = "asan")]
        fake_stack: ptr::null_mut(),
        #[cfg(feature = "tsan")]
        thread: ptr::null_mut(),
    };
}

/// Nobody's frames are in these bytes of a stack any more.
pub(crate) fn vacated(low: usize, bytes: usize) {
    let _ = (low, bytes);
    #[cfg(feature = "asan")]
    // SAFETY: the bytes are a stack's; whoever uses them next expects no red zones there.
    unsafe {
        __asan_unpoison_memory_region(low as *const c_void, bytes);
    }
}

/// The `bytes` above `sp` are about to be written, by the runtime, for whoever goes on there.
pub(crate) fn opened(sp: usize, bytes: usize) {
    let _ = (sp, bytes);
    #[cfg(feature = "valgrind")]
    valgrind::open_stack(sp, bytes);
}

/// A stack as Valgrind knows it.
#[derive(Clone, Copy)]
pub(crate) struct Stack {
    #[cfg(feature = "valgrind")]
    number: usize,
}

impl Stack {
    /// None.
    pub(crate) const UNKNOWN: Self = Self {
        #[cfg(feature = "valgrind")]
        number: 0,
    };

    /// Makes a stack known.
    pub(crate) fn register(low: usize, high: usize) -> Self {
        let _ = (low, high);
        Self {
            #[cfg(feature = "valgrind")]
            number: valgrind::register_stack(low, high),
        }
    }

    /// Its memory goes.
    pub(crate) fn forget(self) {
        #[cfg(feature = "valgrind")]
        valgrind::forget_stack(self.number);
    }
}
