//! Coroutines that keep their JIT alive, for hosts that store both in one structure.

use std::{ffi::c_void, iter::FusedIterator, rc::Rc};

use crate::{
    coroutine::{Coroutine, State, Status},
    error::Error,
    jit::Jit,
    value::Value,
};

/// A [`Coroutine`] that shares the ownership of its JIT: see [`Jit::owned_coroutine`].
///
/// It behaves as a [`Coroutine`] does. The JIT lives until the last coroutine of this kind is dropped.
/// Meanwhile no module can be [removed](Jit::remove), because that needs the JIT for itself.
pub struct OwnedCoroutine<In: Value, Out: Value> {
    // Fields are dropped in this order: the coroutine is cancelled while its code still exists.
    coroutine: Coroutine<'static, In, Out>,
    _jit: Rc<Jit>,
}

impl Jit {
    /// Makes a coroutine as [`Jit::coroutine`] does. The coroutine does not borrow the JIT but keeps it
    /// alive. So a session can own both.
    ///
    /// ```
    /// use std::{ptr::null_mut, rc::Rc};
    /// use stackswitch::jit::{Error, Jit, OwnedCoroutine};
    ///
    /// struct Session {
    ///     jit: Rc<Jit>,
    ///     running: Vec<OwnedCoroutine<(), i64>>,
    /// }
    ///
    /// let mut session = Session { jit: Rc::new(Jit::builder().build()?), running: Vec::new() };
    /// session.jit.add_ir("numbers.ll", "
    ///     declare i64 @llvm.stackswitch.suspend.i64(i64)
    ///     define i64 @numbers(ptr %arg, i64 %first) {
    ///       %a = call i64 @llvm.stackswitch.suspend.i64(i64 1)
    ///       %b = call i64 @llvm.stackswitch.suspend.i64(i64 2)
    ///       ret i64 3
    ///     }")?;
    /// for _ in 0..2 {
    ///     // SAFETY: the function uses nothing but its values.
    ///     session.running.push(unsafe { session.jit.owned_coroutine("numbers", null_mut())? });
    /// }
    /// let first = session.running.iter_mut().map(|c| c.next().unwrap()).collect::<Result<Vec<_>, _>>()?;
    /// assert_eq!(first, [1, 1]);
    /// let Session { jit, mut running } = session;
    /// drop(jit); // the coroutines keep it
    /// assert_eq!(running[1].next().unwrap()?, 2);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Jit::coroutine`].
    ///
    /// # Safety
    /// As [`Jit::coroutine`].
    pub unsafe fn owned_coroutine<In: Value, Out: Value>(
        self: &Rc<Self>,
        name: &str,
        argument: *mut c_void,
    ) -> Result<OwnedCoroutine<In, Out>, Error> {
        let jit = Rc::clone(self);
        // SAFETY: the JIT is on the heap and does not move. `OwnedCoroutine` keeps it alive until the
        // coroutine was dropped, and gives nobody the coroutine itself.
        let borrowed: &'static Jit = unsafe { &*Rc::as_ptr(&jit) };
        // SAFETY: the caller guarantees what `coroutine` asks for.
        let coroutine = unsafe { borrowed.coroutine(name, argument)? };
        Ok(OwnedCoroutine { coroutine, _jit: jit })
    }
}

impl<In: Value, Out: Value> OwnedCoroutine<In, Out> {
    /// Runs the coroutine until it suspends itself or returns: see [`Coroutine::resume`].
    ///
    /// # Errors
    /// As [`Coroutine::resume`].
    ///
    /// # Panics
    /// As [`Coroutine::resume`].
    #[inline]
    pub fn resume(&mut self, value: In) -> Result<State<Out>, Error> {
        self.coroutine.resume(value)
    }

    /// Ends the coroutine: see [`Coroutine::cancel`].
    ///
    /// # Errors
    /// As [`Coroutine::cancel`].
    ///
    /// # Panics
    /// As [`Coroutine::cancel`].
    pub fn cancel(&mut self) -> Result<(), Error> {
        self.coroutine.cancel()
    }

    /// Whether it has finished, and so cannot be resumed.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.coroutine.is_done()
    }

    /// Its state.
    #[must_use]
    pub fn status(&self) -> Status {
        self.coroutine.status()
    }
}

impl<Out: Value> Iterator for OwnedCoroutine<(), Out> {
    type Item = Result<Out, Error>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.coroutine.next()
    }
}

impl<Out: Value> FusedIterator for OwnedCoroutine<(), Out> {}
