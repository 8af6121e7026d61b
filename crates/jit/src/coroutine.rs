//! IR functions as coroutines that Rust resumes.

use std::{
    cell::Cell, ffi::c_void, iter::FusedIterator, marker::PhantomData, ptr::null_mut, task::Waker,
};

use stackswitch_rt::{
    abi,
    host::{self, Running},
};

use crate::{
    catch::catch,
    error::Error,
    faults::reset_error_handler,
    guest_run::{self, CoroutineContext, End, GuestRun},
    held_regions,
    jit::Jit,
    protected_call::REGION,
    signature::Signature,
    value::{Value, ValueType},
};

/// How a coroutine has answered a resume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State<T> {
    /// It has suspended itself with this value.
    Yielded(T),
    /// Its function has returned this value.
    Returned(T),
}

/// The state of a coroutine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It has not begun.
    New,
    /// It waits to be resumed.
    Suspended,
    /// It has returned, was cancelled, or was ended by a fault.
    Finished,
}

/// A context that runs an IR function: see [`Jit::coroutine`].
///
/// As an iterator (with `In = ()`) it yields the values with which the coroutine suspends itself. The value
/// that it returns is not an item. A fault is the last item.
///
/// Dropping it cancels the coroutine, as [`Coroutine::cancel`] does, and ignores errors. A panic of a host
/// function continues, unless the thread is panicking already. If cancelling would displace the stack of a
/// running host function ([`Error::WouldDisplace`]), the coroutine is leaked: its cleanups do not run, and
/// its memory stays until the thread ends.
///
/// It belongs to the thread that made it, and lives no longer than the JIT:
///
/// ```compile_fail
/// fn elsewhere(coroutine: stackswitch::jit::Coroutine<'static, (), i64>) {
///     std::thread::spawn(move || drop(coroutine));
/// }
/// ```
pub struct Coroutine<'jit, In: Value, Out: Value> {
    /// From a box that the coroutine owns. The context has the address.
    shared: *const Shared,
    jit: PhantomData<&'jit Jit>,
    types: PhantomData<fn(In) -> Out>,
}

/// The data that host and coroutine share. The run has the same address, so that a resume computes none.
#[repr(C)]
struct Shared {
    run: GuestRun,
    /// Its context is null until it is spawned.
    context: CoroutineContext,
    /// The coroutine's own base; null if it is on the thread's default regions.
    base: Cell<*mut c_void>,
    status: Cell<Status>,
    body: *const (),
    argument: *mut c_void,
}

/// The type by which bodies are called: integers and pointers are all words.
type Body<T> = unsafe extern "C-unwind" fn(*mut c_void, T) -> T;

impl Shared {
    /// Calls the body with the value of the first resume, on the coroutine's context. The result goes to
    /// the host.
    ///
    /// # Safety
    /// The body is one for `T`.
    unsafe fn run_body<T: Value>(&self, first: T) -> T {
        // SAFETY: the caller guarantees a body of this type.
        let body = unsafe { std::mem::transmute::<*const (), Body<T>>(self.body) };
        // SAFETY: the caller of `Jit::coroutine` has guaranteed that the body is sound to run.
        match catch(|| unsafe { body(self.argument, first) }) {
            Ok(result) => {
                self.context.forbid_quick_resumes();
                self.status.set(Status::Finished);
                result
            }
            Err(caught) => {
                self.run.record_end(caught.into());
                T::from_bits(0)
            }
        }
    }

    /// Spawns the context on a base; null for the default regions. Null if the runtime refuses, which is
    /// recorded in the run.
    ///
    /// # Safety
    /// What is shared stays in place as long as the context exists. `base` is null or a base of this thread.
    unsafe fn spawn(&self, base: *mut c_void) -> *mut c_void {
        let data = std::ptr::from_ref(self).cast_mut().cast::<c_void>();
        // SAFETY: each function is one for the type that its spawn is for. The caller guarantees the rest.
        let context = unsafe {
            match self.run.value_type() {
                ValueType::F32 => {
                    abi::stackswitch_spawn_f32(base, enter::<f32> as *mut c_void, data)
                }
                ValueType::F64 => {
                    abi::stackswitch_spawn_f64(base, enter::<f64> as *mut c_void, data)
                }
                _ => abi::stackswitch_spawn(base, enter::<*mut c_void> as *mut c_void, data),
            }
        };
        if !context.is_null() {
            // A failed call must not discard the host's coroutines.
            // SAFETY: the context is new and this thread's.
            unsafe { host::keep(context) };
        }
        context
    }

    /// Moves a coroutine that has not begun to a region of its own. False if the runtime refuses, which is
    /// recorded in the run.
    ///
    /// # Safety
    /// As for [`Shared::spawn`].
    unsafe fn move_to_own_region(&self) -> bool {
        // SAFETY: the context has not begun, so nothing refers to its stack. The base is new.
        unsafe {
            let base = abi::stackswitch_base_create(REGION);
            if base.is_null() {
                return false;
            }
            let context = self.spawn(base);
            if context.is_null() {
                abi::stackswitch_base_destroy(base);
                return false;
            }
            abi::stackswitch_destroy(self.context.context());
            self.context.set_context(context);
            self.base.set(base);
            true
        }
    }
}

/// The function of a coroutine's context. `T` is a word or a float.
unsafe extern "C-unwind" fn enter<T: Value>(shared: *mut c_void, first: T) -> T {
    // SAFETY: the host keeps the shared data as long as the context exists, and has spawned it with the
    // function for its type.
    unsafe { (*shared.cast::<Shared>()).run_body(first) }
}

impl Jit {
    /// A coroutine that runs the function `name` of a module, of the type `T (ptr, T)`, with `argument` and
    /// the value of the first [`Coroutine::resume`]. `In` and `Out` are `T` in Rust. One of them may be
    /// `()`, if the values in that direction are ignored: the coroutine gets zero, or its values are
    /// dropped. If both are, `T` may be any type that [`Value`] has.
    ///
    /// The function has not begun when this returns. The context lives on the thread's default regions, as
    /// contexts that IR spawns with a null base do.
    ///
    /// A runtime error, an overflow of its stack, a panic of a host function and an exception that leaves
    /// the function end the coroutine. They are returned by the `resume` in which they happened.
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
    /// [`Error::MissingSymbol`]; [`Error::NotBody`] if it is not a function of a module with such a type;
    /// [`Error::BodyType`] if `In` or `Out` is not the type that it has; [`Error::Fault`]
    /// if there is no memory for a context.
    ///
    /// # Safety
    /// The function must be sound to run with `argument`, as often as the coroutine is resumed, and to be
    /// unwound where it is suspended. It may switch to its own context, but not destroy or clone it, and not
    /// clone a context that waits in a host function. While it is called by a host function it must not resume
    /// a context of its own that shares the region of that function's stack. On a fault its frames, and those
    /// of contexts that it has called, are abandoned without running destructors.
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
        reset_error_handler();
        let shared = Box::into_raw(Box::new(Shared {
            run: GuestRun::new(found),
            context: CoroutineContext::new(),
            base: Cell::new(null_mut()),
            status: Cell::new(Status::New),
            body,
            argument,
        }));
        // SAFETY: the shared data stays in place until the coroutine is dropped, after its context.
        let (context, shared) = unsafe {
            let shared = &*shared;
            (shared.run.enter(|| shared.spawn(null_mut())), shared)
        };
        if context.is_null() {
            let end = shared.run.take_end();
            // SAFETY: there is no context, so nobody else has the address.
            drop(unsafe { Box::from_raw(std::ptr::from_ref(shared).cast_mut()) });
            end.map_or(Err(Error::Left), End::check)?;
            return Err(Error::Left);
        }
        shared.context.set_context(context);
        // SAFETY: both are parts of the shared data.
        unsafe { shared.run.set_coroutine(&shared.context) };
        Ok(Coroutine { shared, jit: PhantomData, types: PhantomData })
    }
}

impl<In: Value, Out: Value> Coroutine<'_, In, Out> {
    fn shared(&self) -> &Shared {
        // SAFETY: the box is the coroutine's until it is dropped.
        unsafe { &*self.shared }
    }

    /// Runs the coroutine until it suspends itself or returns. It gets `value`: the first time as its
    /// function's second argument, then as the result of its suspend.
    ///
    /// # Errors
    /// [`Error::Fault`], [`Error::ThreadEnded`], [`Error::Exception`]: they finish the coroutine without
    /// running its cleanups; other coroutines are as they were. [`Error::Finished`] if it was finished
    /// before. [`Error::WouldDisplace`] in a host function that runs on the region of the suspended
    /// coroutine: then nothing has happened. A coroutine that has not begun gets a region of its own
    /// instead.
    ///
    /// # Panics
    /// If a host function that it calls panics: the coroutine is cancelled, and the panic continues here.
    #[inline]
    pub fn resume(&mut self, value: In) -> Result<State<Out>, Error> {
        let shared = self.shared();
        let running = Running::get();
        if !shared.context.may_resume_quickly(running) {
            return self.resume_anywhere(value);
        }
        let (value_type, bits) = (self.value_type(), value.to_bits());
        // SAFETY: the context is suspended, and takes a value of its type.
        let bits = unsafe {
            let context = shared.context.context();
            shared.run.enter_quickly(|| value_type.resume_from(running, context, bits))
        };
        if !shared.context.may_still_resume_quickly() {
            return self.answer(bits);
        }
        Ok(State::Yielded(Out::from_bits(bits)))
    }

    /// Resumes it as [`Coroutine::resume`] does, with all tests.
    #[inline(never)]
    fn resume_anywhere(&mut self, value: In) -> Result<State<Out>, Error> {
        if self.is_done() {
            return Err(Error::Finished);
        }
        if held_regions::any() || guest_run::is_inside() {
            self.keep_off_held_regions()?;
        }
        let shared = self.shared();
        shared.status.set(Status::Suspended);
        let resume = || {
            // SAFETY: the context is suspended or new, and takes a value of its type.
            unsafe { shared.context.resume(self.value_type(), value.to_bits()) }
        };
        // SAFETY: the shared data stays in place until the coroutine is dropped.
        let bits = unsafe { shared.run.enter(resume) };
        self.answer(bits)
    }

    /// The type of the values that host and guest exchange.
    #[inline(always)]
    fn value_type(&self) -> ValueType {
        match (In::TYPE, Out::TYPE) {
            (Some(ty), _) | (_, Some(ty)) => ty,
            (None, None) => self.shared().run.value_type(),
        }
    }

    /// How the coroutine has answered, when a switch to it has returned these bits.
    #[inline(never)]
    fn answer(&mut self, bits: u64) -> Result<State<Out>, Error> {
        let shared = self.shared();
        if shared.run.has_ended() {
            return Err(self.ended());
        }
        let value = Out::from_bits(bits);
        if shared.status.get() == Status::Finished {
            return Ok(State::Returned(value));
        }
        shared.context.allow_quick_resumes(&shared.run);
        Ok(State::Yielded(value))
    }

    /// Ensures that the coroutine does not run on a region on which a host function runs: it would displace
    /// that function's stack. A coroutine that has not begun is moved.
    ///
    /// # Errors
    /// [`Error::WouldDisplace`] if it has begun; [`Error::Fault`] if there is no memory for a region, which
    /// leaves the coroutine as it was.
    #[cold]
    fn keep_off_held_regions(&mut self) -> Result<(), Error> {
        let shared = self.shared();
        if self.would_displace() {
            return Err(Error::WouldDisplace);
        }
        if shared.status.get() != Status::New {
            return Ok(());
        }
        // SAFETY: the coroutine has not finished, so its context is alive. It is this thread's.
        if !unsafe { held_regions::holds(shared.context.context()) } {
            return Ok(());
        }
        // SAFETY: the shared data stays in place until the coroutine is dropped.
        if unsafe { shared.run.enter(|| shared.move_to_own_region()) } {
            return Ok(());
        }
        shared.run.take_end().map_or(Err(Error::Left), End::check)
    }

    /// Whether it is suspended on a region on which a host function runs: unwinding or resuming it would
    /// displace that function's stack.
    fn would_displace(&self) -> bool {
        let is_suspended = self.status() == Status::Suspended;
        // SAFETY: the coroutine has not finished, so its contexts are alive. They are this thread's.
        is_suspended && unsafe { held_regions::holds(self.shared().context.resumed_context()) }
    }

    /// The error with which the coroutine has ended.
    #[cold]
    fn ended(&mut self) -> Error {
        let end = self.shared().run.take_end();
        let unwind = matches!(end, Some(End::Panicked(_)));
        if !unwind {
            // The context may be one that the coroutine has resumed.
            // SAFETY: only a panic unwinds the context's frames.
            unsafe { self.shared().run.abandon_last_context() };
        }
        self.finish(unwind);
        // A failure of a cleanup is a consequence of the first end.
        self.shared().run.take_end();
        end.map_or(Ok(()), End::check).err().unwrap_or(Error::Left)
    }

    /// Destroys the context; unwinds it first, if it is suspended and `unwind` says so. False if it was not
    /// unwound all the way.
    fn finish(&mut self, unwind: bool) -> bool {
        let shared = self.shared();
        let before = shared.status.replace(Status::Finished);
        let context = &shared.context;
        context.forbid_quick_resumes();
        reset_error_handler();
        // SAFETY: the context is suspended, new or finished: it is not the one that calls this.
        unsafe {
            shared.run.enter(|| {
                if unwind && before == Status::Suspended {
                    context.cancel(&shared.run);
                }
                let whole = context.destroy();
                let base = shared.base.replace(null_mut());
                // Contexts that the coroutine has made on its base keep it.
                if !base.is_null() && host::is_unused(base) {
                    abi::stackswitch_base_destroy(base);
                }
                whole
            })
        }
    }

    /// Ends the coroutine. If it is suspended, its stack is unwound, so that its cleanups run: the `cleanup`
    /// landing pads of IR, and the destructors of C++ and of host functions that wait.
    ///
    /// # Errors
    /// [`Error::Fault`] and the like if a cleanup failed, [`Error::Unfinished`] if one suspended the
    /// coroutine: then further cleanups have not run. [`Error::Finished`] if it was finished before. The
    /// coroutine is finished in each of these cases. [`Error::WouldDisplace`] in a host function that runs
    /// on the coroutine's region: then nothing has happened.
    ///
    /// # Panics
    /// If a host function that a cleanup calls panics.
    pub fn cancel(&mut self) -> Result<(), Error> {
        if self.is_done() {
            return Err(Error::Finished);
        }
        if self.would_displace() {
            return Err(Error::WouldDisplace);
        }
        let whole = self.finish(true);
        if let Some(end) = self.shared().run.take_end() {
            end.check()?;
        }
        if whole { Ok(()) } else { Err(Error::Unfinished) }
    }

    /// Whether it has finished, and so cannot be resumed.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.status() == Status::Finished
    }

    /// Sets the waker that host functions use while the coroutine runs.
    pub(crate) fn set_waker(&self, waker: Option<&Waker>) {
        self.shared().context.set_waker(waker);
    }

    /// Whether it is suspended in a host function.
    pub(crate) fn waits(&self) -> bool {
        self.shared().context.waits()
    }

    /// Its state.
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
        if self.would_displace() {
            // It cannot be unwound here. Its stack and what it shares with the host stay.
            return;
        }
        let _shared = Owned(self.shared);
        self.finish(true);
        if let Some(End::Panicked(payload)) = self.shared().run.take_end()
            && !std::thread::panicking()
        {
            std::panic::resume_unwind(payload);
        }
    }
}

/// Frees the shared data when it is dropped.
struct Owned(*const Shared);

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: the pointer is from a box. The context was destroyed, so nobody else has the address.
        drop(unsafe { Box::from_raw(self.0.cast_mut()) });
    }
}
