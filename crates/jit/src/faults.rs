//! The handlers of the runtime's errors and of the process's traps, which end the guest that failed.
//!
//! A fault that a handler accepts is recorded in the innermost run of the thread. Then the handler
//! switches to the host that waits there; the failed context's frames are abandoned.
//!
//! Frames may be abandoned only where nothing needs them:
//!
//! - The instruction of a trap or an overflow must be one that a JIT has compiled. Code of libc or of
//!   the host may be in the midst of anything, with locks held. An overflow there ends the process, and
//!   a trap goes to the handlers that were set before.
//! - No host function may be running in the same guest. It may hold locks, or have lent its variables
//!   to other threads. Then the process ends.
//!
//! The way from the fault to the host allocates nothing and takes no lock of the JIT's.

use std::{
    ffi::{CStr, c_char, c_int, c_void},
    ptr::null_mut,
    sync::{Once, OnceLock},
    thread,
};

use stackswitch_rt::{abi, error::Handler, faults, traps::Trap as Signalled};

use crate::{
    abort::abort_with,
    catch::catch,
    error::{Fault, Trap},
    fault_record::FaultRecord,
    guest_run::{self, End, GuestRun},
    objects,
};

/// The handler of faults that no call returns.
static UNCAUGHT: OnceLock<fn(&Fault) -> !> = OnceLock::new();

/// Sets the handler of faults that no call returns: a fault in a function that the host called
/// directly, or on a thread that the program started. Without a handler the process prints the fault
/// and aborts; it does so as well if the handler panics. True if it took effect: the first handler
/// that is set stays.
///
/// The handler is not called for an overflow or a trap in code that the JIT has not compiled, and not
/// for a fault that would abandon a running host function: these end the process.
pub fn on_uncaught_fault(handler: fn(&Fault) -> !) -> bool {
    install();
    UNCAUGHT.set(handler).is_ok()
}

/// Makes the JIT's error handler the runtime's for a while, whatever handler a guest has set.
pub(crate) struct HandlerScope {
    /// Whether no guest ran when the scope began.
    outermost: bool,
    /// The error handler before. A guest may have set it.
    before: Option<Handler>,
}

impl HandlerScope {
    pub(crate) fn begin() -> Self {
        install();
        // SAFETY: `on_error` may be called on any thread at any time.
        let before = unsafe { abi::stackswitch_set_error_handler(Some(on_error)) };
        Self { outermost: !guest_run::is_inside(), before }
    }
}

impl Drop for HandlerScope {
    fn drop(&mut self) {
        // The handler of a guest must not be called after the guest: its code may be freed.
        let handler = if self.outermost { Some(on_error as Handler) } else { self.before };
        // SAFETY: `on_error` may be called at any time, and the handler of an outer guest as long as
        // that guest's call lasts, which this scope is in.
        unsafe { abi::stackswitch_set_error_handler(handler) };
    }
}

/// Makes the JIT's error handler the runtime's, unless a guest runs. A guest that has run before may
/// have set a handler whose code may be freed.
pub(crate) fn reset_error_handler() {
    install();
    if !guest_run::is_inside() {
        // SAFETY: `on_error` may be called on any thread at any time.
        unsafe { abi::stackswitch_set_error_handler(Some(on_error)) };
    }
}

/// Takes over the runtime's process-wide hooks, once.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: both functions may be called on any thread at any time.
        unsafe {
            abi::stackswitch_set_error_handler(Some(on_error));
            stackswitch_rt::set_end_thread(Some(on_thread_end));
        }
        faults::catch(claim, report, may_overflow_at);
    });
}

/// The runtime's error handler. It returns only to a host that runs itself, in whose run the error is
/// recorded.
unsafe extern "C-unwind" fn on_error(code: c_int, context: *mut c_void, message: *const c_char) {
    // SAFETY: the runtime passes a C string.
    let message = unsafe { CStr::from_ptr(message) };
    fail(FaultRecord::of_error(code, context.addr(), message));
}

/// Whether a trap ends the guest. Called in a signal handler.
fn claim(trap: &Signalled) -> bool {
    // SAFETY: used before the run can end.
    objects::is_code(trap.pc) && unsafe { guest_run::innermost() }.is_some_and(GuestRun::runs_guest)
}

/// Whether an overflow at an instruction ends the context. Called in a signal handler.
fn may_overflow_at(pc: usize) -> bool {
    objects::is_code(pc)
}

/// Called after a trap that was claimed, on the side stack. Returns only if the host does not wait.
unsafe fn report(context: *mut c_void, trap: &Signalled) {
    let trap = match trap.signal {
        libc::SIGILL => Trap::IllegalInstruction,
        libc::SIGFPE => Trap::Arithmetic,
        libc::SIGTRAP => Trap::Breakpoint,
        _ => Trap::MemoryAccess { address: trap.address },
    };
    fail(FaultRecord::of_trap(trap, context.addr()));
}

/// Ends the innermost guest of this thread with a fault, or the process if there is none. Returns only
/// to a host that runs itself, in whose run the fault is recorded.
fn fail(record: FaultRecord) {
    // SAFETY: used before the run can end.
    let Some(run) = (unsafe { guest_run::innermost() }) else { uncaught(&record) };
    if run.would_abandon_host_function() {
        abort_with(&[record.message(), "; a host function that is running cannot be abandoned"]);
    }
    run.record_fault(record);
    run.leave();
}

/// Ends the process, since no call returns the fault.
fn uncaught(record: &FaultRecord) -> ! {
    // The stack here is a small one, and looking up names takes more.
    let frames = thread::scope(|scope| {
        let lookup = || record.backtrace().frames();
        let thread = thread::Builder::new().spawn_scoped(scope, lookup);
        thread.ok().and_then(|thread| thread.join().ok()).unwrap_or_default()
    });
    let fault = record.fault(frames);
    let Some(handler) = UNCAUGHT.get() else { abort_with(&[&fault.to_string()]) };
    // A panic must not unwind the guest, nor the runtime.
    let _ = catch(|| handler(&fault));
    abort_with(&["the handler of uncaught faults has panicked"])
}

/// Called where a thread would end because a POSIX-layer context has no link.
unsafe extern "C-unwind" fn on_thread_end() {
    // SAFETY: used before the run can end.
    if let Some(run) = unsafe { guest_run::innermost() } {
        if run.would_abandon_host_function() {
            abort_with(&[
                "the program ended its thread; a host function that is running cannot be \
                          abandoned",
            ]);
        }
        run.record_end(End::ThreadEnded);
        run.leave();
    }
    // SAFETY: the program has asked to end the thread, with all that is on its stacks.
    unsafe { libc::pthread_exit(null_mut()) }
}
