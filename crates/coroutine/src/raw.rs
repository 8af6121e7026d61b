//! A coroutine without an owner: what [`Coroutine`](crate::Coroutine) and [`Scoped`](crate::Scoped) are made of.

use alloc::boxed::Box;
use core::cell::Cell;
use core::ffi::c_void;
use core::fmt;
use core::ptr::{self, NonNull};

use stackswitch_rt::abi;
use stackswitch_rt::host::{self, Running};

use crate::stack::{OutOfMemory, Region};
use crate::suspender::Suspender;
use crate::unwind::{self, Payload};

/// How a coroutine has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State<Out, R> {
    /// It has suspended with this value.
    Yielded(Out),
    /// Its body has returned this value.
    Returned(R),
}

impl<Out, R> State<Out, R> {
    /// The value that it has suspended with.
    pub fn yielded(self) -> Option<Out> {
        match self {
            Self::Yielded(value) => Some(value),
            Self::Returned(_) => None,
        }
    }

    /// The value that its body has returned.
    pub fn returned(self) -> Option<R> {
        match self {
            Self::Yielded(_) => None,
            Self::Returned(value) => Some(value),
        }
    }
}

/// The body has ended already. Holds the value that was to be passed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Finished<In>(pub In);

impl<In> fmt::Debug for Finished<In> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finished").finish_non_exhaustive()
    }
}

impl<In> fmt::Display for Finished<In> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body of the coroutine has ended")
    }
}

impl<In> core::error::Error for Finished<In> {}

/// What both sides know, whatever the type of the body.
#[repr(C)]
struct Head<In, Out, R> {
    suspender: Suspender<In, Out>,
    has_begun: Cell<bool>,
    is_done: Cell<bool>,
    /// How the body has ended, until the host has taken it.
    end: Cell<Option<Result<R, Payload>>>,
    region: Cell<Region>,
    /// Drops the body of a coroutine that has not begun.
    drop_body: unsafe fn(NonNull<Self>),
    /// Frees the block.
    free: unsafe fn(NonNull<Self>),
}

/// On the heap: it does not move when the coroutine's owner does, nor when a stack is displaced.
#[repr(C)]
struct Block<In, Out, R, F> {
    head: Head<In, Out, R>,
    body: Cell<Option<F>>,
}

/// A handle; its owner calls [`Raw::destroy`].
pub(crate) struct Raw<In, Out, R> {
    head: NonNull<Head<In, Out, R>>,
}

impl<In, Out, R> Raw<In, Out, R> {
    /// A coroutine that will run `body` on `region`.
    pub(crate) fn new<F>(region: Region, body: F) -> Result<Self, OutOfMemory>
    where
        F: FnOnce(&Suspender<In, Out>, In) -> R,
    {
        let base = region.base();
        let block = Box::new(Block {
            head: Head {
                suspender: Suspender::new(),
                has_begun: Cell::new(false),
                is_done: Cell::new(false),
                end: Cell::new(None),
                region: Cell::new(region),
                drop_body: drop_body::<In, Out, R, F>,
                free: free::<In, Out, R, F>,
            },
            body: Cell::new(Some(body)),
        });
        let block = NonNull::from(Box::leak(block));
        let raw = Self { head: block.cast() };
        let enter = enter::<In, Out, R, F> as *mut c_void;
        // SAFETY: the base is null or this thread's, and `enter` takes the block.
        let context = unsafe { abi::stackswitch_spawn(base, enter, block.as_ptr().cast()) };
        if context.is_null() {
            // SAFETY: no context was made, so the region has none, and nobody else knows the block.
            unsafe {
                raw.head().region.replace(Region::SHARED).give_back();
                (raw.head().free)(raw.head);
            }
            return Err(OutOfMemory);
        }
        // A guest of the JIT that fails must not take a host's coroutine with it.
        // SAFETY: the context is this thread's, and new.
        unsafe { host::keep(context) };
        raw.head().suspender.set_context(context);
        Ok(raw)
    }

    #[inline(always)]
    fn head(&self) -> &Head<In, Out, R> {
        // SAFETY: the block lives until `destroy`, which consumes the handle of the owner. All its fields
        // can be changed through shared references.
        unsafe { self.head.as_ref() }
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.head().has_begun.get()
    }

    #[inline]
    pub(crate) fn is_done(&self) -> bool {
        self.head().is_done.get()
    }

    /// Runs the body until it suspends or ends. Its panic is raised again here.
    ///
    /// # Safety
    /// The body does not run and does not wait for a coroutine that it has resumed.
    #[inline]
    pub(crate) unsafe fn resume(&self, value: In) -> Result<State<Out, R>, Finished<In>> {
        let head = self.head();
        if head.is_done.get() {
            return Err(Finished(value));
        }
        head.suspender.input.put(value);
        // SAFETY: the caller's condition, and the body has not ended.
        unsafe { self.switch() };
        match head.suspender.output.take() {
            Some(value) => Ok(State::Yielded(value)),
            None => Ok(State::Returned(self.end())),
        }
    }

    /// Resumes the coroutine's context.
    ///
    /// # Safety
    /// As for [`Raw::resume`], and the body has not ended.
    #[inline(always)]
    unsafe fn switch(&self) {
        // SAFETY: the handle is not `Send`, so this is the thread that has made the context, which is set
        // up. The context is suspended or new: its body has not ended, and the caller says the rest.
        unsafe { Running::get().resume(self.head().suspender.context(), ptr::null_mut()) };
    }

    /// What the body has returned. Its panic is raised again here.
    #[cold]
    fn end(&self) -> R {
        match self.take_end() {
            Ok(value) => value,
            Err(payload) => unwind::raise_again(payload),
        }
    }

    /// How the body has ended, when a switch to it has brought no value.
    fn take_end(&self) -> Result<R, Payload> {
        if let Some(end) = self.head().end.take() {
            return end;
        }
        // An error handler has returned for an overflow, and the runtime has abandoned the body. What the body
        // has lent to others is on its stack.
        unwind::abort("a coroutine was abandoned before its end");
    }

    /// Unwinds the body, if it has not ended. A body that has not begun is dropped.
    ///
    /// # Safety
    /// As for [`Raw::resume`].
    pub(crate) unsafe fn cancel(&self) {
        let head = self.head();
        if head.is_done.get() {
            return;
        }
        if !head.has_begun.get() {
            head.is_done.set(true);
            // SAFETY: nobody else has taken the body, nor will: the coroutine is done.
            unsafe { (head.drop_body)(self.head) };
            return;
        }
        if !unwind::CAN_CANCEL {
            unwind::abort("without the feature `std` a coroutine must come to its end");
        }
        loop {
            drop(head.suspender.input.take());
            // SAFETY: the caller's condition, and the body has not ended.
            unsafe { self.switch() };
            // A body that has caught the panic may suspend again.
            if head.suspender.output.take().is_none() {
                break;
            }
        }
        match self.take_end() {
            Err(payload) if !unwind::is_cancellation(&payload) => unwind::raise_again(payload),
            _ => {}
        }
    }

    /// Cancels the coroutine and frees it, also when a destructor of the body's panics: the panic is raised again here.
    ///
    /// # Safety
    /// As for [`Raw::resume`]. The handle is not used after this.
    pub(crate) unsafe fn destroy(&self) {
        struct Free<'a, In, Out, R>(&'a Raw<In, Out, R>);
        impl<In, Out, R> Drop for Free<'_, In, Out, R> {
            fn drop(&mut self) {
                // SAFETY: the body was cancelled, or has ended by the panic that leaves `cancel`.
                unsafe { self.0.free() }
            }
        }
        let _free = Free(self);
        // SAFETY: the caller's condition.
        unsafe { self.cancel() };
    }

    /// Frees a coroutine that is done.
    ///
    /// # Safety
    /// The handle is not used after this. The body has ended or was dropped.
    unsafe fn free(&self) {
        let head = self.head();
        // SAFETY: the context is this thread's. It is new or has finished, so nothing on its stack is needed,
        // and the region has no other. The block belongs to the owner, who gives it up.
        unsafe {
            abi::stackswitch_destroy(head.suspender.context());
            head.region.replace(Region::SHARED).give_back();
            (head.free)(self.head);
        }
    }
}

/// Sets a flag when it is dropped.
struct SetAtEnd<'a>(&'a Cell<bool>);

impl Drop for SetAtEnd<'_> {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

/// The first function of a coroutine's context.
///
/// # Safety
/// Called by the runtime with the block that was given to `spawn`.
unsafe extern "C-unwind" fn enter<In, Out, R, F>(block: *mut c_void, _: *mut c_void) -> *mut c_void
where
    F: FnOnce(&Suspender<In, Out>, In) -> R,
{
    // SAFETY: the block outlives the body: it is freed when the body has ended. All its fields can be
    // changed through shared references.
    let block = unsafe { &*block.cast::<Block<In, Out, R, F>>() };
    let head = &block.head;
    head.has_begun.set(true);
    let _at_end = SetAtEnd(&head.is_done);
    if let (Some(body), Some(first)) = (block.body.take(), head.suspender.input.take()) {
        head.end.set(Some(unwind::catch(|| body(&head.suspender, first))));
    }
    ptr::null_mut()
}

/// # Safety
/// The head is that of a block of these types.
unsafe fn drop_body<In, Out, R, F>(head: NonNull<Head<In, Out, R>>) {
    // SAFETY: the caller says what the head is part of; the field can be changed through a shared reference.
    drop(unsafe { head.cast::<Block<In, Out, R, F>>().as_ref() }.body.take());
}

/// # Safety
/// The head is that of a block of these types, which nobody uses any more.
unsafe fn free<In, Out, R, F>(head: NonNull<Head<In, Out, R>>) {
    // SAFETY: the block came from a box with these types.
    drop(unsafe { Box::from_raw(head.cast::<Block<In, Out, R, F>>().as_ptr()) });
}
