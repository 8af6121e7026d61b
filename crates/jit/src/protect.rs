//! Calls of guest code that an error ends without ending the host, and the runtime's error handler,
//! which sees to it.
//!
//! The handler notes a fault in the innermost frame of its thread (`frame`) and switches to the
//! host that waits there; the failed context is abandoned where it stands.

use std::{
    ffi::{CStr, c_char, c_int, c_void},
    io::Write,
    ptr::{null, null_mut},
    sync::{Once, OnceLock},
    thread,
};

use stackswitch_rt::{abi, error::Handler, host};

use super::{
    backtrace::Trace,
    error::{Code, Error, Fault, FaultKind},
    frame::{self, End, Frame, Incident},
    observe, traps,
    unwind::catch,
    value::ValueType,
};

/// Address space of a call's region. Only what is touched becomes memory.
const REGION: usize = 256 << 20;

/// What happens to a fault on a thread that is in no call.
static UNCAUGHT: OnceLock<fn(&Fault) -> !> = OnceLock::new();

/// Says what happens to a runtime error that no call catches: one in a function that the host
/// called directly, or on a thread that the program started. Without it, or where it has been said
/// before, the process prints the error and aborts. True if it took effect.
pub fn on_uncaught_fault(handler: fn(&Fault) -> !) -> bool {
    install();
    UNCAUGHT.set(handler).is_ok()
}

/// As the runtime's own handler does.
fn print_and_abort(fault: &Fault) -> ! {
    // Nothing is left to tell it to, if stderr is closed.
    let _ = writeln!(std::io::stderr(), "stackswitch: {fault}");
    std::process::abort()
}

/// Makes the runtime's errors come to us for a while, whatever handler a guest has set.
struct Hearing {
    /// Whether this was not inside a guest.
    outermost: bool,
    /// The error handler that was set before, maybe by a guest.
    before: Option<Handler>,
}

impl Hearing {
    fn begin() -> Self {
        // SAFETY: `on_error` may be called on any thread at any time.
        let before = unsafe { abi::stackswitch_set_error_handler(Some(on_error)) };
        Self { outermost: !frame::is_inside(), before }
    }
}

impl Drop for Hearing {
    fn drop(&mut self) {
        // A handler that a guest has set must not be called after it: its code may go.
        let handler = if self.outermost { Some(on_error as Handler) } else { self.before };
        // SAFETY: ours may be called at any time, that of an outer guest as long as its call lasts.
        unsafe { abi::stackswitch_set_error_handler(handler) };
    }
}

/// What a call's context starts with.
struct Body<F, R> {
    frame: *const Frame,
    work: Option<F>,
    result: Option<R>,
}

/// Runs `work` in a context of its own; a fault in it ends it there and comes back as an error.
///
/// # Safety
/// On an error, and when a host function panics, the frames of `work` are abandoned, without
/// running what they would have dropped: frames below `work` must allow that, as C's `longjmp`
/// demands it.
pub(super) unsafe fn call<F, R>(work: F) -> Result<R, Error>
where
    F: FnOnce() -> R,
{
    install();
    let _hearing = Hearing::begin();
    let frame = Box::new(Frame::new(ValueType::Ptr));
    let body =
        Box::into_raw(Box::new(Body { frame: &raw const *frame, work: Some(work), result: None }));
    // SAFETY: nothing but a refusal can come of it, which is noted in the frame.
    let Some(mark) = (unsafe { frame.enter(host::checkpoint) }) else {
        return frame.take_end().map_or(Err(Error::Left), End::check).and(Err(Error::Left));
    };
    // SAFETY: base and context are new; the body outlives the context's run; errors give null.
    let (base, guest) = unsafe {
        frame.enter(|| {
            let base = abi::stackswitch_base_create(REGION);
            if base.is_null() {
                return (base, null_mut());
            }
            let guest = abi::stackswitch_spawn(base, enter::<F, R> as *mut c_void, body.cast());
            if !guest.is_null() {
                observe::spawned(guest, null());
                abi::stackswitch_swap(guest, null_mut());
            }
            (base, guest)
        })
    };
    let end = frame.take_end();
    // SAFETY: the guest has finished, or will not be resumed again, nor anything that it has made;
    // nothing of the host is on the region. Other bases may keep the region of one that returned.
    unsafe {
        frame.enter(|| {
            if matches!(end, Some(End::Returned)) {
                abi::stackswitch_destroy(guest);
                observe::destroyed(guest);
                abi::stackswitch_base_destroy(base);
            } else {
                frame.abandon_left();
                host::discard_since(mark);
                observe::discarded();
            }
        });
    }
    // SAFETY: the guest no longer runs, so the body has one owner again.
    let body = unsafe { Box::from_raw(body) };
    end.map_or(Err(Error::Left), End::check)?;
    body.result.ok_or(Error::Left)
}

/// The guest context's function.
unsafe extern "C-unwind" fn enter<F, R>(body: *mut c_void, _first: *mut c_void) -> *mut c_void
where
    F: FnOnce() -> R,
{
    let body = body.cast::<Body<F, R>>();
    // SAFETY: the host keeps body and frame alive until this context has ended, and does not
    // touch them while it runs.
    unsafe {
        let frame = &*(*body).frame;
        if let Some(work) = (*body).work.take() {
            // The guest has no link, as a thread's own main has none.
            match catch(work) {
                Ok(result) => {
                    (*body).result = Some(result);
                    frame.note(End::Returned);
                }
                Err(caught) => frame.note(caught.into()),
            }
        }
        abi::stackswitch_setlink(abi::stackswitch_current(), frame.host());
    }
    null_mut()
}

/// Makes the runtime's errors come to us if no guest runs: one that has run before may have set a
/// handler, whose code may go.
pub(super) fn hear() {
    install();
    if !frame::is_inside() {
        // SAFETY: `on_error` may be called on any thread at any time.
        unsafe { abi::stackswitch_set_error_handler(Some(on_error)) };
    }
}

/// Takes over the runtime's process-wide hooks, once.
fn install() {
    static ONCE: Once = Once::new();
    // SAFETY: both functions may be called on any thread at any time.
    ONCE.call_once(|| unsafe {
        abi::stackswitch_set_error_handler(Some(on_error));
        stackswitch_rt::set_end_thread(Some(on_thread_end));
    });
    traps::install();
}

/// The runtime's error handler. It returns only to a host that runs itself, to which the error is
/// noted.
unsafe extern "C-unwind" fn on_error(code: c_int, context: *mut c_void, message: *const c_char) {
    // SAFETY: the runtime's message is a C string.
    let message = unsafe { CStr::from_ptr(message) }.to_string_lossy();
    // Who prints it says whose it is.
    let message = message.trim_start_matches("stackswitch: ").to_owned();
    let kind = match Code::from_value(code).unwrap_or(Code::Invalid) {
        Code::Overflow => FaultKind::StackOverflow,
        Code::Memory => FaultKind::OutOfMemory,
        other => FaultKind::Misuse(other),
    };
    end_guest(Incident { kind, code, context: context.addr(), message, trace: Trace::here() });
}

/// Ends the innermost guest of this thread with a fault, or the process if there is none. Comes
/// back only to a host that runs itself, to which the fault is noted.
pub(super) fn end_guest(incident: Incident) {
    // SAFETY: used before the frame can end.
    let Some(frame) = (unsafe { frame::top() }) else {
        // There may be too little stack here to look up names.
        let frames = thread::scope(|scope| {
            let looking = thread::Builder::new().spawn_scoped(scope, || incident.trace.frames());
            looking.ok().and_then(|looking| looking.join().ok()).unwrap_or_default()
        });
        UNCAUGHT.get().copied().unwrap_or(print_and_abort)(&incident.fault(frames))
    };
    frame.note(End::Faulted(incident));
    frame.leave();
}

/// Called where a thread would end because a POSIX-layer context has no link.
unsafe extern "C-unwind" fn on_thread_end() {
    // SAFETY: used before the frame can end.
    if let Some(frame) = unsafe { frame::top() } {
        frame.note(End::ThreadEnded);
        frame.leave();
    }
    // SAFETY: what the thread has on its stacks is abandoned, as the program asked.
    unsafe { libc::pthread_exit(null_mut()) }
}
