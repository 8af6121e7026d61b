//! Rust closures that IR calls.

use std::{fmt::Write, io::Write as _};

use super::{
    Jit,
    error::Error,
    frame,
    value::{Value, ValueType},
};

/// Closures that IR can call: `Fn` with up to eight parameters that are [`Value`]s (but not `()`)
/// and a result that is one.
pub trait HostFn<Arguments>: 'static + sealed::Sealed<Arguments> {
    /// The types of IR that the function has there: parameters and result, with the attributes by
    /// which C extends small integers.
    #[doc(hidden)]
    fn signature() -> Signature;
    /// The address of the function that IR calls, with what was registered before the arguments.
    #[doc(hidden)]
    fn entry() -> *const ();
}

mod sealed {
    /// Only this crate knows how to call closures.
    pub trait Sealed<Arguments> {}
}

/// Each type with its attribute.
#[doc(hidden)]
pub struct Signature {
    parameters: Vec<(ValueType, &'static str)>,
    result: Option<(ValueType, &'static str)>,
}

/// A registered closure.
struct Host<F> {
    function: F,
    /// Whose it is: closures need not be fit for other threads.
    thread: *const (),
}

impl<F> Host<F> {
    /// Calls the closure where guest code has called it.
    fn call<R>(&self, work: impl FnOnce(&F) -> R) -> R {
        if self.thread != frame::thread_mark() {
            // Nothing is left to tell it to, if stderr is closed.
            let _ = writeln!(
                std::io::stderr(),
                "stackswitch: a host function was called on another thread than its JIT's"
            );
            std::process::abort();
        }
        frame::run_host_function(|| work(&self.function))
    }
}

macro_rules! host_functions {
    ($($argument:ident $value:ident),*) => {
        impl<F, R, $($argument),*> sealed::Sealed<($($argument,)*)> for F
        where F: Fn($($argument),*) -> R + 'static, R: Value, $($argument: Value),* {}

        impl<F, R, $($argument),*> HostFn<($($argument,)*)> for F
        where
            F: Fn($($argument),*) -> R + 'static,
            R: Value,
            $($argument: Value),*
        {
            fn signature() -> Signature {
                $(const { assert!($argument::TYPE.is_some(), "a parameter of the type ()") };)*
                Signature {
                    parameters: [$(($argument::TYPE, $argument::EXTENSION)),*]
                        .into_iter()
                        .filter_map(|(ty, extension): (Option<ValueType>, _)| Some((ty?, extension)))
                        .collect(),
                    result: R::TYPE.map(|ty| (ty, R::EXTENSION)),
                }
            }

            fn entry() -> *const () {
                unsafe extern "C-unwind" fn entry<F, R, $($argument),*>(
                    host: *const Host<F>,
                    $($value: $argument),*
                ) -> R
                where
                    F: Fn($($argument),*) -> R + 'static,
                    R: Value,
                    $($argument: Value),*
                {
                    // SAFETY: the JIT keeps what it has registered as long as its code.
                    unsafe { &*host }.call(|function| function($($value),*))
                }
                entry::<F, R, $($argument),*> as *const ()
            }
        }
    };
}
host_functions!();
host_functions!(A a);
host_functions!(A a, B b);
host_functions!(A a, B b, C c);
host_functions!(A a, B b, C c, D d);
host_functions!(A a, B b, C c, D d, E e);
host_functions!(A a, B b, C c, D d, E e, G g);
host_functions!(A a, B b, C c, D d, E e, G g, H h);
host_functions!(A a, B b, C c, D d, E e, G g, H h, I i);

impl Jit {
    /// Gives IR a closure to call, as a function of this name. IR declares it with the types that
    /// the closure's are in IR ([`Value`]; a closure that returns `()` is a `void` function).
    ///
    /// ```
    /// use std::{cell::Cell, ptr::null_mut, rc::Rc};
    /// use stackswitch::jit::Jit;
    ///
    /// let jit = Jit::builder().build()?;
    /// let sum = Rc::new(Cell::new(0));
    /// let shared = sum.clone();
    /// jit.host_fn("add", move |x: i64| shared.set(shared.get() + x))?;
    /// jit.add_ir("adds.ll", "
    ///     declare void @add(i64)
    ///     define i64 @adds() {
    ///       call void @add(i64 40)
    ///       call void @add(i64 2)
    ///       ret i64 0
    ///     }")?;
    /// let adds = jit.function::<unsafe extern "C" fn() -> i64>("adds")?;
    /// // SAFETY: it only calls the closure, which it declares as that is.
    /// unsafe { jit.call(|| adds())? };
    /// assert_eq!(sum.get(), 42);
    /// # Ok::<(), stackswitch::jit::Error>(())
    /// ```
    ///
    /// **Panics** do not unwind the guest's frames. If one leaves the closure, the innermost
    /// [`Jit::call`] or [`Coroutine::resume`](super::Coroutine::resume) that runs the guest ends
    /// the guest, and the panic goes on there. A coroutine is cancelled, so that its cleanups run;
    /// what a protected call runs is abandoned as on a fault. So is a foreign exception, as of
    /// C++, that leaves the closure, which comes back as [`Error::Exception`]. If there is no such
    /// call, the process prints a message and aborts; so it does when the guest calls the closure
    /// on another thread than the JIT's.
    ///
    /// The closure may run other guests, and have the coroutine that calls it wait: see
    /// [`suspend`] and [`Jit::host_async_fn`].
    ///
    /// # Errors
    /// [`Error::HostName`] if the name is not one, [`Error::Duplicate`] if it is defined already.
    pub fn host_fn<F, Arguments>(&self, name: &str, function: F) -> Result<(), Error>
    where
        F: HostFn<Arguments>,
    {
        if name.is_empty() || name.contains(['"', '\\']) || name.contains(char::is_control) {
            return Err(Error::HostName(name.to_owned()));
        }
        let host = Box::new(Host { function, thread: frame::thread_mark() });
        let address = std::ptr::from_ref(&*host).expose_provenance();
        let text = thunk(name, &F::signature(), F::entry().expose_provenance(), address);
        self.add_ir(name, &text)?;
        self.hosts.borrow_mut().push(host);
        Ok(())
    }
}

/// The module of a function that calls `entry` with `host` before its own arguments.
fn thunk(name: &str, signature: &Signature, entry: usize, host: usize) -> String {
    let mut parameters = String::new();
    let mut arguments = format!("ptr inttoptr (i64 {host} to ptr)");
    for (i, (ty, extension)) in signature.parameters.iter().enumerate() {
        let comma = if i == 0 { "" } else { ", " };
        // Writing to a string does not fail.
        let _ = write!(parameters, "{comma}{ty} %{i}");
        let _ = write!(arguments, ", {ty} {extension} %{i}");
    }
    let (result, call, back) = match signature.result {
        Some((ty, extension)) => {
            (ty.to_string(), format!("%r = call {extension} {ty}"), format!("{ty} %r"))
        }
        None => ("void".to_owned(), "call void".to_owned(), "void".to_owned()),
    };
    format!(
        "define {result} @\"{name}\"({parameters}) {{\n  \
         {call} inttoptr (i64 {entry} to ptr)({arguments})\n  ret {back}\n}}\n"
    )
}

/// Why a host function cannot have the guest wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SuspendError {
    /// It was not called by a coroutine that the host drives, or through a protected call in one.
    #[error("no coroutine of the host's calls this function")]
    NotACoroutine,
    /// The coroutine's values are of another type.
    #[error("the coroutine's values are {found}, not {expected}")]
    Type {
        /// The IR type of the coroutine's values.
        found: ValueType,
        /// The IR type of the one that was given.
        expected: ValueType,
    },
    /// The coroutine is being cancelled: what waits now would wait for ever.
    #[error("the coroutine is being cancelled")]
    Cancelled,
}

/// Suspends the coroutine that has called this host function, with a value: the `resume` that runs
/// it comes back with [`State::Yielded`](super::State::Yielded). Returns what it is resumed with
/// next. `()` fits every coroutine. It may be called in a context that the coroutine's IR has
/// spawned; then the coroutine is suspended as a whole.
///
/// If the coroutine is cancelled meanwhile, the function is unwound from here, as by a panic, so
/// that what it holds is dropped.
///
/// ```
/// use std::ptr::null_mut;
/// use stackswitch::jit::{Jit, suspend};
///
/// let jit = Jit::builder().build()?;
/// jit.host_fn("twice", |x: i64| {
///     for _ in 0..2 {
///         // SAFETY: nobody has an address of something on this stack.
///         unsafe { suspend(x) }.expect("called by a coroutine");
///     }
/// })?;
/// jit.add_ir("numbers.ll", "
///     declare void @twice(i64)
///     define i64 @numbers(ptr %arg, i64 %first) {
///       call void @twice(i64 7)
///       call void @twice(i64 8)
///       ret i64 0
///     }")?;
/// // SAFETY: the function only calls the closure.
/// let numbers = unsafe { jit.coroutine::<(), i64>("numbers", null_mut())? };
/// assert_eq!(numbers.collect::<Result<Vec<_>, _>>()?, [7, 7, 8, 8]);
/// # Ok::<(), stackswitch::jit::Error>(())
/// ```
///
/// # Errors
/// [`SuspendError`]; nothing has been suspended.
///
/// # Safety
/// Until it returns nobody may use an address of something on the stack of the calling context,
/// which includes the variables of the calling functions: other contexts may be in its place
/// meanwhile. Scoped threads, and what else lends out local variables, must not be in between.
pub unsafe fn suspend<T: Value>(value: T) -> Result<T, SuspendError> {
    // SAFETY: the frame lasts as long as the coroutine that runs.
    let frame = unsafe { frame::top() }.ok_or(SuspendError::NotACoroutine)?;
    let guest = frame.guest().ok_or(SuspendError::NotACoroutine)?;
    let found = frame.carrier();
    if let Some(expected) = T::TYPE.filter(|ty| *ty != found) {
        return Err(SuspendError::Type { found, expected });
    }
    if guest.is_cancelled() {
        return Err(SuspendError::Cancelled);
    }
    // SAFETY: as the caller's.
    Ok(T::from_bits(unsafe { guest.wait(frame, value.to_bits()) }))
}
