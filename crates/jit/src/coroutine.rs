//! IR functions as coroutines that Rust drives.

use std::{
    cell::{Cell, OnceCell},
    ffi::c_void,
    iter::FusedIterator,
    marker::PhantomData,
    ptr::null_mut,
    task::Waker,
};

use stackswitch_rt::{abi, host};

use super::{
    Jit,
    error::Error,
    frame::{End, Frame, Guest},
    protect,
    signature::Signature,
    unwind::catch,
    value::{Value, ValueType},
};

/// What a coroutine that was resumed came back with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State<T> {
    /// It has suspended itself with this value.
    Yielded(T),
    /// Its function has returned this value.
    Returned(T),
}

/// How far a coroutine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Nothing of it has run yet.
    New,
    /// It waits to be resumed.
    Suspended,
    /// It has returned, was cancelled, or was ended by a fault.
    Finished,
}

/// A context that runs an IR function, as a value: see [`Jit::coroutine`].
///
/// As an iterator (with `In = ()`) it gives what the coroutine suspends itself with, until it
/// returns; the value that it returns is not part of that. A fault is the last item.
///
/// Dropping it cancels the coroutine, as [`Coroutine::cancel`] does. What goes wrong then is not
/// told, but for a panic of a host function, which goes on unless the thread is panicking already.
///
/// It belongs to the thread that made it, and lives no longer than the JIT:
///
/// ```compile_fail
/// fn elsewhere(coroutine: stackswitch::jit::Coroutine<'static, (), i64>) {
///     std::thread::spawn(move || drop(coroutine));
/// }
/// ```
pub struct Coroutine<'jit, In: Value, Out: Value> {
    /// Ours, from a box: the context has the address.
    shared: *const Shared,
    jit: PhantomData<&'jit Jit>,
    types: PhantomData<fn(In) -> Out>,
}

/// What the two sides share.
struct Shared {
    frame: Frame,
    /// Set when the context has been made.
    guest: OnceCell<Guest>,
    status: Cell<Status>,
    body: *const (),
    argument: *mut c_void,
}

/// Bodies as they are called: integers and pointers are all words.
type Body<T> = unsafe extern "C-unwind" fn(*mut c_void, T) -> T;

impl Shared {
    /// Calls the body with what the first resume brought, on the coroutine's own context. The
    /// result goes to the host.
    ///
    /// # Safety
    /// The body is one for `T`.
    unsafe fn run<T: Value>(&self, first: T) -> T {
        // SAFETY: the caller vouches for the type.
        let body = unsafe { std::mem::transmute::<*const (), Body<T>>(self.body) };
        // SAFETY: who made the coroutine vouched for the body.
        match catch(|| unsafe { body(self.argument, first) }) {
            Ok(result) => {
                self.status.set(Status::Finished);
                result
            }
            Err(caught) => {
                self.frame.note(caught.into());
                T::from_bits(0)
            }
        }
    }
}

/// A coroutine's function. `T` is a word or a float.
unsafe extern "C-unwind" fn enter<T: Value>(shared: *mut c_void, first: T) -> T {
    // SAFETY: the host keeps what is shared as long as the context exists, and spawned it with
    // the function for its type.
    unsafe { (*shared.cast::<Shared>()).run(first) }
}

impl Jit {
    /// A coroutine that runs the function `name` of a module, which has the type `T (ptr, T)`, with
    /// `argument` and what the first [`Coroutine::resume`] brings. `T` is what `In` and `Out` are
    /// in IR. One of the two may be `()`, if nobody looks at what goes that way: the coroutine gets
    /// zero, or what it gives is dropped. If both are, `T` may be any type that [`Value`] knows.
    ///
    /// Nothing has run when it returns. The context lives on the thread's default regions, as those
    /// that IR spawns with a null base do.
    ///
    /// A runtime error, an overflow of its stack, a panic of a host function and an exception that
    /// leaves the function end the coroutine and come back from the `resume` in which they
    /// happened.
    ///
    /// ```
    /// use std::ptr::null_mut;
    /// use stackswitch::jit::{Jit, State};
    ///
    /// let jit = Jit::builder().build()?;
    /// jit.add_ir("sums.ll", "
    ///     declare i64 @llvm.stackswitch.suspend.i64(i64)
    ///     define i64 @sums(ptr %arg, i64 %first) {
    ///     entry:
    ///       br label %next
    ///     next:
    ///       %sum = phi i64 [ %first, %entry ], [ %more, %next ]
    ///       %got = call i64 @llvm.stackswitch.suspend.i64(i64 %sum)
    ///       %more = add i64 %sum, %got
    ///       %ends = icmp eq i64 %got, 0
    ///       br i1 %ends, label %end, label %next
    ///     end:
    ///       ret i64 %sum
    ///     }")?;
    /// // SAFETY: the function uses nothing but its values.
    /// let mut sums = unsafe { jit.coroutine::<i64, i64>("sums", null_mut())? };
    /// assert_eq!(sums.resume(10)?, State::Yielded(10));
    /// assert_eq!(sums.resume(5)?, State::Yielded(15));
    /// assert_eq!(sums.resume(0)?, State::Returned(15));
    /// assert!(sums.is_done());
    /// # Ok::<(), stackswitch::jit::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::MissingSymbol`]; [`Error::NotBody`] if it is no function of a module with such a
    /// type; [`Error::BodyType`] if `In` or `Out` is not the type that it has; [`Error::Fault`]
    /// if there is no memory for a context.
    ///
    /// # Safety
    /// The function must be sound to run with `argument`, as often as the coroutine is resumed, and
    /// to be unwound where it is suspended. It must leave its own context alone but for switching to
    /// it: the handle is the host's to destroy, and what the context shares with the host cannot be
    /// cloned; neither can contexts that wait in a host function. On a fault its frames, and those
    /// of contexts that it has called, are abandoned without running what they would have dropped.
    pub unsafe fn coroutine<In: Value, Out: Value>(
        &self,
        name: &str,
        argument: *mut c_void,
    ) -> Result<Coroutine<'_, In, Out>, Error> {
        let body = self.address(name)?;
        let found = self.modules.borrow().signature(name).and_then(Signature::body_type);
        let found = found.ok_or_else(|| Error::NotBody(name.to_owned()))?;
        for expected in [In::TYPE, Out::TYPE].into_iter().flatten() {
            if expected != found {
                return Err(Error::BodyType { name: name.to_owned(), found, expected });
            }
        }
        protect::hear();
        let shared = Box::into_raw(Box::new(Shared {
            frame: Frame::new(found),
            guest: OnceCell::new(),
            status: Cell::new(Status::New),
            body,
            argument,
        }));
        let data = shared.cast::<c_void>();
        // SAFETY: what is shared lives until the coroutine is dropped, after its context. The
        // functions are of the type that the spawn is for. A refusal is noted in the frame.
        let (context, shared) = unsafe {
            let context = (*shared).frame.enter(|| match found {
                ValueType::F32 => {
                    abi::stackswitch_spawn_f32(null_mut(), enter::<f32> as *mut c_void, data)
                }
                ValueType::F64 => {
                    abi::stackswitch_spawn_f64(null_mut(), enter::<f64> as *mut c_void, data)
                }
                _ => abi::stackswitch_spawn(null_mut(), enter::<*mut c_void> as *mut c_void, data),
            });
            (context, &*shared)
        };
        if context.is_null() {
            let end = shared.frame.take_end();
            // SAFETY: nobody has got to know it.
            drop(unsafe { Box::from_raw(data.cast::<Shared>()) });
            end.map_or(Err(Error::Left), End::check)?;
            return Err(Error::Left);
        }
        // A call that fails does not take the host's coroutines along.
        // SAFETY: the context is new.
        unsafe { host::keep(context) };
        // SAFETY: both are parts of what is shared.
        unsafe { shared.frame.set_guest(shared.guest.get_or_init(|| Guest::new(context))) };
        Ok(Coroutine { shared, jit: PhantomData, types: PhantomData })
    }
}

impl<In: Value, Out: Value> Coroutine<'_, In, Out> {
    fn shared(&self) -> &Shared {
        // SAFETY: ours until dropped.
        unsafe { &*self.shared }
    }

    /// Runs the coroutine until it suspends itself or returns. What it gets for it is `value`: the
    /// first time as its function's second argument, then as the result of its suspend.
    ///
    /// # Errors
    /// [`Error::Fault`], [`Error::ThreadEnded`], [`Error::Exception`]: the coroutine is finished by
    /// that, without running its cleanups, and others are as they were. [`Error::Finished`] if it
    /// was finished before.
    ///
    /// # Panics
    /// If a host function that it calls panics: the coroutine is cancelled, and the panic goes on
    /// here.
    #[inline]
    pub fn resume(&mut self, value: In) -> Result<State<Out>, Error> {
        let shared = self.shared();
        let Some(guest) = shared.guest.get().filter(|_| shared.status.get() != Status::Finished)
        else {
            return Err(Error::Finished);
        };
        shared.status.set(Status::Suspended);
        let carrier = match (In::TYPE, Out::TYPE) {
            (Some(ty), _) | (_, Some(ty)) => ty,
            (None, None) => shared.frame.carrier(),
        };
        // SAFETY: the context waits for a value of its type, or takes one first.
        let bits = unsafe { shared.frame.enter(|| guest.resume(carrier, value.to_bits())) };
        if shared.frame.has_ended() {
            return Err(self.ended());
        }
        let value = Out::from_bits(bits);
        Ok(match shared.status.get() {
            Status::Finished => State::Returned(value),
            _ => State::Yielded(value),
        })
    }

    /// The error that the coroutine has ended with.
    #[cold]
    fn ended(&mut self) -> Error {
        let end = self.shared().frame.take_end();
        let unwind = matches!(end, Some(End::Panicked(_)));
        if !unwind {
            // It may be one that the coroutine has resumed.
            // SAFETY: only a panic unwinds what was left.
            unsafe { self.shared().frame.abandon_left() };
        }
        self.finish(unwind);
        // What goes wrong in a cleanup is a consequence.
        self.shared().frame.take_end();
        end.map_or(Ok(()), End::check).err().unwrap_or(Error::Left)
    }

    /// Destroys the context, after unwinding it if it has anything to unwind. False if it has not
    /// been unwound all the way.
    fn finish(&mut self, unwind: bool) -> bool {
        let shared = self.shared();
        let before = shared.status.replace(Status::Finished);
        let Some(guest) = shared.guest.get() else { return true };
        protect::hear();
        // SAFETY: the context is not running, as it is not this one.
        unsafe {
            shared.frame.enter(|| {
                if unwind && before == Status::Suspended {
                    guest.cancel(&shared.frame);
                }
                guest.destroy()
            })
        }
    }

    /// Ends the coroutine: if it is suspended, its stack is unwound, so that its cleanups run (the
    /// `cleanup` landing pads of IR, destructors of C++ and of host functions that wait).
    ///
    /// # Errors
    /// [`Error::Fault`] and the like if a cleanup went wrong, [`Error::Unfinished`] if one suspended
    /// the coroutine: further ones have not run. [`Error::Finished`] if it was finished before. The
    /// coroutine is finished in any case.
    ///
    /// # Panics
    /// If a host function that a cleanup calls panics.
    pub fn cancel(&mut self) -> Result<(), Error> {
        if self.is_done() {
            return Err(Error::Finished);
        }
        let whole = self.finish(true);
        if let Some(end) = self.shared().frame.take_end() {
            end.check()?;
        }
        if whole { Ok(()) } else { Err(Error::Unfinished) }
    }

    /// Whether it has finished: it cannot be resumed any more.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.status() == Status::Finished
    }

    /// Says whom host functions can have woken while the coroutine runs.
    pub(super) fn set_waker(&self, waker: Option<&Waker>) {
        if let Some(guest) = self.shared().guest.get() {
            guest.set_waker(waker);
        }
    }

    /// Whether it is suspended in a host function.
    pub(super) fn waits(&self) -> bool {
        self.shared().guest.get().is_some_and(Guest::waits)
    }

    /// How far it is.
    #[must_use]
    pub fn status(&self) -> Status {
        self.shared().status.get()
    }
}

impl<Out: Value> Iterator for Coroutine<'_, (), Out> {
    type Item = Result<Out, Error>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match self.resume(()) {
            Ok(State::Yielded(value)) => Some(Ok(value)),
            Ok(State::Returned(_)) | Err(Error::Finished) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

impl<Out: Value> FusedIterator for Coroutine<'_, (), Out> {}

impl<In: Value, Out: Value> Drop for Coroutine<'_, In, Out> {
    fn drop(&mut self) {
        let _shared = Owned(self.shared);
        self.finish(true);
        if let Some(End::Panicked(payload)) = self.shared().frame.take_end()
            && !std::thread::panicking()
        {
            std::panic::resume_unwind(payload);
        }
    }
}

/// Frees what was shared.
struct Owned(*const Shared);

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: from a box; the context is gone, and the coroutine goes.
        drop(unsafe { Box::from_raw(self.0.cast_mut()) });
    }
}
