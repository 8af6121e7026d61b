//! A place for a value that is on its way.

use core::cell::{Cell, UnsafeCell};
use core::mem::MaybeUninit;

/// As a `Cell<Option<T>>`, but flag and value are written and read apart: a processor that reads in one piece
/// what was just written in two has to wait.
pub(crate) struct Slot<T> {
    is_full: Cell<bool>,
    value: UnsafeCell<MaybeUninit<T>>,
}

impl<T> Slot<T> {
    pub(crate) const fn empty() -> Self {
        Self { is_full: Cell::new(false), value: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    /// Puts a value here. One that is here already is dropped.
    #[inline(always)]
    pub(crate) fn put(&self, value: T) {
        drop(self.take());
        // SAFETY: the slot is not `Sync`, and no reference into it leaves this module.
        unsafe { (*self.value.get()).write(value) };
        self.is_full.set(true);
    }

    /// Takes the value, if there is one.
    #[inline(always)]
    pub(crate) fn take(&self) -> Option<T> {
        if !self.is_full.replace(false) {
            return None;
        }
        // SAFETY: the slot was full and is empty now, so the value is read once. As in `put`, nobody else
        // accesses it.
        Some(unsafe { (*self.value.get()).assume_init_read() })
    }
}

impl<T> Drop for Slot<T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}
