//! A run of guest code that the host waits for: a protected call or a coroutine.
//!
//! When a guest fails (a runtime error, a panic of a host function, an exception that leaves it), the
//! end is recorded in the innermost run of the thread, and the host that waits there continues. Runs
//! nest: a guest may call the host, which calls a guest.
//!
//! Host and guest share a run on the heap. The host may itself be a context whose stack is displaced
//! while its guest runs.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    ffi::c_void,
    panic::resume_unwind,
    ptr::{null, null_mut},
    task::Waker,
};

use stackswitch_rt::{
    abi,
    host::{self, Running},
};

use crate::{
    abort::abort_with,
    catch::{Caught, catch},
    error::Error,
    fault_record::FaultRecord,
    held_regions::{self, Hold},
    value::ValueType,
};

/// How a guest ended.
pub(crate) enum End {
    Returned,
    Faulted(Box<FaultRecord>),
    ThreadEnded,
    /// A host function that the guest called has panicked.
    Panicked(Box<dyn Any + Send>),
    /// A foreign exception left the guest.
    Thrown,
}

impl End {
    /// The error of a guest that did not return. A panic continues from here.
    pub(crate) fn check(self) -> Result<(), Error> {
        match self {
            Self::Returned => Ok(()),
            Self::Faulted(record) => {
                let frames = record.backtrace().frames();
                Err(Error::Fault(record.fault(frames)))
            }
            Self::ThreadEnded => Err(Error::ThreadEnded),
            Self::Thrown => Err(Error::Exception),
            Self::Panicked(payload) => resume_unwind(payload),
        }
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

/// A protected call or a coroutine. It must not move: the guest has its address.
pub(crate) struct GuestRun {
    /// The type of the values that host and guest exchange.
    value_type: ValueType,
    /// The context that waits for the guest. While none does it is null, or the thread's own context if
    /// that was the host before.
    host: Cell<*mut c_void>,
    end: RefCell<Option<End>>,
    /// Whether the guest has ended with the thread's last [`FaultRecord`].
    faulted: Cell<bool>,
    /// Whether the guest has ended. Each resume tests this.
    ended: Cell<bool>,
    /// The context from which the guest switched to the host for the last time.
    last_context: Cell<*mut c_void>,
    /// The number of host functions that the guest has called and that have not returned.
    host_functions: Cell<usize>,
    /// The coroutine, or null for a protected call. Lives as long as the run.
    coroutine: Cell<*const CoroutineContext>,
}

/// The context of a coroutine that the host resumes.
pub(crate) struct CoroutineContext {
    /// The context of the coroutine's body; null until it is spawned.
    context: Cell<*mut c_void>,
    /// The context from which the coroutine may be resumed without further tests of the coroutine, or
    /// [`NO_CONTEXT`]: see [`CoroutineContext::allow_quick_resumes`].
    quick_host: Cell<*mut c_void>,
    /// The context in which a host function waits to be resumed; null if none does. It may be a
    /// context that the coroutine has spawned.
    waiting: Cell<*mut c_void>,
    /// Whether the host is unwinding the waiting function.
    unwinding: Cell<bool>,
    /// Whether the coroutine is being cancelled, or has been.
    cancelled: Cell<bool>,
    /// Wakes the task that polls the coroutine. `None` outside of `poll`.
    waker: RefCell<Option<Waker>>,
}

/// The address of no context, not even of that of a thread that is not set up.
const NO_CONTEXT: *mut c_void = std::ptr::without_provenance_mut(1);

/// The payload with which a waiting host function is unwound.
struct Cancelled;

thread_local! {
    /// The innermost run of this thread.
    static INNERMOST: Cell<*const GuestRun> = const { Cell::new(null()) };
}

/// The innermost run of this thread.
///
/// # Safety
/// The reference is not used after the run has ended.
pub(crate) unsafe fn innermost<'a>() -> Option<&'a GuestRun> {
    // SAFETY: `GuestRun::enter` sets the pointer while its run is alive, and resets it afterwards.
    unsafe { INNERMOST.get().as_ref() }
}

/// Whether the calling thread runs a guest.
pub(crate) fn is_inside() -> bool {
    !INNERMOST.get().is_null()
}

/// An address that identifies the calling thread as long as it lives.
pub(crate) fn thread_mark() -> *const () {
    INNERMOST.with(|innermost| std::ptr::from_ref(innermost).cast())
}

impl GuestRun {
    pub(crate) const fn new(value_type: ValueType) -> Self {
        Self {
            value_type,
            host: Cell::new(null_mut()),
            end: RefCell::new(None),
            faulted: Cell::new(false),
            ended: Cell::new(false),
            last_context: Cell::new(null_mut()),
            host_functions: Cell::new(0),
            coroutine: Cell::new(null()),
        }
    }

    /// Makes this the run of a coroutine.
    ///
    /// # Safety
    /// `coroutine` lives as long as the run.
    pub(crate) unsafe fn set_coroutine(&self, coroutine: &CoroutineContext) {
        self.coroutine.set(coroutine);
    }

    /// The coroutine that runs here, if it is one.
    pub(crate) fn coroutine(&self) -> Option<&CoroutineContext> {
        // SAFETY: the caller of `set_coroutine` has guaranteed that it lives as long as the run.
        unsafe { self.coroutine.get().as_ref() }
    }

    /// The type of the values that host and guest exchange.
    pub(crate) fn value_type(&self) -> ValueType {
        self.value_type
    }

    /// Runs `work`, which switches to the guest. A failure of the guest ends the switch.
    ///
    /// # Safety
    /// The run stays in place as long as the guest may run.
    pub(crate) unsafe fn enter<R>(&self, work: impl FnOnce() -> R) -> R {
        struct Reset<'a> {
            run: &'a GuestRun,
            outer: *const GuestRun,
            host: *mut c_void,
        }
        impl Drop for Reset<'_> {
            fn drop(&mut self) {
                self.run.host.set(self.host);
                INNERMOST.set(self.outer);
            }
        }
        self.forbid_quick_resumes();
        // SAFETY: the function has no conditions.
        let host = unsafe { abi::stackswitch_current() };
        let running = Running::get();
        let is_main = running.is_main() && running.context() == host;
        let kept = if is_main { host } else { null_mut() };
        let reset = Reset { run: self, outer: INNERMOST.replace(self), host: kept };
        self.host.set(host);
        let result = work();
        drop(reset);
        result
    }

    /// Does what [`GuestRun::enter`] does, where [`CoroutineContext::may_resume_quickly`].
    ///
    /// # Safety
    /// As for [`GuestRun::enter`].
    #[inline(always)]
    pub(crate) unsafe fn enter_quickly<R>(&self, work: impl FnOnce() -> R) -> R {
        struct Reset;
        impl Drop for Reset {
            fn drop(&mut self) {
                INNERMOST.set(null());
            }
        }
        let reset = Reset;
        INNERMOST.set(self);
        let result = work();
        drop(reset);
        result
    }

    /// The context that waits for the guest.
    pub(crate) fn host(&self) -> *mut c_void {
        self.host.get()
    }

    /// Records how the guest ended. The first end counts: a later one is its consequence.
    pub(crate) fn record_end(&self, end: End) {
        self.forbid_quick_resumes();
        if !self.faulted.get() {
            self.end.borrow_mut().get_or_insert(end);
        }
        self.ended.set(true);
    }

    /// Records that the guest ended with a fault, as `record_end` does. Allocates nothing.
    pub(crate) fn record_fault(&self, record: FaultRecord) {
        self.forbid_quick_resumes();
        if !self.ended.replace(true) {
            record.store();
            self.faulted.set(true);
        }
    }

    /// See [`CoroutineContext::forbid_quick_resumes`].
    fn forbid_quick_resumes(&self) {
        if let Some(coroutine) = self.coroutine() {
            coroutine.forbid_quick_resumes();
        }
    }

    /// Whether an end is recorded.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.get()
    }

    /// Removes and returns the recorded end.
    pub(crate) fn take_end(&self) -> Option<End> {
        self.ended.set(false);
        if self.faulted.replace(false) {
            return Some(End::Faulted(Box::new(FaultRecord::last())));
        }
        self.end.borrow_mut().take()
    }

    /// Whether the guest runs, and not the host itself. A signal handler may call this.
    pub(crate) fn runs_guest(&self) -> bool {
        let host = self.host.get();
        // SAFETY: the function has no conditions.
        !host.is_null() && host != unsafe { abi::stackswitch_current() }
    }

    /// Ends the context from which the guest switched to the host for the last time, if there is one.
    ///
    /// # Safety
    /// The context will not be unwound.
    pub(crate) unsafe fn abandon_last_context(&self) {
        // SAFETY: the caller guarantees that nothing of the context is needed. `abandon` ignores what
        // is no context any more.
        unsafe { host::abandon(self.last_context.replace(null_mut())) };
    }

    /// Whether a switch to the host would abandon the frames of a host function: they may hold locks,
    /// or have lent their variables to other threads.
    pub(crate) fn would_abandon_host_function(&self) -> bool {
        self.runs_guest() && self.host_functions.get() > 0
    }

    /// Switches to the host for the last time. Returns only if the host itself is running.
    pub(crate) fn leave(&self) {
        if !self.runs_guest() {
            return;
        }
        let host = self.host.replace(null_mut());
        // SAFETY: the function has no conditions.
        self.last_context.set(unsafe { abi::stackswitch_current() });
        // SAFETY: the host waits in its switch to the guest. It never switches back, but may unwind
        // this context's frames.
        unsafe { self.value_type.swap(host, 0) };
        // The host has discarded this context, so nobody can have resumed it.
        std::process::abort();
    }
}

impl CoroutineContext {
    pub(crate) const fn new() -> Self {
        Self {
            context: Cell::new(null_mut()),
            quick_host: Cell::new(NO_CONTEXT),
            waiting: Cell::new(null_mut()),
            unwinding: Cell::new(false),
            cancelled: Cell::new(false),
            waker: RefCell::new(None),
        }
    }

    /// The context of the coroutine's body.
    #[inline(always)]
    pub(crate) fn context(&self) -> *mut c_void {
        self.context.get()
    }

    /// Gives a coroutine that has not begun its context, or another one.
    pub(crate) fn set_context(&self, context: *mut c_void) {
        self.context.set(context);
    }

    /// Suspends the running context in a host function: the host's resume returns `bits`. Returns the
    /// value that the coroutine is resumed with.
    ///
    /// If the coroutine is cancelled meanwhile, the function's frames are unwound from here.
    ///
    /// # Safety
    /// `run` is the innermost run, and is this coroutine's.
    pub(crate) unsafe fn wait(&self, run: &GuestRun, bits: u64) -> u64 {
        // SAFETY: the function has no conditions.
        self.waiting.set(unsafe { abi::stackswitch_current() });
        if self.waiting.get() != self.context.get() {
            self.forbid_quick_resumes();
        }
        // SAFETY: the host of the innermost run waits for a value of the run's type.
        let swap = || unsafe { run.value_type.swap(run.host.get(), bits) };
        let bits = held_regions::while_suspended(swap);
        self.waiting.set(null_mut());
        if self.unwinding.get() {
            resume_unwind(Box::new(Cancelled));
        }
        bits
    }

    /// Whether the coroutine waits in a host function.
    pub(crate) fn waits(&self) -> bool {
        !self.waiting.get().is_null()
    }

    /// Whether a resume may be quick: the host is the one of the last resume, the coroutine has not come
    /// to its end since, and the thread runs no guest and no host function.
    #[inline(always)]
    pub(crate) fn may_resume_quickly(&self, running: Running) -> bool {
        running.context() == self.quick_host.get() && !is_inside() && !held_regions::any()
    }

    /// Whether the last resume, a quick one, has left the coroutine such that the next may be quick.
    #[inline(always)]
    pub(crate) fn may_still_resume_quickly(&self) -> bool {
        self.quick_host.get() != NO_CONTEXT
    }

    /// Notes that the next resume has to test everything.
    pub(crate) fn forbid_quick_resumes(&self) {
        self.quick_host.set(NO_CONTEXT);
    }

    /// Notes that the coroutine of `run` is suspended and not at its end. So resumes may be quick, unless a
    /// host function waits in another context, or the host was not the thread's own context. (The address
    /// of that one is no other context's later.)
    pub(crate) fn allow_quick_resumes(&self, run: &GuestRun) {
        let host = run.host.get();
        if !host.is_null() && self.resumed_context() == self.context.get() {
            self.quick_host.set(host);
        }
    }

    /// The context that runs when the coroutine is resumed.
    pub(crate) fn resumed_context(&self) -> *mut c_void {
        let waiting = self.waiting.get();
        if waiting.is_null() { self.context.get() } else { waiting }
    }

    /// The waker of the task that polls the coroutine, if one does.
    pub(crate) fn waker(&self) -> Option<Waker> {
        self.waker.borrow().clone()
    }

    /// Sets the waker, or removes it when the poll is over.
    pub(crate) fn set_waker(&self, waker: Option<&Waker>) {
        *self.waker.borrow_mut() = waker.cloned();
    }

    /// Whether the coroutine is being cancelled: then it must not wait in a host function.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.get()
    }

    /// Resumes the coroutine with a value given as bits; returns the bits of its answer.
    ///
    /// # Safety
    /// The run is entered, the coroutine is suspended or new, and `value_type` is its run's.
    pub(crate) unsafe fn resume(&self, value_type: ValueType, bits: u64) -> u64 {
        // SAFETY: the caller guarantees that the coroutine waits for a value of this type.
        unsafe {
            if self.resumed_context() == self.context.get() {
                value_type.resume(self.context.get(), bits)
            } else {
                self.resume_inside(value_type, bits)
            }
        }
    }

    /// Resumes a coroutine whose host function waits in a context that the coroutine has spawned. The
    /// coroutine's end goes to the context that resumes it now.
    unsafe fn resume_inside(&self, value_type: ValueType, bits: u64) -> u64 {
        // SAFETY: the caller guarantees a suspended coroutine of this type. A context that waits in a
        // host function is alive.
        unsafe {
            abi::stackswitch_setlink(self.context.get(), abi::stackswitch_current());
            value_type.swap(self.waiting.get(), bits)
        }
    }

    /// Destroys the coroutine's context. False if its body had not returned.
    ///
    /// # Safety
    /// The run is entered. The coroutine does not run and will not be resumed.
    pub(crate) unsafe fn destroy(&self) -> bool {
        const SUSPENDED: i32 = 1;
        // SAFETY: the caller guarantees that nobody uses the context any more.
        unsafe {
            let whole = abi::stackswitch_status(self.context.get()) != SUSPENDED;
            abi::stackswitch_destroy(self.context.get());
            whole
        }
    }

    /// Unwinds the coroutine, so that its cleanups run. A failure is recorded in `run`.
    ///
    /// # Safety
    /// `run` is entered and is this coroutine's, and the coroutine is suspended.
    pub(crate) unsafe fn cancel(&self, run: &GuestRun) {
        self.cancelled.set(true);
        let (context, waiting) = (self.context.get(), self.waiting.get());
        // SAFETY: a context that waits is alive. A function that waits switches back when it has been
        // unwound, see `run_host_function`.
        unsafe {
            if !waiting.is_null() {
                self.unwinding.set(true);
                run.value_type.swap(waiting, 0);
                self.unwinding.set(false);
                if !run.has_ended() && waiting != context {
                    abi::stackswitch_cancel(waiting);
                }
            }
            if !run.has_ended() {
                abi::stackswitch_cancel(context);
            }
        }
    }
}

/// Counts a host function in its run until it is dropped.
struct RunningHostFunction<'a> {
    run: Option<&'a GuestRun>,
    _hold: Hold,
}

impl<'a> RunningHostFunction<'a> {
    fn begin(run: Option<&'a GuestRun>) -> Self {
        if let Some(run) = run {
            run.host_functions.set(run.host_functions.get() + 1);
        }
        Self { run, _hold: Hold::begin() }
    }
}

impl Drop for RunningHostFunction<'_> {
    fn drop(&mut self) {
        if let Some(run) = self.run {
            run.host_functions.set(run.host_functions.get() - 1);
        }
    }
}

/// Runs a host function where a guest has called it, on the guest's stack. Its result is returned to
/// the guest. A panic or an exception goes to the host, and this does not return.
pub(crate) fn run_host_function<R>(work: impl FnOnce() -> R) -> R {
    // SAFETY: the run that has called the function lasts as long as the function runs.
    let run = unsafe { innermost() };
    // A host function that is called while another one is unwound is not itself unwound.
    let outer = run
        .and_then(GuestRun::coroutine)
        .is_some_and(|coroutine| coroutine.unwinding.replace(false));
    let running = RunningHostFunction::begin(run);
    let outcome = catch(work);
    drop(running);
    // SAFETY: used before the run can end. The function has left every run that it entered, but the
    // coroutine may have been resumed by another host meanwhile.
    if let Some((run, coroutine)) = unsafe { innermost() }.and_then(|r| Some((r, r.coroutine()?))) {
        let expected = match &outcome {
            Ok(_) => true,
            Err(Caught::Panic(payload)) => payload.is::<Cancelled>(),
            Err(Caught::Foreign) => false,
        };
        if coroutine.unwinding.replace(outer) && expected {
            drop(outcome);
            // SAFETY: the host waits in `CoroutineContext::cancel`, and unwinds the frames from here.
            unsafe { run.value_type.swap(run.host.get(), 0) };
            std::process::abort();
        }
    }
    outcome.unwrap_or_else(|caught| end_guest(caught.into()))
}

/// Ends the innermost guest: its host continues and returns the end. Without one the process ends.
pub(crate) fn end_guest(end: End) -> ! {
    // SAFETY: used before the run can end.
    let Some(run) = (unsafe { innermost() }) else {
        abort_with(&[
            "a host function panicked, and no protected call or coroutine is there to end",
        ])
    };
    // The frames of a coroutine are unwound after a panic, and so are host functions in them.
    let unwinds = matches!(end, End::Panicked(_)) && run.coroutine().is_some();
    if !unwinds && run.would_abandon_host_function() {
        abort_with(&[
            "a host function failed, and another one that is running cannot be abandoned",
        ]);
    }
    run.record_end(end);
    run.leave();
    abort_with(&["a host function failed where the host itself runs"]);
}
