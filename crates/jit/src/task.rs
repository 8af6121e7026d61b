//! IR functions as futures, and futures that IR waits for.

use std::{
    ffi::c_void,
    pin::Pin,
    task::{Context, Poll},
};

use crate::{
    coroutine::{Coroutine, State},
    error::Error,
    guest_run,
    jit::Jit,
    value::Value,
};

/// A coroutine as a future: see [`Jit::task`].
pub struct Task<'jit, Out: Value>(Coroutine<'jit, (), Out>);

impl Jit {
    /// A future that runs the function `name` of a module as a coroutine. The function has the type
    /// `T (ptr, T)`, where `T` is `Out` in IR. The future's output is the function's result.
    ///
    /// When the function calls a function of [`Jit::host_async_fn`], the task waits until its future is
    /// ready. When the function suspends itself, other tasks run first; the value is dropped, and the
    /// suspend returns zero. The executor must poll on the thread that made the task. Dropping a task
    /// cancels it.
    ///
    /// ```
    /// use std::{future::ready, pin::pin, ptr::null_mut, task::{Context, Poll, Waker}};
    /// use stackswitch::jit::Jit;
    ///
    /// let jit = Jit::builder().build()?;
    /// jit.host_async_fn("fetch", |key: i64| ready(key * 10))?;
    /// jit.add_ir("main.ll", "
    ///     declare i64 @fetch(i64)
    ///     define i64 @main(ptr %arg, i64 %first) {
    ///       %a = call i64 @fetch(i64 1)
    ///       %b = call i64 @fetch(i64 %a)
    ///       ret i64 %b
    ///     }")?;
    /// // SAFETY: the function only calls the closure.
    /// let mut task = pin!(unsafe { jit.task::<i64>("main", null_mut())? });
    /// let Poll::Ready(result) = task.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
    ///     panic!("nothing to wait for");
    /// };
    /// assert_eq!(result?, 100);
    /// # Ok::<(), stackswitch::jit::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Jit::coroutine`]. The errors of [`Coroutine::resume`] are the future's output.
    ///
    /// # Safety
    /// As [`Jit::coroutine`].
    pub unsafe fn task<Out: Value>(
        &self,
        name: &str,
        argument: *mut c_void,
    ) -> Result<Task<'_, Out>, Error> {
        // SAFETY: the caller guarantees the same as for a coroutine.
        Ok(Task(unsafe { self.coroutine(name, argument)? }))
    }

    /// Defines a function of this name that calls an asynchronous closure and returns the output of its
    /// future. IR may call it in a [`Jit::task`], which waits for the future; elsewhere the call panics,
    /// as a host function may: see [`Jit::host_fn`]. If a context that the task has spawned calls it, the
    /// whole task waits.
    ///
    /// # Errors
    /// As [`Jit::host_fn`].
    pub fn host_async_fn<F, Arguments>(&self, name: &str, function: F) -> Result<(), Error>
    where
        F: HostAsyncFn<Arguments>,
    {
        function.register(self, name)
    }
}

impl<Out: Value> Future for Task<'_, Out> {
    type Output = Result<Out, Error>;

    /// # Panics
    /// As [`Coroutine::resume`].
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let coroutine = &mut self.0;
        coroutine.set_waker(Some(context.waker()));
        let resumed = coroutine.resume(());
        coroutine.set_waker(None);
        match resumed {
            Ok(State::Returned(value)) => Poll::Ready(Ok(value)),
            Err(error) => Poll::Ready(Err(error)),
            Ok(State::Yielded(_)) => {
                if !coroutine.waits() {
                    context.waker().wake_by_ref();
                }
                Poll::Pending
            }
        }
    }
}

/// Suspends the task that calls this host function until a future is ready; returns its output.
///
/// # Panics
/// If no task calls the function, or the task is being cancelled.
fn wait<F: Future>(future: F) -> F::Output {
    // SAFETY: the run lasts as long as the coroutine, which calls this function.
    let run = unsafe { guest_run::innermost() };
    let task = run.and_then(|run| Some((run, run.coroutine()?)));
    // On the heap: wakers and I/O may use addresses in it while this stack is displaced.
    let mut future = Box::pin(future);
    loop {
        let Some((run, coroutine, waker)) =
            task.and_then(|(run, coroutine)| Some((run, coroutine, coroutine.waker()?)))
        else {
            panic!("a host function has a future to wait for, and no task calls it");
        };
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        drop(waker);
        assert!(!coroutine.is_cancelled(), "a cancelled task cannot wait for a future");
        // SAFETY: the run is the innermost one, and the coroutine is its. This function is called by the
        // closure's entry, and the future is on the heap, so nobody has an address of this stack.
        unsafe { coroutine.wait(run, 0) };
    }
}

/// Closures that IR can call and that return futures: `Fn` with up to eight parameters that are
/// [`Value`]s (but not `()`), with a result whose output is one.
pub trait HostAsyncFn<Arguments>: sealed::Sealed<Arguments> {
    #[doc(hidden)]
    fn register(self, jit: &Jit, name: &str) -> Result<(), Error>;
}

mod sealed {
    /// Only this crate knows how to call closures.
    pub trait Sealed<Arguments> {}
}

macro_rules! host_async_functions {
    ($($argument:ident $value:ident),*) => {
        impl<F, R, $($argument),*> sealed::Sealed<($($argument,)*)> for F
        where F: Fn($($argument),*) -> R + 'static, R: Future<Output: Value> {}

        impl<F, R, $($argument),*> HostAsyncFn<($($argument,)*)> for F
        where
            F: Fn($($argument),*) -> R + 'static,
            R: Future<Output: Value>,
            $($argument: Value),*
        {
            fn register(self, jit: &Jit, name: &str) -> Result<(), Error> {
                jit.host_fn(name, move |$($value: $argument),*| wait(self($($value),*)))
            }
        }
    };
}
host_async_functions!();
host_async_functions!(A a);
host_async_functions!(A a, B b);
host_async_functions!(A a, B b, C c);
host_async_functions!(A a, B b, C c, D d);
host_async_functions!(A a, B b, C c, D d, E e);
host_async_functions!(A a, B b, C c, D d, E e, G g);
host_async_functions!(A a, B b, C c, D d, E e, G g, H h);
host_async_functions!(A a, B b, C c, D d, E e, G g, H h, I i);
