//! Tracking the stack that a thread is on.
//!
//! A thread that has no contexts but its own, and no bases, can change between user stacks of the
//! POSIX layer without recording it: nothing will be copied, and the running context stays the same.
//! Its captures are *plain*: to resume one, a switch only loads registers. With the first context,
//! base or hook the thread begins to record which stack it is on. The stack it is on then, and the
//! stacks of earlier captures, follow from addresses: an address is on the native stack or on a
//! user stack. When the last context has been destroyed, the thread stops tracking.
//!
//! An address on a user stack that lies within another stack, as a local array does, tells nothing:
//! the memory may be frames of the other stack by now. While code runs on such a stack the thread
//! tracks.

use core::ptr;

use crate::context::{Context, State, Tag};
use crate::destination;
use crate::sys;
use crate::thread::{Thread, ThreadWords};
use crate::user_stacks::UserStack;

impl Thread {
    /// Whether the thread does not track stacks.
    ///
    /// # Safety
    /// `tls` is that of this thread.
    pub(crate) unsafe fn is_untracked(tls: *const ThreadWords) -> bool {
        // SAFETY: the caller vouches for the words.
        unsafe { (*tls).plain != u64::MAX }
    }

    /// Tracks stacks from now on.
    ///
    /// # Safety
    /// `tls` is that of this thread; called on the stack that the thread is on.
    #[inline]
    pub(crate) unsafe fn start_tracking(&mut self, tls: *mut ThreadWords) {
        // SAFETY: the caller vouches for the words and for the stack.
        unsafe {
            if Self::is_untracked(tls) {
                self.start_tracking_now(tls);
            }
        }
    }

    /// # Safety
    /// As [`Self::start_tracking`].
    #[cold]
    unsafe fn start_tracking_now(&mut self, tls: *mut ThreadWords) {
        let here = 0_u8;
        // SAFETY: the words are this thread's; the address is on the stack in use.
        unsafe {
            (*tls).plain = u64::MAX;
            let there = self.home_at((&raw const here).addr());
            let main = &raw mut self.main;
            if there != main {
                // Where exactly it left its native stack is not known. Only `visit` needs it, to
                // find pointers: it visits all of that stack.
                let (low, high) = self.native_ends;
                (*main).sp = sys::lowest_mapped(low, high);
                (*main).counterpart = there;
                (*main).suspend(false);
                (*there).counterpart = main;
                (*there).tag = (*there).tag.with(State::Ready);
                (*(*(*there).base).region).bottom = there;
                (*tls).current = there;
            }
        }
    }

    /// Stops tracking if the thread has no contexts but its own.
    ///
    /// # Safety
    /// As [`Self::start_tracking`], but on any stack.
    pub(crate) unsafe fn stop_tracking_if_possible(&mut self, tls: *mut ThreadWords) {
        let can_be_fast = self.hooks.fast_tags(self.number).0 != Tag::NONE;
        // SAFETY: the words are this thread's; a context that runs is alive.
        unsafe {
            let main = &raw mut self.main;
            if !can_be_fast
                || self.heap.stats.contexts != 0
                || Context::visible((*tls).current) != main
                || self.nested != 0
                || self.native_ends().1 == 0
            {
                return;
            }
            (*main).counterpart = ptr::null_mut();
            (*main).tag = (*main).tag.with(State::Ready);
            (*tls).current = main;
            (*tls).plain = destination::plain_mark(self.number);
        }
    }

    /// The ends of the native stack; both 0 where they are not known.
    pub(crate) fn native_ends(&mut self) -> (usize, usize) {
        if self.native_ends == (0, 0) {
            self.native_ends = sys::native_stack();
        }
        self.native_ends
    }

    /// Makes `size` bytes from `low` on a user stack; `None` if there is no memory for that.
    ///
    /// # Safety
    /// As [`Self::start_tracking`]; the bytes are for this use alone, and `MIN_STACK` or more.
    pub(crate) unsafe fn add_user_stack(
        &mut self,
        tls: *mut ThreadWords,
        low: usize,
        size: usize,
    ) -> Option<*mut UserStack> {
        let end = low + size;
        // SAFETY: the caller vouches for the memory and the words.
        unsafe {
            let nested = self.is_within_another(low, end);
            if nested {
                self.start_tracking(tls);
            }
            if self.nested != 0 {
                // Functions that ran there before may not have returned.
                self.nested -= self.user_stacks.unnest_within(low, end);
            }
            let store = &mut self.heap.store;
            let stack = self.user_stacks.add(store, low, end, self.number)?;
            if nested {
                (*stack).nest();
                self.nested += 1;
            }
            Some(stack)
        }
    }

    /// Whether memory belongs to the native stack, or to the one that the thread is on.
    fn is_within_another(&mut self, low: usize, end: usize) -> bool {
        let here = 0_u8;
        let here = (&raw const here).addr();
        let overlaps = |(from, to)| low < to && from < end;
        let native = self.native_ends();
        // Memory of the current stack that is in use lies above `here`.
        native.1 == 0
            || overlaps(native)
            || (low > here
                && !(native.0..native.1).contains(&here)
                && self.user_stacks.extent_around(here).is_some_and(overlaps))
    }

    /// Notes that the function that was started on the current user stack has returned.
    ///
    /// # Safety
    /// `tls` is that of this thread, which is on that stack.
    pub(crate) unsafe fn leave_user_stack(&mut self, tls: *mut ThreadWords) {
        // SAFETY: the caller vouches for the words; a hidden context is that of a user stack.
        unsafe {
            let current = (*tls).current;
            if !Self::is_untracked(tls)
                && (*current).is_hidden()
                && (*UserStack::of_context(current)).unnest()
            {
                self.nested -= 1;
            }
        }
    }

    /// The context in whose extent a position lies that was captured while the thread did not track.
    pub(crate) fn home_at(&mut self, sp: usize) -> *mut Context {
        let (low, high) = self.native_ends;
        let main = &raw mut self.main;
        // Before the ends are known there is no other stack.
        if high == 0 || (low..high).contains(&sp) {
            return main;
        }
        // On a stack that other code has made, the thread is still in its own context.
        self.user_stacks.context_around(sp).unwrap_or(main)
    }
}
