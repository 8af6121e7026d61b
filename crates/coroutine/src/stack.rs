//! The memory that coroutines run on.

use core::ffi::c_void;
use core::fmt;
use core::ptr::{self, NonNull};

use stackswitch_rt::{abi, host};

/// A coroutine's stack: how large it may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stack {
    bytes: usize,
}

impl Stack {
    /// A stack of so many bytes of address space. Only what is used takes memory.
    #[must_use]
    pub const fn with_size(bytes: usize) -> Self {
        Self { bytes }
    }
}

impl Default for Stack {
    /// One mebibyte.
    fn default() -> Self {
        Self::with_size(1 << 20)
    }
}

/// There is no memory for another coroutine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

impl fmt::Display for OutOfMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no memory for another coroutine")
    }
}

impl core::error::Error for OutOfMemory {}

/// A region of stack that one coroutine has, or none: then it shares those of its thread.
pub(crate) struct Region {
    /// A base of the runtime's, or null.
    base: *mut c_void,
    stack: Stack,
}

impl Region {
    /// No region of its own.
    pub(crate) const SHARED: Self = Self { base: ptr::null_mut(), stack: Stack { bytes: 0 } };

    /// A region for one coroutine: one that another has left, if there is one.
    pub(crate) fn take(stack: Stack) -> Result<Self, OutOfMemory> {
        if let Some(base) = pool::take(stack) {
            return Ok(Self { base: base.as_ptr(), stack });
        }
        // SAFETY: the function has no conditions.
        let base = unsafe { abi::stackswitch_base_create(stack.bytes) };
        if base.is_null() {
            return Err(OutOfMemory);
        }
        // A coroutine that is forgotten leaves what it has lent, for ever.
        // SAFETY: the base was just made, by this thread.
        unsafe { host::keep_base(base) };
        Ok(Self { base, stack })
    }

    pub(crate) fn base(&self) -> *mut c_void {
        self.base
    }

    /// Gives the region back.
    ///
    /// # Safety
    /// The region has no context. This is the thread that took it.
    pub(crate) unsafe fn give_back(self) {
        let Some(base) = NonNull::new(self.base) else { return };
        if !pool::keep(self.stack, base) {
            // SAFETY: the caller says that the base has no context.
            unsafe { abi::stackswitch_base_destroy(base.as_ptr()) };
        }
    }
}

/// Regions that coroutines have left.
#[cfg(feature = "std")]
mod pool {
    use core::cell::RefCell;
    use core::ffi::c_void;
    use core::ptr::NonNull;
    use std::thread_local;
    use std::vec::Vec;

    use super::Stack;

    /// The most regions that a thread keeps.
    const MOST: usize = 64;

    thread_local! {
        /// Bases without contexts. Those that are left when the thread ends the runtime gives back.
        static LEFT: RefCell<Vec<(Stack, NonNull<c_void>)>> = const { RefCell::new(Vec::new()) };
    }

    /// A kept region of this size, if there is one.
    pub(super) fn take(stack: Stack) -> Option<NonNull<c_void>> {
        LEFT.try_with(|left| {
            let mut left = left.borrow_mut();
            let place = left.iter().rposition(|(size, _)| *size == stack)?;
            Some(left.swap_remove(place).1)
        })
        .ok()
        .flatten()
    }

    /// Keeps a region for another coroutine. False if there are enough, or the thread is ending.
    pub(super) fn keep(stack: Stack, base: NonNull<c_void>) -> bool {
        LEFT.try_with(|left| {
            let mut left = left.borrow_mut();
            let room = left.len() < MOST;
            if room {
                left.push((stack, base));
            }
            room
        })
        .unwrap_or(false)
    }
}

#[cfg(not(feature = "std"))]
mod pool {
    use core::ffi::c_void;
    use core::ptr::NonNull;

    use super::Stack;

    pub(super) fn take(_: Stack) -> Option<NonNull<c_void>> {
        None
    }

    pub(super) fn keep(_: Stack, _: NonNull<c_void>) -> bool {
        false
    }
}
