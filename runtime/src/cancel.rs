//! Cancelling a context: a forced unwind of its frames, as the Itanium C++ ABI (exception handling,
//! level I) describes it.

use core::ffi::{c_int, c_void};
use core::ptr;

use stackswitch_abi::Code;

use crate::arch;
use crate::check::Carried;
use crate::context::{Context, State};
use crate::cxx::Globals;
use crate::error::refuse;
use crate::handle::own;
use crate::sys;
use crate::thread::{self, ThreadWords};
use crate::unwind::{Actions, Exception, Reason};
use crate::weak_symbols;

/// "STKSCANC": the class of no language, so no handler matches it.
const CLASS: u64 = u64::from_be_bytes(*b"STKSCANC");

/// Unwinds a suspended context, so that its cleanups run, and finishes it. A new context just
/// finishes.
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
        match (*Context::active(context)).tag.state() {
            _ if thread::is_running(context) => refuse(Code::Running, handle, "cancel"),
            State::New => {
                (*context).take_entry((*(*context).base).top);
                (*context).tag = (*context).tag.with(State::Finished);
            }
            State::Finished => refuse(Code::Finished, handle, "cancel"),
            _ => {
                // It is on the heap: the context's own stack is unwound.
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
                // When it ends, this function resumes, not the link.
                let link = (*context).link;
                (*context).link = Context::visible((*ThreadWords::get()).current);
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
    // SAFETY: the caller vouches for the exception; `stop` has the type of a stop function.
    unsafe {
        weak_symbols::forced_unwind(exception, stop as *mut c_void, ptr::null_mut());
        // It returns if there is no unwinder, so no cleanups either, or if it cannot unwind further.
        end(exception.cast())
    }
}

/// The stop function, which the unwinder calls before each frame.
unsafe extern "C-unwind" fn stop(
    _version: c_int,
    actions: Actions,
    _class: u64,
    exception: *mut Exception,
    _frame: *mut c_void,
    _parameter: *mut c_void,
) -> Reason {
    if actions.is_at_end() {
        // SAFETY: the unwinder says that no frame is left.
        unsafe { end(exception) }
    }
    Reason::Nothing
}

/// Ends the context after its frames were unwound.
///
/// # Safety
/// `exception` is that of [`cancel`].
unsafe fn end(exception: *mut Exception) -> ! {
    // SAFETY: the block came from this thread's store.
    unsafe {
        let thread = (*ThreadWords::get()).thread;
        (*thread).heap.store.free(exception.cast(), size_of::<Exception>());
        arch::stackswitch_leave(ptr::null_mut())
    }
}

/// A handler has caught the cancellation and ends without raising it again. The unwinding continues
/// all the same, from the end of the handler.
///
/// # Safety
/// Called by the language whose handler it was; `exception` is that of [`cancel`].
unsafe extern "C-unwind" fn swallowed(_reason: c_int, exception: *mut Exception) {
    // SAFETY: a handler of a foreign exception is the only active one, so no other exception in
    // flight is lost.
    unsafe {
        *(*ThreadWords::get()).exceptions = Globals::NONE;
        weak_symbols::forced_unwind(exception.cast(), stop as *mut c_void, ptr::null_mut());
    }
    sys::print(b"stackswitch: a cancelled context's handler did not let the unwinding continue\n");
    sys::abort();
}
