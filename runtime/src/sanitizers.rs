//! Contexts as sanitizers know them: fibers. The sanitizers are called at every switch. Builds without
//! sanitizers have no code here.

#[cfg(any(feature = "asan", feature = "tsan"))]
use core::ffi::c_void;
#[cfg(feature = "asan")]
use core::ptr;

use crate::context::Context;
#[cfg(feature = "asan")]
use crate::context::{Origin, Region};
#[cfg(any(feature = "asan", feature = "tsan"))]
use crate::instrumentation::Fiber;

#[cfg(feature = "asan")]
unsafe extern "C" {
    fn __sanitizer_start_switch_fiber(
        fake_stack: *mut *mut c_void,
        bottom: *const c_void,
        size: usize,
    );
    fn __sanitizer_finish_switch_fiber(
        fake_stack: *mut c_void,
        bottom: *mut *const c_void,
        size: *mut usize,
    );
}

#[cfg(feature = "tsan")]
unsafe extern "C" {
    fn __tsan_get_current_fiber() -> *mut c_void;
    fn __tsan_create_fiber(flags: u32) -> *mut c_void;
    fn __tsan_destroy_fiber(fiber: *mut c_void);
    fn __tsan_switch_to_fiber(fiber: *mut c_void, flags: u32);
}

/// The running context has changed from `from` to `to`. Still on the side stack.
///
/// # Safety
/// Both are live headers.
pub(crate) unsafe fn switched(from: *mut Context, to: *mut Context) {
    let _ = (from, to);
    #[cfg(feature = "asan")]
    // SAFETY: both headers are alive. Between the two calls no instrumented code runs.
    unsafe {
        let (low, size) = bounds(to);
        let (mut left, mut left_size) = (ptr::null(), 0);
        __sanitizer_start_switch_fiber(&raw mut (*from).fiber.fake_stack, low, size);
        __sanitizer_finish_switch_fiber((*to).fiber.fake_stack, &raw mut left, &raw mut left_size);
        let region: *mut Region = (*(*from).base).region;
        if (*region).origin == Origin::Native && (*region).low == 0 {
            // The sanitizer knows where the thread's own stack is.
            (*region).low = left.addr();
            (*region).length = left_size;
        }
    }
    #[cfg(feature = "tsan")]
    // SAFETY: both headers are alive, and a fiber in a header is one of this thread.
    unsafe {
        if (*from).fiber.thread.is_null() {
            (*from).fiber.thread = __tsan_get_current_fiber();
        }
        if (*to).fiber.thread.is_null() {
            (*to).fiber.thread = __tsan_create_fiber(0);
        }
        __tsan_switch_to_fiber((*to).fiber.thread, 0);
    }
}

/// `context`, which is not running, will not run again.
///
/// # Safety
/// Both are live headers; `current` runs.
pub(crate) unsafe fn ended(context: *mut Context, current: *mut Context) {
    let _ = (context, current);
    #[cfg(feature = "asan")]
    // SAFETY: both headers are alive. To switch to a fiber, and away from it for good, frees its fake stack.
    unsafe {
        let theirs = (*context).fiber.fake_stack;
        (*context).fiber = Fiber::NEW;
        if !theirs.is_null() {
            let (low, size) = bounds(current);
            let mut mine = ptr::null_mut();
            __sanitizer_start_switch_fiber(&raw mut mine, low, size);
            __sanitizer_finish_switch_fiber(theirs, ptr::null_mut(), ptr::null_mut());
            __sanitizer_start_switch_fiber(ptr::null_mut(), low, size);
            __sanitizer_finish_switch_fiber(mine, ptr::null_mut(), ptr::null_mut());
        }
    }
    #[cfg(feature = "tsan")]
    // SAFETY: the header is alive; nobody switches to its fiber again.
    unsafe {
        let thread = (*context).fiber.thread;
        (*context).fiber = Fiber::NEW;
        if !thread.is_null() {
            __tsan_destroy_fiber(thread);
        }
    }
}

/// Whether all that a tool keeps for a suspended context can be had twice.
///
/// # Safety
/// `context` is a live header.
pub(crate) unsafe fn can_clone(context: *mut Context) -> bool {
    let _ = context;
    #[cfg(feature = "asan")]
    // SAFETY: the header is alive. A fake stack holds locals, outside the slice.
    let locals_are_in_slice = unsafe { (*context).fiber.fake_stack.is_null() };
    #[cfg(not(feature = "asan"))]
    let locals_are_in_slice = true;
    // ThreadSanitizer has its own list of the calls that a context is in.
    locals_are_in_slice && !cfg!(feature = "tsan")
}

/// The stack that a context runs on.
#[cfg(feature = "asan")]
unsafe fn bounds(context: *mut Context) -> (*const c_void, usize) {
    // SAFETY: a live context's region is alive.
    unsafe {
        let region: *mut Region = (*(*context).base).region;
        let low = (*region).low + (*region).guard;
        (low as *const c_void, (*region).length - (*region).guard)
    }
}
