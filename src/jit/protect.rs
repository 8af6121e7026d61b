//! Calls of guest code that a runtime error ends without ending the host.
//!
//! The guest runs in a context on a region of its own. The process-wide error handler of the
//! runtime notes a fault and switches to the context that made the call; the failed context is
//! abandoned where it stands. Calls may nest: a guest may call the host, which calls a guest.
//!
//! What a call shares between host and guest is on the heap. The caller may itself be a context
//! whose stack is moved away while its guest runs.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    ffi::{CStr, c_char, c_int, c_void},
    io::Write,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    ptr::{null, null_mut},
    sync::{Once, OnceLock},
};

use stackswitch_rt::{abi, error::Handler};

use super::{
    error::{Error, Fault},
    observe,
};

/// Address space of a call's region. Only what is touched becomes memory.
const REGION: usize = 256 << 20;

/// How a guest ended.
enum End {
    Returned,
    Faulted(Fault),
    ThreadEnded,
}

/// A call in progress.
struct Frame {
    /// The call that was in progress on this thread before.
    outer: *const Frame,
    /// The context that waits for the guest; null while the host itself uses the runtime.
    host: Cell<*mut c_void>,
    end: RefCell<Option<End>>,
    /// The error handler that was set before, maybe by a guest that made this call.
    handler: Option<Handler>,
}

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

thread_local! {
    /// The innermost call in progress on this thread.
    static TOP: Cell<*const Frame> = const { Cell::new(null()) };
}

impl Frame {
    /// Begins a call. Its errors come to us, whatever handler a guest has set.
    fn push() -> Box<Self> {
        // SAFETY: `on_error` may be called on any thread at any time.
        let handler = unsafe { abi::stackswitch_set_error_handler(Some(on_error)) };
        let (host, end) = (Cell::new(null_mut()), RefCell::new(None));
        let frame = Box::new(Self { outer: TOP.get(), host, end, handler });
        TOP.set(&raw const *frame);
        frame
    }

    /// Notes how the guest ended. The first report counts: what follows is its consequence.
    fn note(&self, end: End) {
        self.end.borrow_mut().get_or_insert(end);
    }

    /// Goes to the host for good, if the guest is running; comes back only if it is not.
    fn leave(&self) {
        let host = self.host.replace(null_mut());
        if !host.is_null() {
            // SAFETY: the host waits in its switch to the guest. It never switches back.
            unsafe { abi::stackswitch_swap(host, null_mut()) };
            // The host has discarded this context, so nobody can have resumed it.
            std::process::abort();
        }
    }

    /// The error of a guest that did not return, if one was noted.
    fn take_error(&self) -> Result<(), Error> {
        match self.end.borrow_mut().take() {
            Some(End::Returned) => Ok(()),
            Some(End::Faulted(fault)) => Err(Error::Fault(fault)),
            Some(End::ThreadEnded) => Err(Error::ThreadEnded),
            None => Err(Error::Left),
        }
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        TOP.set(self.outer);
        // A handler that a guest has set must not be called after it: its code may go.
        let handler = if self.outer.is_null() { Some(on_error as Handler) } else { self.handler };
        // SAFETY: ours may be called at any time, that of an outer guest as long as its call lasts.
        unsafe { abi::stackswitch_set_error_handler(handler) };
    }
}

/// What a guest's context starts with.
struct Body<F, R> {
    frame: *const Frame,
    work: Option<F>,
    result: Option<Result<R, Box<dyn Any + Send>>>,
}

/// Runs `work` in a context of its own; a fault in it ends it there and comes back as an error.
///
/// # Safety
/// On an error the frames of `work` are abandoned, without running what they would have dropped:
/// frames below `work` must allow that, as C's `longjmp` demands it.
pub(super) unsafe fn call<F, R>(work: F) -> Result<R, Error>
where
    F: FnOnce() -> R,
{
    install();
    let frame = Frame::push();
    // SAFETY: plain call; an error gives null.
    let base = unsafe { abi::stackswitch_base_create(REGION) };
    if base.is_null() {
        return Err(frame.take_error().err().unwrap_or(Error::Left));
    }
    let body =
        Box::into_raw(Box::new(Body { frame: &raw const *frame, work: Some(work), result: None }));
    // SAFETY: the base is alive, and the body outlives the context's run; an error gives null.
    let guest = unsafe { abi::stackswitch_spawn(base, enter::<F, R> as *mut c_void, body.cast()) };
    if !guest.is_null() {
        observe::spawned(guest, null());
        // SAFETY: plain call.
        frame.host.set(unsafe { abi::stackswitch_current() });
        // SAFETY: the guest is new and belongs to this thread.
        unsafe { abi::stackswitch_swap(guest, null_mut()) };
        frame.host.set(null_mut());
    }
    let outcome = frame.take_error();
    if !guest.is_null() {
        // SAFETY: the guest has finished or will not be resumed again.
        unsafe { abi::stackswitch_destroy(guest) };
        observe::destroyed(guest);
    }
    // Refused, and only noted in the frame, if the program left contexts on this region: they may
    // still be in use, so the region stays.
    // SAFETY: nothing of the host is on the region.
    unsafe { abi::stackswitch_base_destroy(base) };
    // SAFETY: the guest no longer runs, so the body has one owner again.
    let body = unsafe { Box::from_raw(body) };
    outcome?;
    match body.result {
        Some(Ok(result)) => Ok(result),
        Some(Err(panic)) => resume_unwind(panic),
        None => Err(Error::Left),
    }
}

/// The guest context's function.
unsafe extern "C" fn enter<F, R>(body: *mut c_void, _first: *mut c_void) -> *mut c_void
where
    F: FnOnce() -> R,
{
    let body = body.cast::<Body<F, R>>();
    // SAFETY: the host keeps body and frame alive until this context has ended, and does not
    // touch them while it runs.
    unsafe {
        if let Some(work) = (*body).work.take() {
            // The guest has no link, as a thread's own main has none.
            (*body).result = Some(catch_unwind(AssertUnwindSafe(work)));
        }
        let frame = &*(*body).frame;
        frame.note(End::Returned);
        abi::stackswitch_setlink(abi::stackswitch_current(), frame.host.get());
    }
    null_mut()
}

/// Takes over the runtime's process-wide hooks, once.
fn install() {
    static ONCE: Once = Once::new();
    // SAFETY: both functions may be called on any thread at any time.
    ONCE.call_once(|| unsafe {
        abi::stackswitch_set_error_handler(Some(on_error));
        stackswitch_rt::set_end_thread(Some(on_thread_end));
    });
}

/// The runtime's error handler. Inside a call it does not return.
unsafe extern "C-unwind" fn on_error(code: c_int, context: *mut c_void, message: *const c_char) {
    // SAFETY: the runtime's message is a C string.
    let message = unsafe { CStr::from_ptr(message) }.to_string_lossy();
    // Who prints it says whose it is.
    let message = message.trim_start_matches("stackswitch: ").to_owned();
    let fault = Fault { code, context: context.addr(), message };
    let top = TOP.get();
    if top.is_null() {
        UNCAUGHT.get().copied().unwrap_or(print_and_abort)(&fault);
    }
    // SAFETY: the innermost call is in progress, so its frame is alive.
    let frame = unsafe { &*top };
    frame.note(End::Faulted(fault));
    frame.leave();
}

/// Called where a thread would end because a POSIX-layer context has no link.
unsafe extern "C-unwind" fn on_thread_end() {
    let top = TOP.get();
    if !top.is_null() {
        // SAFETY: the innermost call is in progress, so its frame is alive.
        let frame = unsafe { &*top };
        frame.note(End::ThreadEnded);
        frame.leave();
    }
    // SAFETY: what the thread has on its stacks is abandoned, as the program asked.
    unsafe { libc::pthread_exit(null_mut()) }
}
