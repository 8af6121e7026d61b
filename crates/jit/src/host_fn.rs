//! Rust closures that IR calls.

use std::fmt::Write;

use crate::{
    abort::abort_with,
    error::Error,
    guest_run,
    jit::Jit,
    value::{Value, ValueType},
};

/// Closures that IR can call: `Fn` with up to eight parameters that are [`Value`]s (but not `()`)
/// and a result that is one.
pub trait HostFn<Arguments>: 'static + sealed::Sealed<Arguments> {
    /// The IR types of parameters and result, with the attributes by which C extends small integers.
    #[doc(hidden)]
    fn signature() -> Signature;
    /// The address of the function that IR calls. Its first argument is the registered closure.
    #[doc(hidden)]
    fn entry() -> *const ();
}

mod sealed {
    /// Only this crate knows how to call closures.
    pub trait Sealed<Arguments> {}
}

/// The IR types of parameters and result, each with its attribute.
#[doc(hidden)]
pub struct Signature {
    parameters: Vec<(ValueType, &'static str)>,
    result: Option<(ValueType, &'static str)>,
}

/// A registered closure.
struct Host<F> {
    function: F,
    /// The thread that registered it, the only one that may call it: a closure need not be `Sync`.
    thread: *const (),
}

impl<F> Host<F> {
    /// Calls the closure on the stack of the guest that has called it.
    fn call<R>(&self, work: impl FnOnce(&F) -> R) -> R {
        if self.thread != guest_run::thread_mark() {
            abort_with(&["a host function was called on another thread than its JIT's"]);
        }
        guest_run::run_host_function(|| work(&self.function))
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
                    // SAFETY: the session keeps the closure as long as its code.
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
    /// Defines a function of this name that calls a closure. IR declares it with the types that correspond
    /// to the closure's ([`Value`]; a closure that returns `()` is a `void` function).
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
    /// **Panics** do not unwind the guest's frames. If a panic leaves the closure, the innermost
    /// [`Jit::call`] or [`Coroutine::resume`](crate::Coroutine::resume) that runs the guest ends the guest,
    /// and the panic continues there. A coroutine is cancelled, so that its cleanups run; the frames of a
    /// protected call are abandoned as on a fault. A foreign exception, as of C++, that leaves the closure
    /// ends the guest like a fault, with [`Error::Exception`]. Without such a call the process prints a
    /// message and aborts; it does so too if the guest calls the closure on another thread than the JIT's.
    ///
    /// **The closure's frames are never abandoned**: it may hold locks, and lend its variables to scoped
    /// threads.
    /// - An overflow of the stack in the closure, or in a function that it calls, ends the process with one
    ///   line on stderr. So does a fault in code that the closure calls directly (by a
    ///   [`Function`](crate::Function)) rather than by [`Jit::call`] or a coroutine.
    /// - While the closure runs, a coroutine that would displace its stack is not resumed:
    ///   [`Error::WouldDisplace`]. Code that the closure calls by a `Function` or in [`Jit::call`] may
    ///   displace the closure's stack by resuming other contexts; callers of that unsafe code must not have
    ///   lent variables meanwhile.
    ///
    /// The closure may run other guests, and suspend the coroutine that calls it: see [`suspend`] and
    /// [`Jit::host_async_fn`].
    ///
    /// # Errors
    /// [`Error::HostName`] if the name is empty or cannot be written in IR, [`Error::Duplicate`] if it is
    /// defined already.
    pub fn host_fn<F, Arguments>(&self, name: &str, function: F) -> Result<(), Error>
    where
        F: HostFn<Arguments>,
    {
        if name.is_empty() || name.contains(['"', '\\']) || name.contains(char::is_control) {
            return Err(Error::HostName(name.to_owned()));
        }
        let host = Box::new(Host { function, thread: guest_run::thread_mark() });
        let address = std::ptr::from_ref(&*host).expose_provenance();
        let text = thunk(name, &F::signature(), F::entry().expose_provenance(), address);
        self.add_ir(name, &text)?;
        self.session.keep(host);
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

/// Why a host function cannot suspend the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SuspendError {
    /// The caller is not a coroutine of the host's, or a protected call is in between.
    #[error("no coroutine of the host's calls this function")]
    NotACoroutine,
    /// The coroutine's values are of another type.
    #[error("the coroutine's values are {found}, not {expected}")]
    Type {
        /// The IR type of the coroutine's values.
        found: ValueType,
        /// The IR type of the value that was given.
        expected: ValueType,
    },
    /// The coroutine is being cancelled, so nobody would resume it.
    #[error("the coroutine is being cancelled")]
    Cancelled,
}

/// Suspends the coroutine that has called this host function: its `resume` returns the value as
/// [`State::Yielded`](crate::State::Yielded). Returns the value that the coroutine is resumed with next.
/// `()` fits every coroutine. If a context that the coroutine has spawned calls this, the coroutine is
/// suspended as a whole.
///
/// If the coroutine is cancelled meanwhile, the function is unwound from here, as by a panic, so that its
/// variables are dropped.
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
/// Until it returns nobody may use the address of a variable on the calling context's stack, which includes
/// the variables of the calling functions: the stack may be displaced. So no scoped thread may be running,
/// and no variable of the calling functions may be lent in another way.
pub unsafe fn suspend<T: Value>(value: T) -> Result<T, SuspendError> {
    // SAFETY: the run lasts as long as the coroutine, which calls this function.
    let run = unsafe { guest_run::innermost() }.ok_or(SuspendError::NotACoroutine)?;
    let coroutine = run.coroutine().ok_or(SuspendError::NotACoroutine)?;
    let found = run.value_type();
    if let Some(expected) = T::TYPE.filter(|ty| *ty != found) {
        return Err(SuspendError::Type { found, expected });
    }
    if coroutine.is_cancelled() {
        return Err(SuspendError::Cancelled);
    }
    // SAFETY: the run is the innermost one, and the coroutine is its. The caller guarantees that nobody
    // uses addresses of the stack.
    Ok(T::from_bits(unsafe { coroutine.wait(run, value.to_bits()) }))
}
