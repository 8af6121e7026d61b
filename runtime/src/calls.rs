//! What a host needs to call a program and go on when that fails: to throw away what the program
//! has made, and to end a context that stands in the midst of something.
//!
//! These operations are for hosts in Rust, not in the C ABI.

use core::ffi::c_void;

use crate::arch;
use crate::context::{Base, Context, Era, State};
use crate::handle;
use crate::switch;
use crate::thread::{self, Thread};

/// A moment of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(Era);

/// Marks this moment of the calling thread; none when the thread could not be set up.
///
/// After some sixteen million marks of a thread all that is there counts as made before any of them.
pub fn mark() -> Option<Mark> {
    // SAFETY: called on the thread's running context.
    let thread = unsafe { thread::ensure().as_mut() }?;
    Some(Mark(thread.begin_era()))
}

/// Has a context, whenever it was made, outlive every [`discard`].
///
/// # Safety
/// `ctx` is a context of the calling thread.
pub unsafe fn keep(ctx: *mut c_void) {
    // SAFETY: the caller vouches for the handle.
    unsafe { (*ctx.cast::<Context>()).era = Era::FIRST };
}

/// Destroys the contexts of the calling thread that were made since a moment, without cleanups,
/// and then the bases of that time which have no contexts any more.
///
/// # Safety
/// Nobody resumes one of them again, or looks at their stacks. The running context is older.
pub unsafe fn discard(mark: Mark) {
    // SAFETY: the words are the thread's, which is set up, as it has a mark. Header blocks stay
    // readable while some are given back.
    unsafe {
        let thread = &mut *(*arch::tls()).thread;
        for header in thread.heap.store.headers() {
            let context = header.cast::<Context>();
            if is_context_since(thread, context, mark.0) {
                handle::drop_context(thread, context);
            }
        }
        for header in thread.heap.store.headers() {
            let base = header.cast::<Base>();
            if (*base).tag.state() == State::Base
                && (*base).contexts == 0
                && (*base).era.is_since(mark.0)
            {
                thread.drop_base(base);
            }
        }
    }
}

/// Whether a header is that of a context since an era that does not run.
///
/// # Safety
/// A header block of the thread.
unsafe fn is_context_since(thread: &Thread, context: *mut Context, era: Era) -> bool {
    // SAFETY: the tag of a base is where a context's is.
    unsafe {
        match (*context).tag.state() {
            State::Dead | State::Base | State::Posix | State::Running => return false,
            _ => {}
        }
        (*context).tag.thread() == thread.number
            && (*context).era.is_since(era)
            && (*Context::whereabouts(context)).tag.state() != State::Running
    }
}

/// Ends a suspended context where it stands, without cleanups, if it is one and not the thread's
/// own. It has finished then.
///
/// # Safety
/// `ctx` is a context, was one, or is null. Nobody looks at its stack any more.
pub unsafe fn abandon(ctx: *mut c_void) {
    // SAFETY: a handle that passes the check is a live header of this thread.
    unsafe {
        let thread = thread::ensure();
        if thread.is_null() || switch::check_target(&*thread, ctx.cast()).is_err() {
            return;
        }
        let context = ctx.cast::<Context>();
        let is_main = context == &raw mut (*thread).main;
        // A hidden one is what runs after a fault: no context of a user's.
        if !is_main && !(*context).is_hidden() && (*context).tag.state() != State::New {
            switch::abandon(&mut *thread, context);
        }
    }
}

/// Bytes of stack that the running context has left, as far as that is known: not on the thread's
/// own stack.
pub fn room() -> Option<usize> {
    let here = 0_u8;
    let tls = arch::tls();
    // SAFETY: the words are this thread's; a running context's base and region are alive.
    unsafe {
        if (*tls).thread.is_null() {
            return None;
        }
        (*(*(*(*tls).current).base).region).room_below((&raw const here).addr())
    }
}
