//! An exception that leaves a context's body: it finishes the context and goes
//! on in the link, as if the link's pending switch had thrown it.
//!
//! The frame that called the body has this module's personality. It says in the
//! unwinder's first phase that it handles whatever comes, so the body's frames
//! are unwound; then the context ends like one whose body has returned, and the
//! link raises the same exception object on top of its own stack.

use core::ffi::{c_int, c_void};

use crate::arch::{self, optional, points};
use crate::cxx;
use crate::error::{self, Refusal};
use crate::switch::{as_link, check_target};
use crate::sys;
use crate::unwind::{Actions, Exception, Reason};

/// The personality routine of a context's first frame.
///
/// # Safety
/// Called by an unwinder about such a frame of the running context.
pub(crate) unsafe extern "C-unwind" fn personality(
    _version: c_int,
    actions: Actions,
    _class: u64,
    exception: *mut Exception,
    frame: *mut c_void,
) -> Reason {
    if actions.is_forced() {
        return Reason::ContinueUnwind;
    }
    // SAFETY: the unwinder's arguments are what it says they are; the thread is set up, as a
    // context of it runs.
    unsafe {
        if actions.searches() {
            return if can_leave() { Reason::HandlerFound } else { Reason::ContinueUnwind };
        }
        if actions.reaches_handler() {
            optional::land(frame, points::escaped(), exception.cast());
            return Reason::InstallContext;
        }
    }
    Reason::ContinueUnwind
}

/// Whether the running context has a link to go on with. Tells the handler if not, while nothing
/// has been unwound yet, and it may set one.
///
/// # Safety
/// The thread is set up.
unsafe fn can_leave() -> bool {
    // SAFETY: the words are this thread's; a context that runs is alive.
    unsafe {
        let tls = arch::tls();
        let current = (*tls).current;
        let has_link = || check_target(&*(*tls).thread, (*current).link);
        let Err(code) = has_link() else { return true };
        error::report(&Refusal {
            code: as_link(code),
            context: (*current).link.cast(),
            operation: "exception that leaves a context's function",
        });
        has_link().is_ok()
    }
}

/// Runs on top of the link.
///
/// # Safety
/// `exception` has left a context that has finished.
pub(crate) unsafe extern "C-unwind" fn rethrow(exception: *mut Exception) -> *mut c_void {
    // SAFETY: the object is whole: only its catcher frees it.
    unsafe {
        cxx::take_over((*arch::tls()).exceptions, exception);
        optional::stackswitch_raise_exception(exception.cast());
        // That returns when nobody catches.
        cxx::terminate(exception);
    }
    sys::print(b"stackswitch: nobody catches an exception that has left a context's function\n");
    sys::abort()
}
