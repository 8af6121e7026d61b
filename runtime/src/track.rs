//! Keeping track of the stack that a thread is on.
//!
//! A thread that has no contexts but its own, and no bases, can go from one stack of the POSIX
//! layer to another without anybody taking notes: nothing will be copied, and nobody will ask who
//! runs. Its captures are *plain*: going to one is all that a switch does. With the first context,
//! base or hook it begins to take notes of the stack that it is on. Where it is then, and where
//! the captures of before lie, is told by their addresses: on the native stack, or on one that the
//! thread was given. When the last context has gone, it takes no more notes.
//!
//! An address on a stack that lies within another, as a local array does, tells nothing: it may be
//! the other's by now. While something runs on such a stack the thread takes notes.

use core::ptr;

use crate::context::{Context, State, Tag};
use crate::place::{self, Stack};
use crate::sys;
use crate::thread::{Thread, Tls};

impl Thread {
    /// Whether the thread takes no notes yet.
    ///
    /// # Safety
    /// `tls` is that of this thread.
    pub(crate) unsafe fn is_plain(tls: *const Tls) -> bool {
        // SAFETY: the caller vouches for the words.
        unsafe { (*tls).plain != u64::MAX }
    }

    /// Takes notes from now on.
    ///
    /// # Safety
    /// `tls` is that of this thread; called on the stack that the thread is on.
    #[inline]
    pub(crate) unsafe fn keep_track(&mut self, tls: *mut Tls) {
        // SAFETY: as the caller's.
        unsafe {
            if Self::is_plain(tls) {
                self.begin_to_track(tls);
            }
        }
    }

    /// # Safety
    /// As [`Self::keep_track`].
    #[cold]
    unsafe fn begin_to_track(&mut self, tls: *mut Tls) {
        let here = 0_u8;
        // SAFETY: the words are this thread's; the address is on the stack in use.
        unsafe {
            (*tls).plain = u64::MAX;
            let there = self.home_at((&raw const here).addr());
            let main = &raw mut self.main;
            if there != main {
                // Where exactly it left its native stack nobody knows. Only those ask who look
                // for pointers there: they get all of it.
                let (low, high) = self.native_ends;
                (*main).sp = sys::lowest_mapped(low, high);
                (*main).away = there;
                (*main).suspend(false);
                (*there).away = main;
                (*there).tag = (*there).tag.with(State::Running);
                (*(*(*there).base).region).bottom = there;
                (*tls).current = there;
            }
        }
    }

    /// Takes no more notes if none are needed: all contexts but the thread's own are gone.
    ///
    /// # Safety
    /// As [`Self::keep_track`], but on any stack.
    pub(crate) unsafe fn lose_track(&mut self, tls: *mut Tls) {
        let can_be_fast = self.hooks.short_ways(self.number).0 != Tag(u32::MAX);
        // SAFETY: the words are this thread's; a context that runs is alive.
        unsafe {
            let main = &raw mut self.main;
            if !can_be_fast
                || self.heap.stats.contexts != 0
                || Context::known((*tls).current) != main
                || self.nested != 0
                || self.native_ends().1 == 0
            {
                return;
            }
            (*main).away = ptr::null_mut();
            (*main).tag = (*main).tag.with(State::Running);
            (*tls).current = main;
            (*tls).plain = place::plain(self.number);
        }
    }

    /// The ends of the native stack; both 0 where they are not known.
    pub(crate) fn native_ends(&mut self) -> (usize, usize) {
        if self.native_ends == (0, 0) {
            self.native_ends = sys::native_stack();
        }
        self.native_ends
    }

    /// Takes `size` bytes from `low` on for a stack; `None` if there is no memory to note that.
    ///
    /// # Safety
    /// As [`Self::keep_track`]; the bytes are for this use alone, and [`place::MIN_STACK`] or more.
    pub(crate) unsafe fn take_stack(
        &mut self,
        tls: *mut Tls,
        low: usize,
        size: usize,
    ) -> Option<*mut Stack> {
        let end = low + size;
        // SAFETY: the caller vouches for the memory and the words.
        unsafe {
            let nested = self.is_within_another(low, end);
            if !self.given.add(&mut self.heap.store, low, end) {
                return None;
            }
            // What ran there before may not have ended.
            self.nested -= usize::from(Stack::unnest(Stack::before(end), self.number));
            if nested {
                self.keep_track(tls);
            }
            let stack = Stack::write(low, size, self.number);
            if nested {
                Stack::nest(stack, self.number);
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
        // What is on the stack already is above.
        native.1 == 0
            || overlaps(native)
            || (low > here
                && !(native.0..native.1).contains(&here)
                && self.given.around(here).is_some_and(overlaps))
    }

    /// What ran on a stack that the thread was given has ended.
    ///
    /// # Safety
    /// `tls` is that of this thread, which is on that stack.
    pub(crate) unsafe fn leave_stack(&mut self, tls: *mut Tls) {
        // SAFETY: the caller vouches for the words; a hidden context is a given stack's.
        unsafe {
            let current = (*tls).current;
            if !Self::is_plain(tls)
                && (*current).is_hidden()
                && Stack::unnest(Stack::of(current), self.number)
            {
                self.nested -= 1;
            }
        }
    }

    /// The context in whose extent a place lies that was captured before notes were taken.
    pub(crate) fn home_at(&mut self, sp: usize) -> *mut Context {
        let (low, high) = self.native_ends;
        let main = &raw mut self.main;
        // Before the ends are known there is no other stack.
        if high == 0 || (low..high).contains(&sp) {
            return main;
        }
        // On a stack that others have made the thread is still in its own context.
        self.given.around(sp).map_or(main, |(_, end)| {
            // SAFETY: the stack is there, and so is what lies at its top.
            unsafe { &raw mut (*Stack::before(end)).context }
        })
    }
}
