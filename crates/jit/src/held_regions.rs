//! The stack regions that host functions run on.
//!
//! A host function is safe Rust: it may lend its variables to other threads, and it may resume a
//! coroutine meanwhile. The coroutine must then not displace the host function's stack. So the region
//! of a host function is *held* from the function's call until it returns, but not while the function
//! is suspended. The region of the running context counts as held too: the host code that asks runs on it.

use std::{
    cell::{Cell, RefCell},
    ffi::c_void,
};

use stackswitch_rt::host;

thread_local! {
    /// The regions of the calling thread's host functions, one entry per function.
    static HELD: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
    /// The length of `HELD`, so that a resume outside of host functions tests one word.
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

/// Whether a host function of this thread runs.
#[inline(always)]
pub(crate) fn any() -> bool {
    COUNT.get() != 0
}

/// Whether host code runs on the region of a context: a host function, or the caller.
///
/// # Safety
/// `context` is a live context of the calling thread.
pub(crate) unsafe fn holds(context: *mut c_void) -> bool {
    // SAFETY: the caller guarantees a live context of this thread.
    let region = unsafe { host::region(context) };
    region == host::current_region()
        || HELD.try_with(|held| held.borrow().contains(&region)).unwrap_or(false)
}

/// Holds the running context's region until it is dropped.
pub(crate) struct Hold {
    region: usize,
}

impl Hold {
    pub(crate) fn begin() -> Self {
        let region = host::current_region();
        add(region);
        Self { region }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        remove(self.region);
    }
}

/// Runs `work`, which suspends the running host function, without its hold.
pub(crate) fn while_suspended<R>(work: impl FnOnce() -> R) -> R {
    let region = host::current_region();
    let was_held = remove(region);
    let result = work();
    if was_held {
        add(region);
    }
    result
}

/// Adds a region. At the end of the thread the list is gone: then the coroutines are gone as well.
fn add(region: usize) {
    if HELD.try_with(|held| held.borrow_mut().push(region)).is_ok() {
        COUNT.set(COUNT.get() + 1);
    }
}

/// Removes the last entry of a region. False if there is none.
fn remove(region: usize) -> bool {
    let removed = HELD.try_with(|held| {
        let mut held = held.borrow_mut();
        let last = held.iter().rposition(|other| *other == region)?;
        Some(held.remove(last))
    });
    let removed = matches!(removed, Ok(Some(_)));
    if removed {
        COUNT.set(COUNT.get() - 1);
    }
    removed
}
