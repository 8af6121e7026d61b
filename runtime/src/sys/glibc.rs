//! glibc's list of C's cleanup handlers.
//!
//! `pthread_cleanup_push`, in C without `-fexceptions`, keeps a [`CleanupHandler`] in the frame of its
//! caller and passes it to `__pthread_register_cancel`, which makes it the head of a list of the
//! thread. `pthread_cleanup_pop` passes it to `__pthread_unregister_cancel`, which makes the next
//! older one the head. glibc has its own handler at the end of the list: there the thread ends.
//!
//! The head is in glibc's description of the thread, at an offset that no header states. So it is
//! read and written by glibc's functions for `pthread_cleanup_push_defer_np`, on a handler that is
//! there just for that.

use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::ptr;

use crate::arch::JUMP_BUFFER_WORDS;

/// glibc's `__pthread_unwind_buf_t`.
#[repr(C, align(16))]
pub(crate) struct CleanupHandler {
    /// Where the handler is called: what `setjmp` writes.
    registers: [MaybeUninit<usize>; JUMP_BUFFER_WORDS],
    /// The next older handler of the thread. glibc reads it.
    older: *mut CleanupHandler,
    /// The head of another list of the thread, of an old interface. glibc reads it.
    other_list: *mut c_void,
    /// The next older handler of the context. For `pthread_cleanup_push` glibc does not use this
    /// word.
    older_of_context: *mut CleanupHandler,
    /// The oldest handler of the context. glibc does not use this word.
    outermost: *mut CleanupHandler,
}

unsafe extern "C" {
    fn __pthread_register_cancel_defer(handler: *mut CleanupHandler);
    fn __pthread_unregister_cancel_restore(handler: *mut CleanupHandler);
}

impl CleanupHandler {
    /// The oldest handler of the context that has pushed `handler`.
    ///
    /// # Safety
    /// `handler` is pushed.
    pub(crate) unsafe fn outermost(handler: *mut Self) -> *mut Self {
        // SAFETY: the caller says that the handler is pushed, so its frame is alive.
        unsafe { (*handler).outermost }
    }

    /// The next older handler of the thread, of this context or of another.
    ///
    /// # Safety
    /// `handler` is pushed.
    pub(crate) unsafe fn older(handler: *mut Self) -> *mut Self {
        // SAFETY: the caller says that the handler is pushed, so its frame is alive.
        unsafe { (*handler).older }
    }

    /// Sets what glibc runs after `handler`.
    ///
    /// # Safety
    /// `handler` is pushed, and `older` is or is glibc's own.
    pub(crate) unsafe fn set_older(handler: *mut Self, older: *mut Self) {
        // SAFETY: the caller says that the handler is pushed, so its frame is alive.
        unsafe { (*handler).older = older };
    }
}

/// Makes `newest` the head of the calling thread's list, and returns the head before.
///
/// # Safety
/// `newest` is pushed, or glibc's own, or null.
pub(crate) unsafe fn exchange_newest_handler(newest: *mut CleanupHandler) -> *mut CleanupHandler {
    // SAFETY: the caller vouches for `newest`.
    unsafe { exchange(newest).older }
}

/// The same; returns a handler as if pushed before.
///
/// # Safety
/// As [`exchange_newest_handler`].
unsafe fn exchange(newest: *mut CleanupHandler) -> CleanupHandler {
    let mut handler = CleanupHandler {
        registers: [MaybeUninit::uninit(); JUMP_BUFFER_WORDS],
        older: ptr::null_mut(),
        other_list: ptr::null_mut(),
        older_of_context: ptr::null_mut(),
        outermost: ptr::null_mut(),
    };
    // SAFETY: the first function writes the head before to `older`, the second makes `older` the
    // head. So `handler` is in the list only between the two. They also set the type of
    // cancellation, and set it back.
    unsafe {
        __pthread_register_cancel_defer(&raw mut handler);
        let before = ptr::read(&raw const handler);
        handler.older = newest;
        __pthread_unregister_cancel_restore(&raw mut handler);
        before
    }
}

/// `__pthread_register_cancel` of glibc. `newest_of_context` is the running context's newest handler,
/// or null.
///
/// # Safety
/// `handler` is memory for one that lives until it is passed to [`pop_handler`].
pub(crate) unsafe fn push_handler(
    handler: *mut CleanupHandler,
    newest_of_context: *mut CleanupHandler,
) {
    // SAFETY: the caller vouches for the memory; a context's newest handler is pushed.
    unsafe {
        let before = exchange(handler);
        (*handler).older = before.older;
        (*handler).other_list = before.other_list;
        (*handler).older_of_context = newest_of_context;
        (*handler).outermost =
            if newest_of_context.is_null() { handler } else { (*newest_of_context).outermost };
    }
}

/// `__pthread_unregister_cancel` of glibc. Returns what is the running context's newest handler then,
/// or null.
///
/// # Safety
/// `handler` is the running context's newest handler.
pub(crate) unsafe fn pop_handler(handler: *mut CleanupHandler) -> *mut CleanupHandler {
    // SAFETY: the caller says that the handler is pushed.
    unsafe {
        exchange((*handler).older);
        (*handler).older_of_context
    }
}
