//! Cancelling a context: a forced unwind of its frames, as the Itanium C++ ABI
//! (exception handling, level I) has it.

use core::ffi::{c_int, c_void};
use core::ptr;

use crate::arch::{self, optional};
use crate::check::Carried;
use crate::context::{Context, State};
use crate::cxx::Globals;
use crate::error::Code;
use crate::handle::own;
use crate::sys;
use crate::thread::{self, refuse};
use crate::unwind::{Actions, Exception, Reason};

/// "STKSCANC": nobody's language, so nobody's handlers match it.
const CLASS: u64 = u64::from_be_bytes(*b"STKSCANC");
/// Unwinds a suspended context, so that its cleanups run, and finishes it. A
/// new one just finishes.
///
/// # Safety
/// `handle` is a context, was one, or is null; its frames may be unwound.
pub(crate) unsafe fn cancel(handle: *mut c_void) {
    // SAFETY: a handle that passes the checks is a live header of this thread.
    unsafe {
        let Some((thread, context)) = own(handle, "cancel") else { return };
        if context == &raw mut thread.main {
            return refuse(Code::Invalid, handle, "cancel");
        }
        match (*Context::whereabouts(context)).tag.state() {
            State::New => {
                (*context).take_entry((*(*context).base).top);
                (*context).tag = (*context).tag.with(State::Finished);
            }
            State::Running => refuse(Code::Running, handle, "cancel"),
            State::Finished => refuse(Code::Finished, handle, "cancel"),
            _ => {
                // On the heap: the context's own stack is unwound from under it.
                let exception =
                    thread.heap.store.allocate(size_of::<Exception>()).cast::<Exception>();
                if exception.is_null() {
                    return refuse(Code::Memory, handle, "cancel");
                }
                exception.write(Exception {
                    class: CLASS,
                    cleanup: Some(swallowed),
                    private: [0; 4],
                });
                // Its end comes back here, not to whoever it would have gone on with.
                let link = (*context).link;
                (*context).link = Context::known((*arch::tls()).current);
                let switches = thread::stats().switches;
                let unwind = unwind_here as *mut c_void;
                thread.carried = Carried::ANY;
                arch::stackswitch_swap_ontop(handle, unwind, exception.cast());
                if thread::stats().switches == switches {
                    // Refused: nothing has run.
                    (*context).link = link;
                    thread.heap.store.free(exception.cast(), size_of::<Exception>());
                }
            }
        }
    }
}

/// Runs on top of the context that is cancelled; never returns to it.
///
/// # Safety
/// `exception` is the canceller's block, which nobody else uses.
unsafe extern "C-unwind" fn unwind_here(exception: *mut c_void) -> *mut c_void {
    // SAFETY: as the caller's.
    unsafe {
        optional::stackswitch_forced_unwind(exception, stop as *mut c_void, ptr::null_mut());
        // That returns when there is no unwinder (nor cleanups, then), or it can go no further.
        end(exception.cast())
    }
}

/// Asked by the unwinder before each frame.
unsafe extern "C-unwind" fn stop(
    _version: c_int,
    actions: Actions,
    _class: u64,
    exception: *mut Exception,
    _frame: *mut c_void,
    _parameter: *mut c_void,
) -> Reason {
    if actions.is_at_end() {
        // SAFETY: every frame above the unwinder's is done with.
        unsafe { end(exception) }
    }
    Reason::Nothing
}

/// The unwinding is done: the context ends.
///
/// # Safety
/// `exception` is that of [`cancel`].
unsafe fn end(exception: *mut Exception) -> ! {
    // SAFETY: the block came from this thread's store.
    unsafe {
        let thread = (*arch::tls()).thread;
        (*thread).heap.store.free(exception.cast(), size_of::<Exception>());
        arch::stackswitch_leave(ptr::null_mut())
    }
}

/// A handler has caught the cancellation and ends without having passed it on: it goes on all the
/// same, from the end of the handler.
///
/// # Safety
/// Called by the language whose handler it was; `exception` is that of [`cancel`].
unsafe extern "C-unwind" fn swallowed(_reason: c_int, exception: *mut Exception) {
    // SAFETY: a handler that has caught what is not its language's is the only one that is
    // active, so nothing is lost of those in flight.
    unsafe {
        *(*arch::tls()).exceptions = Globals::NONE;
        optional::stackswitch_forced_unwind(exception.cast(), stop as *mut c_void, ptr::null_mut());
    }
    sys::print(b"stackswitch: a cancelled context's handler did not let the unwinding go on\n");
    sys::abort();
}
