//! Exceptions that leave a context's body. Such an exception finishes the context, and is raised
//! again in the link, as if the link's pending switch had thrown it.
//!
//! The frame that called the body has the personality routine of this module. In the unwinder's first
//! phase it says that it handles every exception, so the body's frames are unwound. Then the context
//! ends like one whose body has returned, and the link raises the same exception object on top of
//! its own stack.

use core::ffi::{c_int, c_void};

use crate::arch::resume_points;
use crate::cxx;
use crate::error::{self, Refusal};
use crate::switch::{as_link, check_target};
use crate::sys;
use crate::thread::ThreadWords;
use crate::unwind::{Actions, Exception, Reason};
use crate::weak_symbols;

/// The personality routine of a context's first frame.
///
/// # Safety
/// Called by an unwinder about the first frame of the running context.
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
            weak_symbols::continue_at(frame, resume_points::escaped(), exception.cast());
            return Reason::InstallContext;
        }
    }
    Reason::ContinueUnwind
}

/// Whether the running context has a link that can be resumed. If not, calls the error handler, which
/// may set one: no frame has been unwound yet.
///
/// # Safety
/// The thread is set up.
unsafe fn can_leave() -> bool {
    // SAFETY: the words are this thread's; a context that runs is alive.
    unsafe {
        let tls = ThreadWords::get();
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

/// Raises the exception again, on top of the link.
///
/// # Safety
/// `exception` has left a context that has finished.
pub(crate) unsafe extern "C-unwind" fn rethrow(exception: *mut Exception) -> *mut c_void {
    // SAFETY: the object is whole: only its catcher frees it.
    unsafe {
        cxx::count_uncaught((*ThreadWords::get()).exceptions, exception);
        weak_symbols::raise_exception(exception.cast());
        // It returns if there is no handler.
        cxx::terminate(exception);
    }
    sys::print(
        b"stackswitch: no handler catches an exception that has left a context's function\n",
    );
    sys::abort()
}
