//! Coroutines that own what their bodies use.

use core::fmt;

use crate::raw::{Finished, Raw, State};
use crate::stack::{OutOfMemory, Region, Stack};
use crate::suspender::Suspender;

/// A closure that can suspend: it is passed `In` values, yields `Out` values and returns an `R`.
///
/// It owns all that its body uses: a coroutine that is forgotten
/// ([`mem::forget`](core::mem::forget)) is never unwound, so the body must not have borrowed anything.
/// [`scope`](crate::scope) is for bodies that borrow.
///
/// ```compile_fail,E0373
/// let local = 5;
/// let coroutine = stackswitch_coroutine::Coroutine::<(), (), i32>::new(|_, ()| local + 1);
/// ```
///
/// ```compile_fail,E0597
/// let local = 5;
/// let reference = &local;
/// let coroutine = stackswitch_coroutine::Coroutine::<(), (), i32>::new(move |_, ()| *reference);
/// ```
///
/// Nor may the values that are passed and yielded be borrowed:
///
/// ```compile_fail,E0597
/// let mut coroutine = stackswitch_coroutine::Coroutine::new(|_, value: &i32| *value);
/// let local = 5;
/// coroutine.resume(&local);
/// ```
///
/// The suspender does not leave the body:
///
/// ```compile_fail
/// use stackswitch_coroutine::{Coroutine, Suspender};
/// let coroutine = Coroutine::<(), (), &Suspender<(), ()>>::new(|suspender, ()| suspender);
/// ```
pub struct Coroutine<In, Out, R> {
    raw: Raw<In, Out, R>,
}

impl<In: 'static, Out: 'static, R: 'static> Coroutine<In, Out, R> {
    /// A coroutine on a stack of its own of the default size. The body begins at the first `resume`.
    ///
    /// # Panics
    /// If there is no memory and the process's error handler of the runtime returns. (The default handler
    /// ends the process.)
    pub fn new<F>(body: F) -> Self
    where
        F: FnOnce(&Suspender<In, Out>, In) -> R + 'static,
    {
        match Self::with_stack(Stack::default(), body) {
            Ok(coroutine) => coroutine,
            Err(error) => panic!("{error}"),
        }
    }

    /// A coroutine on a stack of its own.
    ///
    /// # Errors
    /// [`OutOfMemory`], if the process's error handler of the runtime returns.
    pub fn with_stack<F>(stack: Stack, body: F) -> Result<Self, OutOfMemory>
    where
        F: FnOnce(&Suspender<In, Out>, In) -> R + 'static,
    {
        Ok(Self { raw: Raw::new(Region::take(stack)?, body)? })
    }

    /// A coroutine that is sliced: it shares a region of stack with other contexts of the thread. While
    /// another one needs the place, what this one has there is on the heap. A suspended coroutine then takes
    /// the bytes that it has on the stack, and no page.
    ///
    /// # Errors
    /// [`OutOfMemory`], if the process's error handler of the runtime returns.
    ///
    /// # Safety
    /// While the coroutine does not run, that is while it is suspended and while it waits for another one that
    /// it has resumed, nobody else accesses a local variable of its body's or of a function that the body
    /// calls: not the host, not another coroutine, not another thread, not the kernel. So the body must not
    /// suspend or resume inside of [`std::thread::scope`](https://doc.rust-lang.org/std/thread/fn.scope.html),
    /// and must not lend its locals to a coroutine that it resumes, to a value that it yields, or to a list that
    /// others walk. What is on the heap may be lent.
    pub unsafe fn sliced<F>(body: F) -> Result<Self, OutOfMemory>
    where
        F: FnOnce(&Suspender<In, Out>, In) -> R + 'static,
    {
        Ok(Self { raw: Raw::new(Region::SHARED, body)? })
    }
}

impl<In, Out, R> Coroutine<In, Out, R> {
    /// Runs the body until it suspends or returns. The first value is the body's argument, later ones are
    /// what `suspend` returns.
    ///
    /// # Panics
    /// If the body has ended already. A panic of the body is raised again here.
    #[inline]
    pub fn resume(&mut self, value: In) -> State<Out, R> {
        match self.try_resume(value) {
            Ok(state) => state,
            Err(_) => resumed_at_end(),
        }
    }

    /// Runs the body until it suspends or returns.
    ///
    /// # Errors
    /// [`Finished`] if the body has ended already.
    ///
    /// # Panics
    /// A panic of the body is raised again here.
    #[inline]
    pub fn try_resume(&mut self, value: In) -> Result<State<Out, R>, Finished<In>> {
        // SAFETY: `&mut self` is unique. A body that runs was resumed by somebody who has it meanwhile.
        unsafe { self.raw.resume(value) }
    }

    /// Whether the body has begun.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.raw.has_begun()
    }

    /// Whether the body has ended: it has returned, panicked or been cancelled.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.raw.is_done()
    }

    /// Unwinds the body, so that its destructors run. One that has not begun is dropped. Dropping the coroutine
    /// does the same.
    ///
    /// # Panics
    /// A panic of a destructor of the body's is raised again here.
    pub fn cancel(&mut self) {
        // SAFETY: as for `try_resume`.
        unsafe { self.raw.cancel() }
    }
}

/// Ends when the body does; what the body returns is dropped.
impl<Out, R> Iterator for Coroutine<(), Out, R> {
    type Item = Out;

    fn next(&mut self) -> Option<Out> {
        self.try_resume(()).ok()?.yielded()
    }
}

impl<Out, R> core::iter::FusedIterator for Coroutine<(), Out, R> {}

impl<In, Out, R> Drop for Coroutine<In, Out, R> {
    fn drop(&mut self) {
        // SAFETY: as for `try_resume`; the owner goes.
        unsafe { self.raw.destroy() };
    }
}

impl<In, Out, R> fmt::Debug for Coroutine<In, Out, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coroutine")
            .field("has_begun", &self.has_begun())
            .field("is_done", &self.is_done())
            .finish_non_exhaustive()
    }
}

#[cold]
fn resumed_at_end() -> ! {
    panic!("a coroutine is resumed whose body has ended")
}
