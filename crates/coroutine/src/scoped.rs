//! Coroutines that borrow.

use core::fmt;
use core::marker::PhantomData;

use crate::raw::{Finished, Raw, State};
use crate::stack::{Region, Stack};
use crate::suspender::Suspender;

/// A coroutine of a [`scope`]: its body may borrow what outlives the scope.
pub struct Scoped<'scope, In, Out, R> {
    raw: &'scope Raw<In, Out, R>,
    /// No two scopes have the same lifetime, so nobody can exchange their coroutines.
    scope: PhantomData<fn(&'scope ()) -> &'scope ()>,
}

/// Runs `host` with a coroutine whose body may borrow. When `host` has returned or panicked the coroutine is
/// unwound, if it has not ended. Returns what `host` returns.
///
/// ```
/// use stackswitch_coroutine::scope;
///
/// let words = [String::from("one"), String::from("two")];
/// let mut seen = 0;
/// let longest = scope(
///     |suspender, ()| {
///         for word in &words {
///             seen += 1;
///             suspender.suspend(word.as_str());
///         }
///     },
///     |coroutine| coroutine.map(str::len).max(),
/// );
/// assert_eq!((longest, seen), (Some(3), 2));
/// ```
///
/// The coroutine does not leave the scope:
///
/// ```compile_fail
/// use stackswitch_coroutine::scope;
/// let escaped = scope(|_, ()| 1, |coroutine: stackswitch_coroutine::Scoped<'_, (), (), i32>| coroutine);
/// ```
///
/// Nor can it be exchanged with that of another one:
///
/// ```compile_fail
/// use stackswitch_coroutine::{Scoped, scope};
/// scope(|_, ()| 1, |mut outer: Scoped<'_, (), (), i32>| {
///     scope(|_, ()| 2, |mut inner: Scoped<'_, (), (), i32>| std::mem::swap(&mut outer, &mut inner))
/// });
/// ```
///
/// What is passed outlives the scope:
///
/// ```compile_fail,E0597
/// use stackswitch_coroutine::scope;
/// scope(|_, value: &i32| *value, |mut coroutine: stackswitch_coroutine::Scoped<'_, &i32, (), i32>| {
///     let local = 5;
///     coroutine.resume(&local);
/// });
/// ```
///
/// And what the body has borrowed stays borrowed:
///
/// ```compile_fail,E0502
/// use stackswitch_coroutine::scope;
/// let mut counter = 0;
/// scope(|_, ()| counter += 1, |mut coroutine: stackswitch_coroutine::Scoped<'_, (), (), ()>| {
///     println!("{counter}");
///     coroutine.resume(());
/// });
/// ```
///
/// # Panics
/// If there is no memory and the process's error handler of the runtime returns. A panic of a destructor of the
/// body's is raised again here, unless `host` has panicked.
pub fn scope<In, Out, R, F, T>(
    body: F,
    host: impl for<'scope> FnOnce(Scoped<'scope, In, Out, R>) -> T,
) -> T
where
    F: FnOnce(&Suspender<In, Out>, In) -> R,
{
    let region = Region::take(Stack::default());
    let raw = match region.and_then(|region| Raw::new(region, body)) {
        Ok(raw) => raw,
        Err(error) => panic!("{error}"),
    };
    let owner = Owner(raw);
    host(Scoped { raw: &owner.0, scope: PhantomData })
}

/// Unwinds and frees a coroutine.
struct Owner<In, Out, R>(Raw<In, Out, R>);

impl<In, Out, R> Drop for Owner<In, Out, R> {
    fn drop(&mut self) {
        // SAFETY: `&mut self` is unique; the owner goes.
        unsafe { self.0.destroy() };
    }
}

impl<In, Out, R> Scoped<'_, In, Out, R> {
    /// As [`Coroutine::resume`](crate::Coroutine::resume).
    ///
    /// # Panics
    /// If the body has ended already. A panic of the body is raised again here.
    #[inline]
    pub fn resume(&mut self, value: In) -> State<Out, R> {
        match self.try_resume(value) {
            Ok(state) => state,
            Err(finished) => panic!("{finished}"),
        }
    }

    /// As [`Coroutine::try_resume`](crate::Coroutine::try_resume).
    ///
    /// # Errors
    /// [`Finished`] if the body has ended already.
    ///
    /// # Panics
    /// A panic of the body is raised again here.
    #[inline]
    pub fn try_resume(&mut self, value: In) -> Result<State<Out, R>, Finished<In>> {
        // SAFETY: there is one such handle, and `&mut self` is unique. A body that runs was resumed by
        // somebody who has it meanwhile.
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

    /// As [`Coroutine::cancel`](crate::Coroutine::cancel).
    ///
    /// # Panics
    /// A panic of a destructor of the body's is raised again here.
    pub fn cancel(&mut self) {
        // SAFETY: as for `try_resume`.
        unsafe { self.raw.cancel() }
    }
}

/// Ends when the body does; what the body returns is dropped.
impl<Out, R> Iterator for Scoped<'_, (), Out, R> {
    type Item = Out;

    fn next(&mut self) -> Option<Out> {
        self.try_resume(()).ok()?.yielded()
    }
}

impl<Out, R> core::iter::FusedIterator for Scoped<'_, (), Out, R> {}

impl<In, Out, R> fmt::Debug for Scoped<'_, In, Out, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scoped")
            .field("has_begun", &self.has_begun())
            .field("is_done", &self.is_done())
            .finish_non_exhaustive()
    }
}
