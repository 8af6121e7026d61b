//! IR functions as futures, and futures that IR awaits.

use std::{
    ffi::c_void,
    pin::Pin,
    task::{Context, Poll},
};

use super::{
    Jit,
    coroutine::{Coroutine, State},
    error::Error,
    frame,
    value::Value,
};

/// A coroutine that is a future: see [`Jit::task`].
pub struct Task<'jit, Out: Value>(Coroutine<'jit, (), Out>);

impl Jit {
    /// A future that runs the function `name` of a module, of the type `T (ptr, T)`, as a coroutine,
    /// and gives what it returns. `T` is what `Out` is in IR.
    ///
    /// Where the function calls one that [`Jit::host_async_fn`] has registered, the task waits
    /// until that one's future is ready. Where it suspends itself, it lets other tasks run first;
    /// the value is dropped, and zero comes back. Any executor will do that polls on the thread
    /// that made the task. Dropping a task cancels it.
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
    /// As [`Jit::coroutine`]. Those of running it are the future's: see
    /// [`Coroutine::resume`].
    ///
    /// # Safety
    /// As [`Jit::coroutine`].
    pub unsafe fn task<Out: Value>(
        &self,
        name: &str,
        argument: *mut c_void,
    ) -> Result<Task<'_, Out>, Error> {
        // SAFETY: as the caller's.
        Ok(Task(unsafe { self.coroutine(name, argument)? }))
    }

    /// Gives IR an asynchronous closure to call, as a function of this name that returns what the
    /// future gives. IR may call it in a [`Jit::task`], which waits for the future; calls elsewhere
    /// are a panic, as of a host function: see [`Jit::host_fn`]. In a context that the task's IR has
    /// spawned the task waits as a whole.
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

/// Has the task that calls this host function wait for a future.
///
/// # Panics
/// If no task calls, or it is being cancelled.
fn wait<F: Future>(future: F) -> F::Output {
    // SAFETY: the frame lasts as long as the coroutine that runs.
    let task = unsafe { frame::top() }.and_then(|frame| Some((frame, frame.guest()?)));
    // On the heap: others may use addresses in it while this stack is displaced.
    let mut future = Box::pin(future);
    loop {
        let Some((frame, guest, waker)) =
            task.and_then(|(frame, guest)| Some((frame, guest, guest.waker()?)))
        else {
            panic!("a host function has a future to wait for, and no task calls it");
        };
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        drop(waker);
        assert!(!guest.is_cancelled(), "a cancelled task cannot wait for a future");
        // SAFETY: this function's callers are the closure's entry, and the future is on the heap:
        // nobody has an address of this stack.
        unsafe { guest.wait(frame, 0) };
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
