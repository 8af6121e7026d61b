//! What the Itanium C++ ABI (exception handling, level I) says about unwinding.

use core::ffi::c_int;

/// `_Unwind_Exception`: the head of every language's exception object.
#[repr(C, align(16))]
pub(crate) struct Exception {
    /// Whose it is: eight letters.
    pub class: u64,
    /// What frees it.
    pub cleanup: Option<unsafe extern "C-unwind" fn(c_int, *mut Exception)>,
    /// The unwinder's own.
    pub private: [usize; 4],
}

/// What an unwinder is about to do when it asks about a frame: `_Unwind_Action`.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Actions(c_int);

impl Actions {
    /// The first phase, which only looks for a handler.
    pub(crate) const fn searches(self) -> bool {
        self.0 & 1 != 0
    }

    /// The second phase has come to the frame whose handler the first one found.
    pub(crate) const fn reaches_handler(self) -> bool {
        self.0 & 4 != 0
    }

    /// All frames are to be unwound, whether they handle it or not.
    pub(crate) const fn is_forced(self) -> bool {
        self.0 & 8 != 0
    }

    /// There are no more frames.
    pub(crate) const fn is_at_end(self) -> bool {
        self.0 & 16 != 0
    }
}

/// The answer to an unwinder: `_Unwind_Reason_Code`.
#[derive(Clone, Copy)]
#[repr(i32)]
pub(crate) enum Reason {
    /// Unwind on, from a stop function.
    Nothing = 0,
    /// The frame has a handler.
    HandlerFound = 6,
    /// Go on where the frame's registers have been set to.
    InstallContext = 7,
    /// Unwind on, from a personality routine.
    ContinueUnwind = 8,
}
