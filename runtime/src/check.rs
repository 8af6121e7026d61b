//! The additional data and tests of the checked build: seals of slices, types of values that a switch
//! carries, poison on vacated stack, counters of each context.
//!
//! Without the feature `checked` all of it has no size and does nothing, so the code that uses it is
//! the same in both builds.

#[cfg(feature = "checked")]
pub(crate) use on::*;

#[cfg(not(feature = "checked"))]
pub(crate) use off::*;

pub(crate) use crate::arch::CHECKED;

#[cfg(feature = "checked")]
mod on {
    use core::ptr;

    use crate::stats::{Counters, Peak};

    /// The additional data of a context.
    #[derive(Clone, Copy)]
    #[repr(C)]
    pub(crate) struct Checks {
        pub seal: Seal,
        /// What its body takes and returns.
        pub body: Carried,
        /// What it takes when it is resumed.
        pub awaits: Carried,
        /// Switches to it.
        pub switches: u64,
        /// What was moved for them.
        pub counters: Counters,
        /// The most that it had in its slice.
        pub peak: Peak,
        /// In a header that is not in a store: [`mark_of`]; else 0.
        mark: u32,
    }

    /// A word that other memory is unlikely to have at this distance from an address.
    fn mark_of(address: usize) -> u32 {
        0x6D61_696E ^ (address >> 3) as u32
    }

    impl Checks {
        pub(crate) const fn new() -> Self {
            Self {
                seal: Seal::new(),
                body: Carried::WORD,
                awaits: Carried::WORD,
                switches: 0,
                counters: Counters::new(),
                peak: Peak::NONE,
                mark: 0,
            }
        }

        /// Marks them as those of a header at an address outside of a store: a thread's own, or one at
        /// the top of a user stack.
        pub(crate) fn mark_outside_store(&mut self, address: usize) {
            self.mark = mark_of(address);
        }

        /// Whether they are marked so.
        pub(crate) fn is_outside_store(&self, address: usize) -> bool {
            self.mark == mark_of(address)
        }

        /// The context will run a body that takes and returns this.
        pub(crate) fn spawned(&mut self, carried: Carried) {
            self.body = carried;
            self.awaits = carried;
        }

        /// A switch to the context has happened, for which `moved` bytes were moved.
        pub(crate) fn arrived(&mut self, moved: usize) {
            self.switches += 1;
            self.counters.switches_copying += u64::from(moved != 0);
        }

        /// The same for a clone that has not been switched to.
        pub(crate) fn uncounted(mut self) -> Self {
            self.switches = 0;
            self.counters = Counters::new();
            self.peak = Peak::NONE;
            self
        }

        /// The context now has a slice of `length` bytes, of which `bytes` came from its stack.
        pub(crate) fn saved(&mut self, bytes: usize, length: usize) {
            self.counters.bytes_parked = 0;
            self.counters.saved(bytes, length, &mut self.peak);
        }

        /// Its slice of `bytes` went back to its stack.
        pub(crate) fn restored(&mut self, bytes: usize) {
            self.counters.bytes_parked = 0;
            self.counters.restored(bytes, 0);
        }
    }

    /// A checksum of a slice. It can be continued as the slice grows at its high end.
    #[derive(Clone, Copy)]
    #[repr(transparent)]
    pub(crate) struct Seal(u64);

    impl Seal {
        const START: u64 = 0x9E37_79B9_7F4A_7C15;

        pub(crate) const fn new() -> Self {
            Self(Self::START)
        }

        /// The seal of the `bytes` at `slice`.
        ///
        /// # Safety
        /// They are readable and whole words, 8-byte aligned.
        pub(crate) unsafe fn compute(slice: *const u8, bytes: usize) -> Self {
            let mut seal = Self::new();
            // SAFETY: the caller vouches for the bytes.
            unsafe { seal.extend(slice, 0, bytes) };
            seal
        }

        /// The slice of `old` bytes, which this is the seal of, now has `new`.
        ///
        /// # Safety
        /// As [`Self::compute`].
        pub(crate) unsafe fn extend(&mut self, slice: *const u8, old: usize, new: usize) {
            if old == 0 {
                *self = Self::new();
            }
            let words = slice.cast::<u64>();
            for at in old / 8..new / 8 {
                // SAFETY: the caller vouches for the bytes.
                let word = unsafe { words.add(at).read() };
                self.0 = (self.0 ^ word).wrapping_mul(Self::START).rotate_left(29);
            }
        }

        /// Whether the `bytes` at `slice` are those that were sealed.
        ///
        /// # Safety
        /// As [`Self::compute`].
        pub(crate) unsafe fn holds(self, slice: *const u8, bytes: usize) -> bool {
            // SAFETY: the caller vouches for the bytes.
            bytes == 0 || unsafe { Self::compute(slice, bytes).0 == self.0 }
        }
    }

    /// The mark of an object of the POSIX layer that was captured into.
    #[derive(Clone, Copy)]
    #[repr(transparent)]
    pub(crate) struct ObjectMark(u64);

    impl ObjectMark {
        pub(crate) const CAPTURED: Self = Self(0x7374_6B73_776F_626A);

        /// Whether an object has it.
        pub(crate) fn is_captured(self) -> bool {
            self.0 == Self::CAPTURED.0
        }
    }

    /// What a switch carries: a word (0), or that many bytes in the slot.
    #[derive(Clone, Copy, PartialEq, Eq)]
    #[repr(transparent)]
    pub(crate) struct Carried(u8);

    impl Carried {
        /// A pointer or an integer, in a register.
        pub(crate) const WORD: Self = Self(0);
        /// A value that does not fit a register, of unknown size.
        pub(crate) const WIDE: Self = Self(254);
        /// Any value, which is not used.
        pub(crate) const ANY: Self = Self(255);

        /// `size` bytes in the slot, at most 64.
        pub(crate) const fn bytes(size: usize) -> Self {
            // No bytes travel like a byte that nobody reads.
            Self(if size == 0 { 1 } else { size as u8 })
        }

        /// Whether a context that expects this may be resumed with `other`.
        pub(crate) fn fits(self, other: Self) -> bool {
            self == other
                || self == Self::ANY
                || other == Self::ANY
                || (self == Self::WIDE && other != Self::WORD)
                || (other == Self::WIDE && self != Self::WORD)
        }

        /// Returns it and sets it to a word, for the next switch.
        pub(crate) fn take(&mut self) -> Self {
            core::mem::replace(self, Self::WORD)
        }
    }

    /// Switches to the contexts of a base.
    #[derive(Clone, Copy)]
    #[repr(transparent)]
    pub(crate) struct Switches(u64);

    impl Switches {
        pub(crate) const NONE: Self = Self(0);

        /// One more.
        pub(crate) fn count(&mut self) {
            self.0 += 1;
        }

        /// How many.
        pub(crate) fn total(self) -> u64 {
            self.0
        }
    }

    /// What vacated stack is filled with.
    const POISON: u8 = 0xDB;
    /// How much of a finished context's stack is poisoned.
    const DEAD_FRAMES: usize = 512;

    /// Fills vacated stack.
    ///
    /// # Safety
    /// The bytes are stack that nobody has a use for.
    pub(crate) unsafe fn poison(at: usize, bytes: usize) {
        // SAFETY: the caller vouches for the bytes.
        unsafe { ptr::write_bytes(at as *mut u8, POISON, bytes) };
    }

    /// Fills the nearest of what a finished context's frames were, below `sp`. `room` is how much
    /// of the region lies there, if that is known.
    ///
    /// # Safety
    /// The memory below `sp` belongs to a context that has no use for it.
    pub(crate) unsafe fn poison_below(sp: usize, room: Option<usize>) {
        // Where it is not known it is the thread's own stack, and frames ran there.
        let bytes = room.map_or(DEAD_FRAMES, |room| room.min(DEAD_FRAMES));
        // SAFETY: the bytes belong to a finished context.
        unsafe { poison(sp - bytes, bytes) };
    }
}

#[cfg(not(feature = "checked"))]
mod off {
    #[derive(Clone, Copy)]
    #[repr(C)]
    pub(crate) struct Checks {
        pub seal: Seal,
        pub body: Carried,
        pub awaits: Carried,
    }

    impl Checks {
        pub(crate) const fn new() -> Self {
            Self { seal: Seal, body: Carried, awaits: Carried }
        }
        #[inline]
        pub(crate) fn mark_outside_store(&mut self, _: usize) {}
        pub(crate) fn is_outside_store(&self, _: usize) -> bool {
            true
        }
        #[inline]
        pub(crate) fn spawned(&mut self, _: Carried) {}
        #[inline]
        pub(crate) fn arrived(&mut self, _: usize) {}
        pub(crate) fn uncounted(self) -> Self {
            self
        }
        #[inline]
        pub(crate) fn saved(&mut self, _: usize, _: usize) {}
        #[inline]
        pub(crate) fn restored(&mut self, _: usize) {}
    }

    #[derive(Clone, Copy)]
    pub(crate) struct Seal;

    impl Seal {
        /// # Safety
        /// None.
        #[inline]
        pub(crate) unsafe fn compute(_: *const u8, _: usize) -> Self {
            Self
        }
        /// # Safety
        /// None.
        #[inline]
        pub(crate) unsafe fn extend(&mut self, _: *const u8, _: usize, _: usize) {}
        /// # Safety
        /// None.
        #[inline]
        pub(crate) unsafe fn holds(self, _: *const u8, _: usize) -> bool {
            true
        }
    }

    #[derive(Clone, Copy)]
    pub(crate) struct ObjectMark;

    impl ObjectMark {
        pub(crate) const CAPTURED: Self = Self;

        #[inline]
        pub(crate) fn is_captured(self) -> bool {
            true
        }
    }

    #[derive(Clone, Copy)]
    pub(crate) struct Carried;

    impl Carried {
        pub(crate) const WORD: Self = Self;
        pub(crate) const WIDE: Self = Self;
        pub(crate) const ANY: Self = Self;

        pub(crate) const fn bytes(_: usize) -> Self {
            Self
        }
        #[inline]
        pub(crate) fn fits(self, _: Self) -> bool {
            true
        }
        #[inline]
        pub(crate) fn take(&mut self) -> Self {
            Self
        }
    }

    #[derive(Clone, Copy)]
    pub(crate) struct Switches;

    impl Switches {
        pub(crate) const NONE: Self = Self;

        #[inline]
        pub(crate) fn count(&mut self) {}
        pub(crate) fn total(self) -> u64 {
            0
        }
    }

    /// # Safety
    /// None.
    #[inline]
    pub(crate) unsafe fn poison(_: usize, _: usize) {}

    /// # Safety
    /// None.
    #[inline]
    pub(crate) unsafe fn poison_below(_: usize, _: Option<usize>) {}
}
