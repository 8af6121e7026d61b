//! Regions and bases: where stacks live and where slices end.

use crate::context::{Context, State, Tag};
use crate::stats::Counters;
use crate::sys;
use crate::tools::Stack;

/// What a region keeps below the stack pointer when memory goes back: the depth that a context
/// may reach and leave over and over.
const KEPT: usize = 256 << 10;

/// Who gave a region its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The thread's native stack.
    Native,
    /// Mapped by the runtime; goes with its last base.
    Mapped,
    /// Given to `makecontext` by the caller.
    Given,
}

/// One piece of stack memory.
///
/// The contexts that have bytes in place on it form a list by ascending
/// address, from `bottom` through [`Context::above`]; their parts never
/// overlap. A running context is always the bottom of its region: all memory
/// below its stack pointer is its own to grow into.
#[repr(C)]
pub(crate) struct Region {
    /// The lowest context in place, or null.
    pub bottom: *mut Context,
    /// Bases on it; the last one takes a mapped region with it.
    pub bases: usize,
    /// First address of the memory, guard included; 0 when not ours to know.
    pub low: usize,
    /// Bytes of memory, guard included.
    pub length: usize,
    /// Bytes of guard at the low end.
    pub guard: usize,
    pub origin: Origin,
    /// The thread's next region.
    pub next: *mut Region,
    /// What tools know of it.
    pub stack: Stack,
}

impl Region {
    /// A region that nobody knows yet.
    pub(crate) const fn new(origin: Origin, low: usize, length: usize, guard: usize) -> Self {
        Self {
            bottom: core::ptr::null_mut(),
            bases: 0,
            low,
            length,
            guard,
            origin,
            next: core::ptr::null_mut(),
            stack: Stack::UNKNOWN,
        }
    }

    /// Gives the memory back that a deep excursion left below `sp`, the stack pointer of the
    /// region's bottom.
    ///
    /// # Safety
    /// `sp` is that, so nothing below it is needed.
    pub(crate) unsafe fn trim(&self, sp: usize) {
        let low = self.low + self.guard;
        let high = sp.saturating_sub(KEPT) & !4095;
        if self.origin == Origin::Mapped && high > low {
            // SAFETY: the pages are the runtime's, and the caller vouches for their bytes.
            unsafe { sys::release(low as *mut u8, high - low) };
        }
    }

    /// Whether `address` lies in the guard.
    pub(crate) fn guards(&self, address: usize) -> bool {
        self.guard != 0 && address.wrapping_sub(self.low) < self.guard
    }

    /// Takes a suspended context off the list, with whatever it has in place.
    ///
    /// # Safety
    /// `context` is in the list of this region.
    pub(crate) unsafe fn unlink(&mut self, context: *mut Context) {
        // SAFETY: list members are live headers, and `context` is one of them.
        unsafe {
            let mut at = &raw mut self.bottom;
            while *at != context {
                at = &raw mut (**at).above;
            }
            *at = (*context).above;
            (*context).above = core::ptr::null_mut();
            self.settle();
        }
    }

    /// After the bottom has changed: a suspended bottom that is whole may be
    /// switched to by the fast path.
    ///
    /// # Safety
    /// The list is sound.
    pub(crate) unsafe fn settle(&mut self) {
        // SAFETY: list members are live headers.
        unsafe {
            let Some(bottom) = self.bottom.as_mut() else { return };
            if bottom.tag.state() == State::Parked {
                bottom.suspend(true);
            }
        }
    }
}

/// The far end of slices: contexts started from it occupy the memory below `top`.
#[repr(C)]
pub(crate) struct Base {
    /// First address above its contexts' stacks, where a cache line begins.
    pub top: usize,
    /// Owner, [`State::Base`]. At the offset of [`Context::tag`].
    pub tag: Tag,
    /// Contexts started from it and not destroyed.
    pub contexts: u32,
    pub region: *mut Region,
    /// What was moved for its contexts.
    pub counters: Counters,
    /// Switches to its contexts, in the checked build.
    #[cfg(feature = "checked")]
    pub switches: u64,
}

impl Base {
    /// A base without contexts.
    pub(crate) const fn new(top: usize, tag: Tag, region: *mut Region) -> Self {
        Self {
            top,
            tag,
            contexts: 0,
            region,
            counters: Counters::new(),
            #[cfg(feature = "checked")]
            switches: 0,
        }
    }
}

const _: () = assert!(
    size_of::<Base>() <= size_of::<Context>(),
    "a base lies where a context's header may lie"
);

const _: () = assert!(
    core::mem::offset_of!(Base, tag) == core::mem::offset_of!(Context, tag),
    "a handle's tag is found without knowing what the handle is"
);
