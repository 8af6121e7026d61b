//! Cancelling a context: a forced unwind of its frames, as the Itanium C++ ABI
//! (exception handling, level I) has it.

use core::ffi::{c_int, c_void};
use core::ptr;

use crate::arch;
use crate::check::Carried;
use crate::context::{Context, State};
use crate::error::Code;
use crate::handle::own;
use crate::sys;
use crate::thread::{self, refuse};

/// `_Unwind_Exception`: class, cleanup, and room for the unwinder's own words.
#[repr(C, align(16))]
struct Exception {
    class: u64,
    cleanup: unsafe extern "C" fn(c_int, *mut Exception),
    private: [usize; 4],
}

/// "STKSCANC": nobody's language, so nobody's handlers match it.
const CLASS: u64 = u64::from_be_bytes(*b"STKSCANC");
/// `_UA_END_OF_STACK`: the unwinder has passed the context's first frame.
const END_OF_STACK: c_int = 16;
/// `_URC_NO_REASON`: unwind on.
const NO_REASON: c_int = 0;

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
                let exception = thread.store.allocate(size_of::<Exception>()).cast::<Exception>();
                if exception.is_null() {
                    return refuse(Code::Memory, handle, "cancel");
                }
                exception.write(Exception { class: CLASS, cleanup: swallowed, private: [0; 4] });
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
                    thread.store.free(exception.cast(), size_of::<Exception>());
                }
            }
        }
    }
}

/// Runs on top of the context that is cancelled; never returns to it.
unsafe extern "C-unwind" fn unwind_here(exception: *mut c_void) -> *mut c_void {
    // SAFETY: the exception is the canceller's block, which nobody else uses.
    unsafe {
        let stop = stop as *mut c_void;
        // Returns only when there is no unwinder, or it can go no further.
        arch::stackswitch_forced_unwind(exception, stop, ptr::null_mut());
        end(exception.cast())
    }
}

/// Asked by the unwinder before each frame.
unsafe extern "C-unwind" fn stop(
    _version: c_int,
    actions: c_int,
    _class: u64,
    exception: *mut Exception,
    _context: *mut c_void,
    _parameter: *mut c_void,
) -> c_int {
    if actions & END_OF_STACK != 0 {
        // SAFETY: every frame above the unwinder's is done with.
        unsafe { end(exception) }
    }
    NO_REASON
}

/// The unwinding is done: the context ends.
///
/// # Safety
/// `exception` is that of [`cancel`].
unsafe fn end(exception: *mut Exception) -> ! {
    // SAFETY: the block came from this thread's store.
    unsafe {
        let thread = (*arch::tls()).thread;
        (*thread).store.free(exception.cast(), size_of::<Exception>());
        arch::stackswitch_leave(ptr::null_mut())
    }
}

/// A handler has caught the cancellation and not passed it on.
unsafe extern "C" fn swallowed(_reason: c_int, _exception: *mut Exception) {
    sys::print(b"stackswitch: a cancelled context's handler did not let the unwinding go on\n");
    sys::abort();
}
