//! Keeping track of the stack that a thread is on.
//!
//! A thread that has no contexts but its own, and no bases, can go from one stack of the POSIX
//! layer to another without anybody taking notes: nothing will be copied, and nobody will ask who
//! runs. Its captures are *plain*: going to one is all that a switch does. With the first context,
//! base or hook it begins to take notes of the stack that it is on. Where it is then, and where
//! the captures of before lie, is told by their addresses: on the native stack, or on one that
//! has a mark at its top. When the last context has gone, it takes no more notes.

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
                || !self.can_tell(0, 0)
            {
                return;
            }
            (*main).away = ptr::null_mut();
            (*main).tag = (*main).tag.with(State::Running);
            (*tls).current = main;
            (*tls).plain = place::plain(self.number);
        }
    }

    /// The ends of the native stack; both 0 where nobody knows them.
    pub(crate) fn native_stack(&mut self) -> (usize, usize) {
        if self.native_ends == (0, 0) {
            self.native_ends = sys::native_stack();
        }
        self.native_ends
    }

    /// Whether addresses on a stack of the program's differ from those on the native one, as those
    /// of all its stacks before. If not, the thread must take notes as long as it lives.
    pub(crate) fn can_tell(&mut self, low: usize, size: usize) -> bool {
        let (from, to) = self.native_stack();
        self.tells &= to != 0 && (low >= to || low + size <= from);
        self.tells
    }

    /// The context in whose extent a place lies that was captured before notes were taken.
    ///
    /// # Safety
    /// `sp` is on a stack that is in use.
    pub(crate) unsafe fn home_at(&mut self, sp: usize) -> *mut Context {
        let (low, high) = self.native_ends;
        let main = &raw mut self.main;
        // Before the ends are known there is no other stack.
        if high == 0 || (low..high).contains(&sp) {
            return main;
        }
        // SAFETY: as the caller's. A stack that has no mark was made by others than the runtime,
        // for whom the thread is still in its own context.
        unsafe { Stack::around(sp) }.map_or(main, |stack| {
            // SAFETY: the mark says that it is there.
            unsafe { &raw mut (*stack).context }
        })
    }
}
