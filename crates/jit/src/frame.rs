//! Places where the host waits for a guest: protected calls (`protect`) and coroutines
//! (`coroutine`).
//!
//! What goes wrong in a guest (a runtime error, a panic of a host function, an exception that
//! leaves it) is noted in the innermost frame of its thread, and the host that waits there goes
//! on. Frames nest: a guest may call the host, which calls a guest.
//!
//! What host and guest share is on the heap. The host may itself be a context whose stack is moved
//! away while its guest runs.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    ffi::c_void,
    io::Write,
    panic::resume_unwind,
    ptr::{null, null_mut},
    task::Waker,
};

use stackswitch_rt::{abi, host};

use super::{
    backtrace::Trace,
    error::{Error, Fault, FaultKind},
    symbolize,
    unwind::{Caught, catch},
    value::ValueType,
};

/// How a guest ended.
pub(super) enum End {
    Returned,
    Faulted(Incident),
    ThreadEnded,
    /// A host function that the guest called has panicked.
    Panicked(Box<dyn Any + Send>),
    /// A foreign exception left the guest.
    Thrown,
}

impl End {
    /// The error of a guest that did not return. A panic goes on from here.
    pub(super) fn check(self) -> Result<(), Error> {
        match self {
            Self::Returned => Ok(()),
            Self::Faulted(incident) => {
                let frames = incident.trace.frames();
                Err(Error::Fault(incident.fault(frames)))
            }
            Self::ThreadEnded => Err(Error::ThreadEnded),
            Self::Thrown => Err(Error::Exception),
            Self::Panicked(payload) => resume_unwind(payload),
        }
    }
}

/// A fault as it is noted where it happens. Names and lines are looked up elsewhere: that takes
/// more stack than there may be.
pub(super) struct Incident {
    pub(super) kind: FaultKind,
    pub(super) code: i32,
    pub(super) context: usize,
    pub(super) message: String,
    pub(super) trace: Trace,
}

impl Incident {
    /// What a host is told.
    pub(super) fn fault(self, backtrace: Vec<symbolize::Frame>) -> Fault {
        let Self { kind, code, context, message, trace: _ } = self;
        Fault { kind, code, context, message, backtrace }
    }
}

impl From<Caught> for End {
    fn from(caught: Caught) -> Self {
        match caught {
            Caught::Panic(payload) => Self::Panicked(payload),
            Caught::Foreign => Self::Thrown,
        }
    }
}

/// A place where the host waits, or may wait, for a guest. Keep it where it is: the guest has its
/// address.
pub(super) struct Frame {
    /// How values travel between the two.
    carrier: ValueType,
    /// The context that waits for the guest; null while none does.
    host: Cell<*mut c_void>,
    end: RefCell<Option<End>>,
    /// The context that the guest was in when it went to the host for good.
    left: Cell<*mut c_void>,
    /// Whether `end` holds something: what each resume looks at.
    ended: Cell<bool>,
    /// What the host drives, if it is a coroutine, else null. Lives as long as the frame.
    guest: Cell<*const Guest>,
}

/// What the host drives: a coroutine.
pub(super) struct Guest {
    /// The coroutine's own context.
    context: *mut c_void,
    /// The context that waits in a host function for the coroutine to be resumed; null if none
    /// does. It may be one that the coroutine has spawned.
    waiting: Cell<*mut c_void>,
    /// Set while the host has the waiting function unwound.
    unwinding: Cell<bool>,
    /// The coroutine is being cancelled, or has been.
    cancelled: Cell<bool>,
    /// Whom to wake when the coroutine can go on, while a task's `poll` runs it.
    waker: RefCell<Option<Waker>>,
}

/// What a host function that waits is unwound with.
struct Cancelled;

thread_local! {
    /// The innermost call in progress on this thread.
    static TOP: Cell<*const Frame> = const { Cell::new(null()) };
}

/// The innermost frame in which this thread's guest runs.
///
/// # Safety
/// The reference is used no longer than that frame lasts.
pub(super) unsafe fn top<'a>() -> Option<&'a Frame> {
    // SAFETY: a frame is there as long as its guest runs in it.
    unsafe { TOP.get().as_ref() }
}

/// Whether the calling thread runs a guest.
pub(super) fn is_inside() -> bool {
    !TOP.get().is_null()
}

/// Something that is the calling thread's own for as long as that runs.
pub(super) fn thread_mark() -> *const () {
    TOP.with(|top| std::ptr::from_ref(top).cast())
}

impl Frame {
    pub(super) const fn new(carrier: ValueType) -> Self {
        Self {
            carrier,
            host: Cell::new(null_mut()),
            end: RefCell::new(None),
            left: Cell::new(null_mut()),
            ended: Cell::new(false),
            guest: Cell::new(null()),
        }
    }

    /// Says that this is a coroutine's frame.
    ///
    /// # Safety
    /// `guest` lives as long as the frame.
    pub(super) unsafe fn set_guest(&self, guest: &Guest) {
        self.guest.set(guest);
    }

    /// What the host drives, if it is a coroutine.
    pub(super) fn guest(&self) -> Option<&Guest> {
        // SAFETY: whoever set it vouched for it.
        unsafe { self.guest.get().as_ref() }
    }

    /// How values travel between the two.
    pub(super) fn carrier(&self) -> ValueType {
        self.carrier
    }

    /// Runs `work`, which switches to the guest. What goes wrong there ends the switch.
    ///
    /// # Safety
    /// The frame stays where it is as long as the guest may run.
    #[inline(always)]
    pub(super) unsafe fn enter<R>(&self, work: impl FnOnce() -> R) -> R {
        struct Leave<'a>(&'a Frame, *const Frame);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                self.0.host.set(null_mut());
                TOP.set(self.1);
            }
        }
        let leave = Leave(self, TOP.replace(self));
        // SAFETY: plain call.
        self.host.set(unsafe { abi::stackswitch_current() });
        let result = work();
        drop(leave);
        result
    }

    /// The context that waits for the guest; null if none does.
    pub(super) fn host(&self) -> *mut c_void {
        self.host.get()
    }

    /// Notes how the guest ended. The first report counts: what follows is its consequence.
    pub(super) fn note(&self, end: End) {
        self.end.borrow_mut().get_or_insert(end);
        self.ended.set(true);
    }

    /// Whether something was noted.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.get()
    }

    /// How the guest ended, if it was noted.
    pub(super) fn take_end(&self) -> Option<End> {
        self.ended.set(false);
        self.end.borrow_mut().take()
    }

    /// Whether the guest runs, and not the host itself. A signal handler may ask.
    pub(super) fn runs_guest(&self) -> bool {
        let host = self.host.get();
        // SAFETY: plain call.
        !host.is_null() && host != unsafe { abi::stackswitch_current() }
    }

    /// Ends the context from which the guest went to the host for good, if it did.
    ///
    /// # Safety
    /// Nothing of that context will be unwound.
    pub(super) unsafe fn abandon_left(&self) {
        // SAFETY: the caller vouches for it; what is no context any more is left alone.
        unsafe { host::abandon(self.left.replace(null_mut())) };
    }

    /// Goes to the host for good. Comes back only if the host itself is running.
    pub(super) fn leave(&self) {
        if !self.runs_guest() {
            return;
        }
        let host = self.host.replace(null_mut());
        // SAFETY: plain call.
        self.left.set(unsafe { abi::stackswitch_current() });
        // SAFETY: the host waits in its switch to the guest. It never switches back, but may
        // unwind what is here.
        unsafe { self.carrier.swap(host, 0) };
        // The host has discarded this context, so nobody can have resumed it.
        std::process::abort();
    }
}

impl Guest {
    pub(super) const fn new(context: *mut c_void) -> Self {
        Self {
            context,
            waiting: Cell::new(null_mut()),
            unwinding: Cell::new(false),
            cancelled: Cell::new(false),
            waker: RefCell::new(None),
        }
    }

    /// Has the running context wait in a host function: the coroutine's host goes on with `bits`.
    /// Returns what the coroutine is resumed with.
    ///
    /// If the coroutine is cancelled meanwhile, the function's frames are unwound from here.
    ///
    /// # Safety
    /// `frame` is the innermost one and this is its guest.
    pub(super) unsafe fn wait(&self, frame: &Frame, bits: u64) -> u64 {
        // SAFETY: plain call.
        self.waiting.set(unsafe { abi::stackswitch_current() });
        // SAFETY: the host waits for such a value.
        let bits = unsafe { frame.carrier.swap(frame.host.get(), bits) };
        self.waiting.set(null_mut());
        if self.unwinding.get() {
            resume_unwind(Box::new(Cancelled));
        }
        bits
    }

    /// Whether the coroutine waits in a host function.
    pub(super) fn waits(&self) -> bool {
        !self.waiting.get().is_null()
    }

    /// Whom to wake when the coroutine can go on, if a task runs it.
    pub(super) fn waker(&self) -> Option<Waker> {
        self.waker.borrow().clone()
    }

    /// Says whom to wake; `None` when no task runs it any more.
    pub(super) fn set_waker(&self, waker: Option<&Waker>) {
        *self.waker.borrow_mut() = waker.cloned();
    }

    /// Whether the coroutine may wait in a host function.
    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.get()
    }

    /// Resumes the coroutine with a value given as bits; returns what comes back.
    ///
    /// # Safety
    /// The frame is entered, the coroutine is suspended or new, and `carrier` is its frame's.
    #[inline(always)]
    pub(super) unsafe fn resume(&self, carrier: ValueType, bits: u64) -> u64 {
        let waiting = self.waiting.get();
        // SAFETY: the caller vouches for it.
        unsafe {
            if waiting.is_null() || waiting == self.context {
                carrier.resume(self.context, bits)
            } else {
                self.resume_inside(carrier, bits)
            }
        }
    }

    /// The same where a context that the coroutine has spawned waits in a host function: that one
    /// goes on, and the coroutine's end comes to who resumes it now.
    #[cold]
    unsafe fn resume_inside(&self, carrier: ValueType, bits: u64) -> u64 {
        // SAFETY: as the caller's; a context that waits is alive.
        unsafe {
            abi::stackswitch_setlink(self.context, abi::stackswitch_current());
            carrier.swap(self.waiting.get(), bits)
        }
    }

    /// Destroys the coroutine's context. False if there was something left to run.
    ///
    /// # Safety
    /// The frame is entered; the coroutine does not run and will not be resumed.
    pub(super) unsafe fn destroy(&self) -> bool {
        const SUSPENDED: i32 = 1;
        // SAFETY: the caller vouches for it.
        unsafe {
            let whole = abi::stackswitch_status(self.context) != SUSPENDED;
            abi::stackswitch_destroy(self.context);
            whole
        }
    }

    /// Unwinds the coroutine, so that its cleanups run. What goes wrong is noted in `frame`.
    ///
    /// # Safety
    /// `frame` is entered and this is its guest, which is suspended.
    pub(super) unsafe fn cancel(&self, frame: &Frame) {
        self.cancelled.set(true);
        let (context, waiting) = (self.context, self.waiting.get());
        // SAFETY: contexts that wait are alive; a function that waits switches back when it has
        // been unwound, see `run_host_function`.
        unsafe {
            if !waiting.is_null() {
                self.unwinding.set(true);
                frame.carrier.swap(waiting, 0);
                self.unwinding.set(false);
                if !frame.has_ended() && waiting != context {
                    abi::stackswitch_cancel(waiting);
                }
            }
            if !frame.has_ended() {
                abi::stackswitch_cancel(context);
            }
        }
    }
}

/// Runs a host function where a guest has called it, on the guest's stack. What it returns is for
/// the guest; whatever it throws goes to the host, and this does not return.
pub(super) fn run_host_function<R>(work: impl FnOnce() -> R) -> R {
    // A function that another one calls, as that is unwound, is not the one to be unwound.
    // SAFETY: used before the frame can end.
    let outer =
        unsafe { top() }.and_then(Frame::guest).is_some_and(|guest| guest.unwinding.replace(false));
    let outcome = catch(work);
    // SAFETY: as above; it may be another frame by now.
    if let Some((frame, guest)) = unsafe { top() }.and_then(|f| Some((f, f.guest()?))) {
        let expected = match &outcome {
            Ok(_) => true,
            Err(Caught::Panic(payload)) => payload.is::<Cancelled>(),
            Err(Caught::Foreign) => false,
        };
        if guest.unwinding.replace(outer) && expected {
            drop(outcome);
            // SAFETY: the host is in `Guest::cancel`, and unwinds the frames from here on.
            unsafe { frame.carrier.swap(frame.host.get(), 0) };
            std::process::abort();
        }
    }
    outcome.unwrap_or_else(|caught| leave(caught.into()))
}

/// Ends the innermost guest: its host goes on, and learns of it. Without one the process ends.
pub(super) fn leave(end: End) -> ! {
    // SAFETY: used before the frame can end.
    if let Some(frame) = unsafe { top() } {
        frame.note(end);
        frame.leave();
    }
    // Nothing is left to tell it to, if stderr is closed.
    let _ = writeln!(
        std::io::stderr(),
        "stackswitch: a host function panicked, and no protected call or coroutine is there to end"
    );
    std::process::abort();
}
