//! Without glibc there is no list of C's cleanup handlers that the runtime knows of.

/// No such handler exists.
pub(crate) enum CleanupHandler {}

impl CleanupHandler {
    /// # Safety
    /// None; the condition is that of the other surroundings.
    pub(crate) unsafe fn outermost(handler: *mut Self) -> *mut Self {
        handler
    }

    /// # Safety
    /// None; the condition is that of the other surroundings.
    pub(crate) unsafe fn set_older(_handler: *mut Self, _older: *mut Self) {}

    /// # Safety
    /// None; the condition is that of the other surroundings.
    pub(crate) unsafe fn older(handler: *mut Self) -> *mut Self {
        handler
    }
}

/// There is no list.
///
/// # Safety
/// None; the condition is that of the other surroundings.
pub(crate) unsafe fn exchange_newest_handler(newest: *mut CleanupHandler) -> *mut CleanupHandler {
    newest
}
