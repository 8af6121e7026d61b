//! The headers: contexts, the bases that their stacks begin at, and the regions that they occupy.

use core::ffi::c_void;

use crate::check::{CHECKED, Checks, Switches};
use crate::stats::{Counters, Peak};
use crate::sys::{self, PAGE};
use crate::tools::{self, Fiber, Stack};

/// What a handle names, in the low bits of its tag.
///
/// A zeroed tag names nothing: freed headers, and pages that went back to the
/// system, read as `Dead`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum State {
    /// Not a context (any more).
    Dead = 0,
    /// Spawned, has not run yet. The header holds what to run: see [`Context::set_entry`].
    New = 1,
    /// Suspended, all of it in place and nothing below it on its region: the
    /// fast path may switch to it by exchanging stack pointers.
    Ready = 2,
    /// Suspended; a switch to it must first look at its region.
    Parked = 3,
    /// The running context of its thread.
    Running = 4,
    /// Its function has returned.
    Finished = 5,
    /// Not a context but a base.
    Base = 6,
    /// Not a handle but an object of the POSIX layer.
    Posix = 7,
}

/// Who owns a handle and what it names, in one word that a switch compares at once:
/// the owner thread's number above, the [`State`] in the low four bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Tag(pub u32);

impl Tag {
    /// Thread numbers stay below this, so that a tag holds them.
    pub(crate) const THREADS: u32 = 1 << 28;

    pub(crate) const fn new(thread: u32, state: State) -> Self {
        Self(thread << 4 | state as u32)
    }

    pub(crate) const fn thread(self) -> u32 {
        self.0 >> 4
    }

    pub(crate) const fn state(self) -> State {
        match self.0 & 15 {
            1 => State::New,
            2 => State::Ready,
            3 => State::Parked,
            4 => State::Running,
            5 => State::Finished,
            6 => State::Base,
            7 => State::Posix,
            _ => State::Dead,
        }
    }

    pub(crate) const fn with(self, state: State) -> Self {
        Self(self.0 & !15 | state as u32)
    }
}

/// A stretch of a thread's time, by which contexts and bases are told apart that were made
/// before some moment and after. It has the bytes that a header has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Era([u8; 3]);

impl Era {
    /// Before any other; also of what belongs to no time.
    pub(crate) const FIRST: Self = Self([0; 3]);

    const fn number(self) -> u32 {
        let [a, b, c] = self.0;
        u32::from_le_bytes([a, b, c, 0])
    }

    /// The one after it; none after the last.
    pub(crate) const fn next(self) -> Option<Self> {
        match (self.number() + 1).to_le_bytes() {
            [a, b, c, 0] => Some(Self([a, b, c])),
            _ => None,
        }
    }

    /// Whether it is `other` or comes after it.
    pub(crate) const fn is_since(self, other: Self) -> bool {
        self.number() >= other.number()
    }
}

/// What a context is besides, a bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Marks(pub u8);

impl Marks {
    pub(crate) const NONE: Self = Self(0);
    /// See [`Context::is_hidden`].
    pub(crate) const HIDDEN: Self = Self(1);
    /// See [`Context::has_blocks`].
    pub(crate) const BLOCKS: Self = Self(2);
}

/// A context.
///
/// While suspended its extent is `[sp, base.top)`, lowest address first:
///
/// ```text
///   sp                    sp + saved                 base.top
///   |  in the heap block  |  in place on the region  |
///   |  at `slice`         |                          |
/// ```
///
/// Displacing always takes from the low end, so one number says which part is where.
#[repr(C)]
pub(crate) struct Context {
    /// Stack pointer at the switch away; `[sp]` holds the address to go on at.
    pub sp: usize,
    /// Owner and state. At the same offset in [`Base`] and in POSIX objects.
    pub tag: Tag,
    /// What it is, and has, besides.
    pub marks: Marks,
    /// When it came to be.
    pub era: Era,
    /// Bytes from `sp` on that live in `slice`.
    pub saved: usize,
    /// What holds them (see `saved.rs`), null when `saved` is 0.
    pub slice: *mut u8,
    /// The next context in place on the region, at higher addresses.
    pub above: *mut Context,
    /// Who goes on when this context's function returns, or suspends. Null in hidden ones.
    pub link: *mut Context,
    /// Where its stack begins.
    pub base: *mut Base,
    /// The POSIX layer can take a context's flow of control to another stack: then this is
    /// the hidden context there. In the hidden context it points back. Else null.
    pub away: *mut Context,
    /// What the checked build knows besides; else of no size.
    pub checks: Checks,
    /// What tools know of it: no bytes in builds for none.
    pub fiber: Fiber,
}

/// What a new context runs.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    /// The body.
    pub function: *mut c_void,
    /// Its first argument.
    pub argument: *mut c_void,
    /// Runs the body for values that do not travel in a register, or null.
    pub wide: *mut c_void,
}

impl Context {
    /// A context that has nothing yet.
    pub(crate) const fn empty() -> Self {
        Self {
            sp: 0,
            tag: Tag(0),
            marks: Marks::NONE,
            era: Era::FIRST,
            saved: 0,
            slice: core::ptr::null_mut(),
            above: core::ptr::null_mut(),
            link: core::ptr::null_mut(),
            base: core::ptr::null_mut(),
            away: core::ptr::null_mut(),
            checks: Checks::new(),
            fiber: Fiber::NEW,
        }
    }

    /// The context that users know: the one that a hidden one runs for.
    ///
    /// # Safety
    /// `context` is a live header.
    pub(crate) unsafe fn known(context: *mut Self) -> *mut Self {
        // SAFETY: the caller vouches for the header.
        unsafe {
            if (*context).is_hidden() && !(*context).away.is_null() {
                (*context).away
            } else {
                context
            }
        }
    }

    /// The context on whose stack this one's flow of control is.
    ///
    /// # Safety
    /// `context` is a live header.
    pub(crate) unsafe fn whereabouts(context: *mut Self) -> *mut Self {
        // SAFETY: the caller vouches for the header.
        unsafe {
            if !(*context).is_hidden() && !(*context).away.is_null() {
                (*context).away
            } else {
                context
            }
        }
    }

    /// Whether it stands for a stack of the POSIX layer. Users never see its handle.
    pub(crate) fn is_hidden(&self) -> bool {
        self.marks.0 & Marks::HIDDEN.0 != 0
    }

    /// Whether frames of it may have variables on the heap, see `blocks`.
    pub(crate) fn has_blocks(&self) -> bool {
        self.marks.0 & Marks::BLOCKS.0 != 0
    }

    /// Notes that they may, or that none has.
    pub(crate) fn set_has_blocks(&mut self, has: bool) {
        self.marks.0 = self.marks.0 & !Marks::BLOCKS.0 | if has { Marks::BLOCKS.0 } else { 0 };
    }

    /// Marks a context suspended: ready to go on at once, or only after a look at its region.
    pub(crate) fn suspend(&mut self, is_bottom: bool) {
        let ready = is_bottom && self.saved == 0 && (self.is_hidden() || self.away.is_null());
        self.tag = self.tag.with(if ready { State::Ready } else { State::Parked });
    }

    /// Keeps what a new context will run, in fields that it does not use before it has run.
    pub(crate) fn set_entry(&mut self, entry: Entry) {
        self.sp = entry.argument as usize;
        self.slice = entry.function.cast();
        self.above = entry.wide.cast();
    }

    /// Takes out what [`Self::set_entry`] kept, and leaves the fields as a
    /// context with an empty extent has them.
    pub(crate) fn take_entry(&mut self, sp: usize) -> Entry {
        let entry = self.entry();
        self.sp = sp;
        self.slice = core::ptr::null_mut();
        self.above = core::ptr::null_mut();
        entry
    }

    /// What [`Self::set_entry`] kept.
    pub(crate) fn entry(&self) -> Entry {
        Entry {
            function: self.slice.cast(),
            argument: self.sp as *mut c_void,
            wide: self.above.cast(),
        }
    }

    /// Whether some of its stack is in place on its region.
    ///
    /// # Safety
    /// Suspended, and its base alive.
    pub(crate) unsafe fn in_place(&self) -> bool {
        // SAFETY: the caller vouches for the base.
        self.sp + self.saved < unsafe { (*self.base).top }
    }
}

const _: () = assert!(
    size_of::<Context>() == 64 || CHECKED || tools::FOLLOW_SWITCHES,
    "a header is one cache line; what is for checks and tools comes on top"
);

const _: () = assert!(
    core::mem::offset_of!(Base, tag) == core::mem::offset_of!(Context, tag),
    "a handle's tag is found without knowing what the handle is"
);

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
    #[cold]
    pub(crate) unsafe fn trim(&self, sp: usize) {
        let low = self.low + self.guard;
        let high = sp.saturating_sub(KEPT) & !(PAGE - 1);
        if self.origin == Origin::Mapped && high > low {
            // SAFETY: the pages are the runtime's, and the caller vouches for their bytes.
            unsafe { sys::release(low as *mut u8, high - low) };
        }
    }

    /// Bytes of the region below `sp`, its guard aside; `None` for the thread's own stack, whose
    /// end is not known.
    pub(crate) fn room_below(&self, sp: usize) -> Option<usize> {
        (self.origin != Origin::Native).then(|| sp - (self.low + self.guard))
    }

    /// Whether `address` lies in the guard.
    #[cfg(feature = "libc")]
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
    /// The most that they had in slices.
    pub peak: Peak,
    /// When it came to be.
    pub era: Era,
    /// Switches to its contexts.
    pub switches: Switches,
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
            peak: Peak::NONE,
            era: Era::FIRST,
            switches: Switches::NONE,
        }
    }
}

const _: () = assert!(
    size_of::<Base>() <= size_of::<Context>(),
    "a base lies where a context's header may lie"
);
