//! Operations for a host in Rust that calls a program and continues when the program fails: it
//! destroys the contexts that the program has made, and ends a context that is suspended in the
//! middle of its body. The C ABI does not have them.

use core::ffi::c_void;

use crate::arch;
use crate::context::{Base, Context, Era, State};
use crate::handle;
use crate::switch;
use crate::thread::{self, Thread, ThreadWords};

/// The calling thread with its running context: what a switch needs.
#[derive(Clone, Copy, Debug)]
pub struct Running {
    /// The offset of the thread words from the thread pointer.
    words: usize,
    /// Null if the thread is not set up.
    context: *mut Context,
}

impl Running {
    /// Those of the caller.
    #[inline(always)]
    #[must_use]
    pub fn get() -> Self {
        let (words, context) = arch::running();
        Running { words, context: context.cast() }
    }

    /// The address of the running context's header. A hidden context has one, too.
    #[inline(always)]
    #[must_use]
    pub fn context(self) -> *mut c_void {
        self.context.cast()
    }

    /// Whether the thread's own context runs, which exists as long as the thread.
    #[must_use]
    pub fn is_main(self) -> bool {
        // SAFETY: the words are this thread's.
        unsafe {
            let thread = (*ThreadWords::get()).thread;
            !thread.is_null() && self.context == &raw mut (*thread).main
        }
    }

    /// Resumes a context as `stackswitch_resume` does. The fast path is inlined.
    ///
    /// # Safety
    /// As for `stackswitch_resume`; `context` is not null. No switch has been made since
    /// [`Running::get`], and [`Running::context`] is not null.
    #[inline(always)]
    pub unsafe fn resume(self, context: *mut c_void, value: *mut c_void) -> *mut c_void {
        // SAFETY: the caller guarantees the context and that the fields are still true.
        unsafe { arch::resume_in_place(self.words, self.context.cast(), context, value) }
    }

    /// Suspends the running context as `stackswitch_suspend` does. The fast path is inlined.
    ///
    /// # Safety
    /// As for `stackswitch_suspend`. No switch has been made since [`Running::get`], and [`Running::context`]
    /// is not null.
    #[inline(always)]
    pub unsafe fn suspend(self, value: *mut c_void) -> *mut c_void {
        // SAFETY: the caller guarantees the link and that the fields are still true.
        unsafe { arch::suspend_in_place(self.words, self.context.cast(), value) }
    }
}

/// A moment in a thread's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint(Era);

/// The present moment of the calling thread, or `None` if the thread could not be set up.
///
/// After some sixteen million flags of a thread all that is there counts as made before any of them.
pub fn checkpoint() -> Option<Checkpoint> {
    // SAFETY: called on the thread's running context.
    let thread = unsafe { thread::ensure().as_mut() }?;
    Some(Checkpoint(begin_era(thread)))
}

/// Begins an era, and returns it.
fn begin_era(thread: &mut Thread) -> Era {
    thread.era = thread.era.next().unwrap_or_else(|| {
        // The eras are used up: all contexts and bases become those of the first.
        for header in thread.heap.store.headers() {
            let context = header.cast::<Context>();
            // SAFETY: headers stay readable, and their tags say what they are.
            unsafe {
                match (*context).tag.state() {
                    State::Dead => {}
                    State::Base => (*header.cast::<Base>()).era = Era::FIRST,
                    _ => (*context).era = Era::FIRST,
                }
            }
        }
        Era::FIRST.next().unwrap_or(Era::FIRST)
    });
    thread.era
}

/// Makes a context survive every [`discard_since`].
///
/// # Safety
/// `ctx` is a context of the calling thread.
pub unsafe fn keep(ctx: *mut c_void) {
    // SAFETY: the caller vouches for the handle.
    unsafe { (*ctx.cast::<Context>()).era = Era::FIRST };
}

/// Makes a base survive every [`discard_since`]. A context that is on its region when the thread ends leaves
/// the region mapped: other threads may still access what the context has lent them.
///
/// # Safety
/// `base` is a base of the calling thread that was not destroyed.
pub unsafe fn keep_base(base: *mut c_void) {
    // SAFETY: the caller vouches for the base; its region lives as long.
    unsafe {
        let base = base.cast::<Base>();
        (*base).era = Era::FIRST;
        (*(*base).region).outlives_thread = true;
    }
}

/// Destroys the contexts of the calling thread that were made since a checkpoint, without cleanups,
/// and then the bases made since that have no contexts.
///
/// # Safety
/// No code resumes one of them again or accesses their stacks. The running context is older.
pub unsafe fn discard_since(checkpoint: Checkpoint) {
    // SAFETY: the words are the thread's, which is set up, as it has a checkpoint. Header blocks stay
    // readable while some are given back.
    unsafe {
        let thread = &mut *(*ThreadWords::get()).thread;
        for header in thread.heap.store.headers() {
            let context = header.cast::<Context>();
            if is_context_since(thread, context, checkpoint.0) {
                handle::drop_context(thread, context);
            }
        }
        for header in thread.heap.store.headers() {
            let base = header.cast::<Base>();
            if (*base).tag.state() == State::Base
                && (*base).contexts == 0
                && (*base).era.is_since(checkpoint.0)
            {
                thread.drop_base(base);
            }
        }
    }
}

/// Whether a header is that of a context, not running, that was made since an era.
///
/// # Safety
/// A header block of the thread.
unsafe fn is_context_since(thread: &Thread, context: *mut Context, era: Era) -> bool {
    // SAFETY: the tag of a base is where a context's is.
    unsafe {
        match (*context).tag.state() {
            State::Dead | State::Base | State::Posix => return false,
            _ => {}
        }
        (*context).tag.thread() == thread.number
            && (*context).era.is_since(era)
            && !thread::is_running(context)
    }
}

/// Finishes a suspended context without cleanups. Does nothing for the thread's own context, and for
/// what is no suspended context.
///
/// # Safety
/// `ctx` is a context, was one, or is null. No code accesses its stack any more.
pub unsafe fn abandon(ctx: *mut c_void) {
    // SAFETY: a handle that passes the check is a live header of this thread.
    unsafe {
        let thread = thread::ensure();
        if thread.is_null() || switch::check_target(&*thread, ctx.cast()).is_err() {
            return;
        }
        let context = ctx.cast::<Context>();
        let is_main = context == &raw mut (*thread).main;
        // A hidden context is not a user's.
        if !is_main && !(*context).is_hidden() && (*context).tag.state() != State::New {
            switch::abandon(&mut *thread, context);
        }
    }
}

/// The region that holds a context's stack: a number that no other region of the thread has.
///
/// # Safety
/// `ctx` is a live context of the calling thread.
pub unsafe fn region(ctx: *mut c_void) -> usize {
    // SAFETY: the caller says that the context is alive; so are its base and region.
    unsafe { (*(*Context::active(ctx.cast())).base).region.addr() }
}

/// The region that holds the running context's stack, as by [`region`].
pub fn current_region() -> usize {
    // SAFETY: called on the thread's running context, which is alive if the thread is set up.
    unsafe {
        if thread::ensure().is_null() {
            return 0;
        }
        (*(*(*ThreadWords::get()).current).base).region.addr()
    }
}

/// Whether a base has no contexts, and so can be destroyed.
///
/// # Safety
/// `base` is a base of the calling thread that was not destroyed.
pub unsafe fn is_unused(base: *mut c_void) -> bool {
    // SAFETY: the caller says that the base is alive.
    unsafe { (*base.cast::<Base>()).contexts == 0 }
}

/// Bytes of stack that the running context has left. `None` on the thread's native stack, where it
/// is not known.
pub fn room() -> Option<usize> {
    let here = 0_u8;
    let tls = ThreadWords::get();
    // SAFETY: the words are this thread's; a running context's base and region are alive.
    unsafe {
        if (*tls).thread.is_null() {
            return None;
        }
        (*(*(*(*tls).current).base).region).room_below((&raw const here).addr())
    }
}
