//! The events of contexts, and the observer that receives them.

use std::sync::OnceLock;

/// An operation on a context of the calling thread. A context is named by the address of its handle; a
/// new context may get the handle of a destroyed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A context was spawned.
    Spawned {
        /// The new one.
        context: usize,
        /// The address of its body's code; 0 for the context that a call of the host runs in.
        body: usize,
    },
    /// A context was cloned.
    Cloned {
        /// The new one.
        context: usize,
        /// The original.
        of: usize,
    },
    /// Bytes of a stack were copied to the heap.
    Saved {
        /// The context whose bytes they are; 0 where they belong to objects of the POSIX layer.
        context: usize,
        /// How many.
        bytes: usize,
    },
    /// Bytes were copied back to their stack.
    Restored {
        /// The context whose bytes they are.
        context: usize,
        /// How many.
        bytes: usize,
    },
    /// A context was resumed. The events of the bytes that were saved and restored for it come before.
    Switched {
        /// The context that was suspended; 0 after a fault, which has ended the context. The same as
        /// `to` where the POSIX layer moves a context to another of its stacks.
        from: usize,
        /// The context that runs now.
        to: usize,
        /// The bytes that the switch has copied to the heap.
        saved: u64,
        /// The bytes that the switch has copied back.
        restored: u64,
    },
    /// A context's body has returned. The event comes with the thread's next event.
    Finished {
        /// The context.
        context: usize,
    },
    /// A context was destroyed.
    Destroyed {
        /// Its former handle.
        context: usize,
    },
    /// The thread has ended, and its contexts with it.
    ThreadEnded,
}

/// Receives the events of contexts, on the thread that the contexts belong to.
///
/// # Safety
/// [`Observer::observe`] is called between two contexts, when neither runs, on a small stack (64 KiB).
/// An implementation must not switch, must not create, destroy or otherwise use contexts (so it must
/// call nothing of a [`Jit`](crate::Jit) or a [`Coroutine`](crate::Coroutine)), and must not panic.
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use stackswitch::jit::{Event, Observer, observe};
///
/// struct Switches(AtomicUsize);
///
/// // SAFETY: counting uses no contexts and does not panic.
/// unsafe impl Observer for Switches {
///     fn observe(&self, event: Event) {
///         if let Event::Switched { .. } = event {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
/// assert!(observe(Box::new(Switches(AtomicUsize::new(0)))));
/// ```
pub unsafe trait Observer: Send + Sync {
    /// Handles an event.
    fn observe(&self, event: Event);
}

/// The process's observer.
static OBSERVER: OnceLock<Box<dyn Observer>> = OnceLock::new();

/// Sets the process's observer. False if there is one already.
pub(super) fn set_observer(observer: Box<dyn Observer>) -> bool {
    OBSERVER.set(observer).is_ok()
}

/// The process's observer, if there is one.
pub(super) fn observer() -> Option<&'static dyn Observer> {
    OBSERVER.get().map(Box::as_ref)
}
