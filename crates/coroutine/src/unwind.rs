//! Panics at the root of a body, and the unwinding of a coroutine that does not come to its end.

#[cfg(feature = "std")]
pub(crate) use with_std::*;
#[cfg(not(feature = "std"))]
pub(crate) use without_std::*;

#[cfg(feature = "std")]
mod with_std {
    use std::any::Any;
    use std::boxed::Box;
    use std::panic::{self, AssertUnwindSafe};

    /// What a panic of a body carries.
    pub(crate) type Payload = Box<dyn Any + Send>;

    /// Carried by the panic that unwinds a coroutine before its end.
    struct Cancelled;

    /// Whether coroutines can be unwound.
    pub(crate) const CAN_CANCEL: bool = true;

    /// Runs a body; its panic is kept.
    pub(crate) fn catch<R>(body: impl FnOnce() -> R) -> Result<R, Payload> {
        // The panic is raised again by `resume`, so whoever sees what the body has left sees the panic first.
        panic::catch_unwind(AssertUnwindSafe(body))
    }

    /// Raises a body's panic again, in its host.
    pub(crate) fn raise_again(payload: Payload) -> ! {
        panic::resume_unwind(payload)
    }

    /// Begins to unwind the running body.
    #[cold]
    pub(crate) fn cancel() -> ! {
        panic::resume_unwind(Box::new(Cancelled))
    }

    /// Whether a panic is that of [`cancel`].
    pub(crate) fn is_cancellation(payload: &Payload) -> bool {
        payload.is::<Cancelled>()
    }

    /// Ends the process, with a line.
    #[cold]
    pub(crate) fn abort(why: &str) -> ! {
        std::eprintln!("stackswitch: {why}");
        std::process::abort()
    }
}

#[cfg(not(feature = "std"))]
mod without_std {
    use core::convert::Infallible;

    /// No panic is kept: it goes through the runtime.
    pub(crate) type Payload = Infallible;

    pub(crate) const CAN_CANCEL: bool = false;

    pub(crate) fn catch<R>(body: impl FnOnce() -> R) -> Result<R, Payload> {
        Ok(body())
    }

    pub(crate) fn raise_again(payload: Payload) -> ! {
        match payload {}
    }

    #[cold]
    pub(crate) fn cancel() -> ! {
        abort("a coroutine was resumed without a value")
    }

    pub(crate) fn is_cancellation(payload: &Payload) -> bool {
        match *payload {}
    }

    /// Ends the process: a panic does not leave a function of C's.
    #[cold]
    pub(crate) fn abort(why: &str) -> ! {
        #[expect(improper_ctypes_definitions, reason = "only this function calls it")]
        extern "C" fn end(why: &str) -> ! {
            panic!("stackswitch: {why}")
        }
        end(why)
    }
}
