//! C's cleanup handlers (`pthread_cleanup_push` without `-fexceptions`) as part of a context.
//!
//! glibc keeps the handlers in a list of the thread, see `sys::glibc`. They are variables of frames,
//! so they belong to contexts: a context that is left takes its handlers out of the list, and puts
//! them back when it is resumed.
//!
//! The runtime has functions of the same names as glibc's, and the linker prefers them. They note the
//! running context's newest handler in the thread words. While it has one, every switch takes the
//! slow path, and saves the handler with the switch record.
//!
//! What lies in the list below the handlers of the running context are those of the thread's own
//! context, and then libc's own handler. So a `pthread_exit` in a context runs the context's handlers
//! and then those of the thread's own context. If that one is displaced, its frames are not there,
//! and its handlers are left out.

use core::ptr;

use crate::context::Context;
use crate::sys::{self, CleanupHandler};
use crate::thread::{Cleanups, Thread, ThreadWords};

/// Takes the handlers of the running context out of the thread's list. They are in its switch
/// record.
///
/// # Safety
/// `tls` is that of `thread`, which runs.
#[inline]
pub(crate) unsafe fn leave(thread: &mut Thread, tls: *mut ThreadWords) {
    // SAFETY: the caller vouches for the words.
    unsafe {
        if !(*tls).cleanups.is_null() {
            leave_now(thread, tls);
        }
    }
}

/// # Safety
/// As [`leave`]; the running context has handlers.
#[cold]
unsafe fn leave_now(thread: &mut Thread, tls: *mut ThreadWords) {
    // SAFETY: the words are the thread's; handlers of the running context are pushed.
    unsafe {
        let newest = (*tls).cleanups;
        let older = CleanupHandler::older(CleanupHandler::outermost(newest));
        if runs_main(thread, tls) {
            thread.cleanups = Cleanups { of_main: newest, of_libc: older };
        } else {
            note_libc(thread, older);
            sys::exchange_newest_handler(below(thread));
        }
        (*tls).cleanups = ptr::null_mut();
        thread.set_fast_tags(tls);
    }
}

/// Forgets the handlers of the running context, which has ended: its frames are gone.
///
/// # Safety
/// As [`leave`].
#[inline]
pub(crate) unsafe fn forget(thread: &mut Thread, tls: *mut ThreadWords) {
    // SAFETY: the caller vouches for the words.
    unsafe {
        if !(*tls).cleanups.is_null() {
            (*tls).cleanups = ptr::null_mut();
            sys::exchange_newest_handler(below(thread));
            thread.set_fast_tags(tls);
        }
    }
}

/// After a slow switch: the handlers of the thread's own context are in the list if its frames are
/// in place.
///
/// # Safety
/// As [`leave`].
#[inline]
pub(crate) unsafe fn arrived(thread: &Thread, tls: *mut ThreadWords) {
    // SAFETY: the caller vouches for the words. A handler that `below` returns is pushed, and its
    // frame is in place. A switch of the POSIX layer leaves the handlers in the list.
    unsafe {
        if !thread.cleanups.of_main.is_null() && (*tls).cleanups.is_null() {
            sys::exchange_newest_handler(below(thread));
        }
    }
}

/// Puts the handlers of the running context, which has been resumed, back into the list.
///
/// # Safety
/// Called by the assembly; `newest` is from the context's switch record.
pub(crate) unsafe extern "C" fn restore(newest: *mut CleanupHandler) {
    let tls = ThreadWords::get();
    // SAFETY: the words are this thread's, which is set up; the context's frames are in place.
    unsafe {
        let thread = &mut *(*tls).thread;
        let before = sys::exchange_newest_handler(newest);
        if runs_main(thread, tls) {
            thread.cleanups.of_main = ptr::null_mut();
        } else {
            CleanupHandler::set_older(CleanupHandler::outermost(newest), before);
        }
        (*tls).cleanups = newest;
        thread.set_fast_tags(tls);
    }
}

/// What is in the list while the running context has no handlers.
fn below(thread: &Thread) -> *mut CleanupHandler {
    let Cleanups { of_main, of_libc } = thread.cleanups;
    if of_main.is_null() || thread.main.saved != 0 { of_libc } else { of_main }
}

/// Notes what is at the end of the list: it is older than all handlers if those of the thread's own
/// context are not in the list.
fn note_libc(thread: &mut Thread, older: *mut CleanupHandler) {
    if thread.cleanups.of_main.is_null() {
        thread.cleanups.of_libc = older;
    }
}

/// Whether the running context is the thread's own.
///
/// # Safety
/// `tls` is that of `thread`, which runs.
unsafe fn runs_main(thread: &Thread, tls: *mut ThreadWords) -> bool {
    // SAFETY: the caller vouches for the words; a context that runs is alive.
    unsafe { ptr::eq(Context::visible((*tls).current), &raw const thread.main) }
}

/// The functions that the linker prefers to glibc's.
#[cfg(all(feature = "libc", target_env = "gnu"))]
pub(crate) mod replacements {
    use super::note_libc;
    use crate::sys::{self, CleanupHandler};
    use crate::thread::ThreadWords;

    /// `pthread_cleanup_push` of C calls it.
    ///
    /// # Safety
    /// `handler` is a variable of the caller, who passes it to [`__pthread_unregister_cancel`] in the
    /// end.
    #[unsafe(no_mangle)]
    pub(crate) unsafe extern "C" fn __pthread_register_cancel(handler: *mut CleanupHandler) {
        let tls = ThreadWords::get();
        // SAFETY: the caller vouches for the handler; the words are this thread's.
        unsafe {
            let newest = (*tls).cleanups;
            sys::push_handler(handler, newest);
            (*tls).cleanups = handler;
            if let Some(thread) = (*tls).thread.as_mut() {
                if newest.is_null() {
                    note_libc(thread, CleanupHandler::older(handler));
                }
                thread.set_fast_tags(tls);
            }
        }
    }

    /// `pthread_cleanup_pop` of C calls it.
    ///
    /// # Safety
    /// `handler` is the running context's newest handler.
    #[unsafe(no_mangle)]
    pub(crate) unsafe extern "C" fn __pthread_unregister_cancel(handler: *mut CleanupHandler) {
        let tls = ThreadWords::get();
        // SAFETY: the caller vouches for the handler; the words are this thread's.
        unsafe {
            (*tls).cleanups = sys::pop_handler(handler);
            if let Some(thread) = (*tls).thread.as_ref() {
                thread.set_fast_tags(tls);
            }
        }
    }
}
