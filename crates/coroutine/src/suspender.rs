//! What a body sees of its coroutine.

use core::cell::Cell;
use core::ffi::c_void;
use core::ptr;

use stackswitch_rt::host::Running;

use crate::slot::Slot;
use crate::unwind;

/// Suspends the coroutine whose body was given it. It yields `Out` values and takes `In` values.
pub struct Suspender<In, Out> {
    /// The coroutine's context.
    context: Cell<*mut c_void>,
    /// What the host passes. Empty when the body resumes: it is to be unwound.
    pub(crate) input: Slot<In>,
    /// What the body has yielded. Empty when the host resumes: the body has ended.
    pub(crate) output: Slot<Out>,
}

impl<In, Out> Suspender<In, Out> {
    pub(crate) fn new() -> Self {
        Self { context: Cell::new(ptr::null_mut()), input: Slot::empty(), output: Slot::empty() }
    }

    pub(crate) fn context(&self) -> *mut c_void {
        self.context.get()
    }

    pub(crate) fn set_context(&self, context: *mut c_void) {
        self.context.set(context);
    }

    /// Suspends the coroutine: its `resume` returns [`State::Yielded`](crate::State::Yielded) with the value.
    /// Returns what the next `resume` passes.
    ///
    /// If the coroutine is dropped meanwhile, this unwinds the body from here. A body that catches that panic
    /// and suspends again is unwound again. A destructor that suspends while it is unwound so ends the process,
    /// as every panic of a destructor does then.
    ///
    /// # Panics
    /// If another coroutine runs than the one of this suspender.
    #[inline]
    pub fn suspend(&self, value: Out) -> In {
        let running = Running::get();
        if running.context() != self.context.get() {
            wrong_coroutine();
        }
        self.output.put(value);
        // SAFETY: the running context is this coroutine's. Its link is the context that has resumed it, and
        // that one waits in `Raw::switch`, which ignores the value.
        unsafe { running.suspend(ptr::null_mut()) };
        match self.input.take() {
            Some(value) => value,
            None => unwind::cancel(),
        }
    }
}

impl<In, Out> core::fmt::Debug for Suspender<In, Out> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Suspender").finish_non_exhaustive()
    }
}

#[cold]
fn wrong_coroutine() -> ! {
    panic!("a coroutine is suspended while another one runs")
}
