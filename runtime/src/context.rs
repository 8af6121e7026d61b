//! The headers of contexts, of the bases at which their stacks begin, and of the regions that they
//! occupy.

use core::ffi::c_void;

use crate::arch::resume_points;
use crate::check::{CHECKED, Checks, Switches};
use crate::stats::{Counters, Peak};
use crate::sys;

use crate::instrumentation::{self, Fiber, RegisteredStack};

/// What a handle is, in the low bits of its tag.
///
/// A zeroed tag is `Dead`: freed headers, and pages that went back to the system, read as that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum State {
    /// Not a context (any more).
    Dead = 0,
    /// Spawned, has not run yet. The header holds what to run: see [`Context::set_entry`].
    New = 1,
    /// Resident as a whole, and the bottom of its region. It runs, or it is suspended and the fast path
    /// may switch to it: the thread's words say which context runs.
    Ready = 2,
    /// Suspended; only the slow path may switch to it.
    Parked = 3,
    /// Its body has returned.
    Finished = 4,
    /// Not a context but a base.
    Base = 5,
    /// Not a handle but an object of the POSIX layer.
    Posix = 6,
}

/// Owner and state of a handle in one word, which a switch tests with one comparison: the number of
/// the owner thread above, the [`State`] in the low four bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Tag(pub u32);

impl Tag {
    /// A tag that no handle has.
    pub(crate) const NONE: Self = Self(u32::MAX);
    /// Thread numbers are below this, so that a tag holds them.
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
            4 => State::Finished,
            5 => State::Base,
            6 => State::Posix,
            _ => State::Dead,
        }
    }

    pub(crate) const fn with(self, state: State) -> Self {
        Self(self.0 & !15 | state as u32)
    }
}

/// A period of a thread's time. A host begins one, and later destroys the contexts and bases that
/// were made since. It has three bytes because a header has so many left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Era([u8; 3]);

impl Era {
    /// The first era; also that of contexts which belong to none.
    pub(crate) const FIRST: Self = Self([0; 3]);

    const fn number(self) -> u32 {
        let [a, b, c] = self.0;
        u32::from_le_bytes([a, b, c, 0])
    }

    /// The next era, or `None` after the last.
    pub(crate) const fn next(self) -> Option<Self> {
        match (self.number() + 1).to_le_bytes() {
            [a, b, c, 0] => Some(Self([a, b, c])),
            _ => None,
        }
    }

    /// Whether it is `other` or a later era.
    pub(crate) const fn is_since(self, other: Self) -> bool {
        self.number() >= other.number()
    }
}

/// Properties of a context, a bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Flags(pub u8);

impl Flags {
    pub(crate) const NONE: Self = Self(0);
    /// See [`Context::is_hidden`].
    pub(crate) const HIDDEN: Self = Self(1);
    /// See [`Context::has_frame_blocks`].
    pub(crate) const BLOCKS: Self = Self(2);
}

/// A context.
///
/// While suspended its extent is `[sp, base.top)`, lowest address first:
///
/// ```text
///   sp                      sp + saved                 base.top
///   |  displaced: in the    |  resident: on the        |
///   |  slice                |  region                  |
/// ```
///
/// The low end is displaced first, so the number `saved` says which bytes are where.
#[repr(C)]
pub(crate) struct Context {
    /// Stack pointer of a suspended context: the address of its switch record.
    pub sp: usize,
    /// Owner and state. At the same offset in [`Base`] and in POSIX objects.
    pub tag: Tag,
    /// Other properties.
    pub flags: Flags,
    /// The era in which it was made.
    pub era: Era,
    /// Bytes from `sp` on that are in the slice.
    pub saved: usize,
    /// The slice (see `saved.rs`), null if `saved` is 0.
    pub slice: *mut u8,
    /// The next resident context of the region, at higher addresses.
    pub above: *mut Context,
    /// The context that is resumed when this one suspends or its body returns. Null in hidden
    /// contexts.
    pub link: *mut Context,
    /// Where its stack begins.
    pub base: *mut Base,
    /// While control of this context is on a user stack: the hidden context there. In that hidden
    /// context: this one. Else null.
    pub counterpart: *mut Context,
    /// For the checked build; else of no size.
    pub checks: Checks,
    /// For sanitizers; else of no size.
    pub fiber: Fiber,
}

/// What a new context will run.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    /// The body.
    pub function: *mut c_void,
    /// Its first argument.
    pub argument: *mut c_void,
    /// An adapter that calls the body with values that do not fit a register, or null.
    pub wide: *mut c_void,
}

/// Bytes of the first record of a new context; `record.s` of the CPU shows it.
pub(crate) const FIRST_RECORD: usize = 4 * size_of::<usize>();

impl Entry {
    /// Writes the first record of a context below `top` (16-byte aligned). Returns its address,
    /// which is the context's stack pointer.
    ///
    /// # Safety
    /// The [`FIRST_RECORD`] bytes below `top` are the context's.
    pub(crate) unsafe fn write_first_record(self, top: usize) -> usize {
        let sp = top - FIRST_RECORD;
        let Self { function, argument, wide } = self;
        // SAFETY: the caller says that the bytes are the context's.
        unsafe {
            (sp as *mut [usize; 4]).write([
                resume_points::entry(),
                function.addr(),
                argument.addr(),
                wide.addr(),
            ]);
        }
        sp
    }
}

impl Context {
    /// A context that has nothing yet.
    pub(crate) const fn empty() -> Self {
        Self {
            sp: 0,
            tag: Tag(0),
            flags: Flags::NONE,
            era: Era::FIRST,
            saved: 0,
            slice: core::ptr::null_mut(),
            above: core::ptr::null_mut(),
            link: core::ptr::null_mut(),
            base: core::ptr::null_mut(),
            counterpart: core::ptr::null_mut(),
            checks: Checks::new(),
            fiber: Fiber::NEW,
        }
    }

    /// The context whose handle users have: for a hidden context the one whose control is there.
    ///
    /// # Safety
    /// `context` is a live header.
    pub(crate) unsafe fn visible(context: *mut Self) -> *mut Self {
        // SAFETY: the caller vouches for the header.
        unsafe {
            if (*context).is_hidden() && !(*context).counterpart.is_null() {
                (*context).counterpart
            } else {
                context
            }
        }
    }

    /// The context on whose stack control of this context is: itself, or a hidden one.
    ///
    /// # Safety
    /// `context` is a live header.
    pub(crate) unsafe fn active(context: *mut Self) -> *mut Self {
        // SAFETY: the caller vouches for the header.
        unsafe {
            if !(*context).is_hidden() && !(*context).counterpart.is_null() {
                (*context).counterpart
            } else {
                context
            }
        }
    }

    /// Whether it stands for a user stack, or for code after a fault. Users never have its handle.
    pub(crate) fn is_hidden(&self) -> bool {
        self.flags.0 & Flags::HIDDEN.0 != 0
    }

    /// Whether its frames may have variables on the heap, see `frame_blocks`.
    pub(crate) fn has_frame_blocks(&self) -> bool {
        self.flags.0 & Flags::BLOCKS.0 != 0
    }

    /// Sets whether they may.
    pub(crate) fn set_has_frame_blocks(&mut self, has: bool) {
        self.flags.0 = self.flags.0 & !Flags::BLOCKS.0 | if has { Flags::BLOCKS.0 } else { 0 };
    }

    /// Marks a context as suspended: as ready if the fast path can switch to it, else as parked.
    pub(crate) fn suspend(&mut self, is_bottom: bool) {
        let ready =
            is_bottom && self.saved == 0 && (self.is_hidden() || self.counterpart.is_null());
        self.tag = self.tag.with(if ready { State::Ready } else { State::Parked });
    }

    /// Stores what a new context will run, in fields that are not used before it runs.
    pub(crate) fn set_entry(&mut self, entry: Entry) {
        self.sp = entry.argument as usize;
        self.slice = entry.function.cast();
        self.above = entry.wide.cast();
    }

    /// Returns what [`Self::set_entry`] stored, and sets the fields to those of a context with an
    /// empty extent.
    pub(crate) fn take_entry(&mut self, sp: usize) -> Entry {
        let entry = self.entry();
        self.sp = sp;
        self.slice = core::ptr::null_mut();
        self.above = core::ptr::null_mut();
        entry
    }

    /// What [`Self::set_entry`] stored.
    pub(crate) fn entry(&self) -> Entry {
        Entry {
            function: self.slice.cast(),
            argument: self.sp as *mut c_void,
            wide: self.above.cast(),
        }
    }

    /// Whether some of its bytes are resident.
    ///
    /// # Safety
    /// Suspended, and its base alive.
    pub(crate) unsafe fn is_resident(&self) -> bool {
        // SAFETY: the caller vouches for the base.
        self.sp + self.saved != unsafe { (*self.base).top }
    }

    /// Whether its stack pointer is on its own stack: between its base and the low end of its region,
    /// as far as that is known.
    ///
    /// # Safety
    /// Suspended, its base and region alive.
    pub(crate) unsafe fn is_on_own_stack(&self) -> bool {
        // SAFETY: the caller vouches for base and region.
        unsafe {
            let top = (*self.base).top;
            let region = &*(*self.base).region;
            let is_known = region.low != 0 && top.wrapping_sub(region.low) <= region.length;
            self.sp <= top && (!is_known || self.sp >= region.low + region.guard)
        }
    }
}

const _: () = assert!(
    size_of::<Context>() == 64 || CHECKED || instrumentation::FOLLOW_SWITCHES,
    "a header is one cache line, but for the checked build and sanitizers"
);

const _: () = {
    use core::mem::offset_of;
    use stackswitch_abi::layout::{
        BLOCKS_FLAG, FINISHED_AFTER_READY, READY_AFTER_NEW, base, header, region,
    };
    assert!(offset_of!(Context, sp) == header::SP);
    assert!(offset_of!(Context, tag) == header::TAG);
    assert!(offset_of!(Context, saved) == header::SAVED);
    assert!(offset_of!(Context, slice) == header::SLICE);
    assert!(offset_of!(Context, above) == header::ABOVE);
    assert!(offset_of!(Context, link) == header::LINK);
    assert!(offset_of!(Context, base) == header::BASE);
    assert!(offset_of!(Context, counterpart) == header::COUNTERPART);
    assert!(offset_of!(Base, top) == base::TOP);
    assert!(offset_of!(Base, region) == base::REGION);
    assert!(offset_of!(Region, bottom) == region::BOTTOM);
    assert!(State::Ready as usize - State::New as usize == READY_AFTER_NEW);
    assert!(State::Finished as usize - State::Ready as usize == FINISHED_AFTER_READY);
    assert!(offset_of!(Context, flags) == header::FLAGS);
    assert!(Flags::BLOCKS.0 == BLOCKS_FLAG);
};

const _: () = assert!(
    core::mem::offset_of!(Base, tag) == core::mem::offset_of!(Context, tag),
    "the tag is at one offset in every kind of handle"
);

/// Bytes below the stack pointer that a region keeps when it gives memory back: a depth that a
/// context may reach again and again.
const KEPT: usize = 256 << 10;

/// A mapped region of so many bytes has core files without its unused part. In a smaller region that
/// would not pay: it costs one more mapping, of which a process has a limited number.
const SPLIT_FROM: usize = 16 << 20;
/// Bytes that core files have at least, and the step in which they have more. It is a multiple of what
/// `large_slices` may move below a stack pointer.
const DUMPED: usize = 2 << 20;

/// Where the memory of a region comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The thread's native stack.
    Native,
    /// Mapped by the runtime; goes with its last base.
    Mapped,
    /// A user stack: passed to `makecontext` by the program.
    User,
}

/// One piece of stack memory.
///
/// The contexts with resident bytes on it form a list by ascending address, from `bottom` through
/// [`Context::above`]; their resident bytes never overlap. A running context is always the bottom of
/// its region, so it can grow into all memory below its stack pointer.
#[repr(C)]
pub(crate) struct Region {
    /// The lowest resident context, or null.
    pub bottom: *mut Context,
    /// Number of its bases; a mapped region is unmapped with its last base.
    pub bases: usize,
    /// First address of the memory, guard included; 0 if not known.
    pub low: usize,
    /// Bytes of memory, guard included.
    pub length: usize,
    /// Bytes of guard at the low end.
    pub guard: usize,
    /// Core files have the bytes from this address on; 0 for all.
    dumped_from: usize,
    pub origin: Origin,
    /// Neighbours in the thread's list of mapped regions.
    pub next: *mut Region,
    pub previous: *mut Region,
    /// Stays mapped when its thread ends while a context has bytes here.
    pub outlives_thread: bool,
    /// For Valgrind; else of no size.
    pub stack: RegisteredStack,
}

impl Region {
    /// A region without contexts, in no list.
    pub(crate) const fn new(origin: Origin, low: usize, length: usize, guard: usize) -> Self {
        Self {
            bottom: core::ptr::null_mut(),
            bases: 0,
            low,
            length,
            guard,
            dumped_from: 0,
            origin,
            next: core::ptr::null_mut(),
            previous: core::ptr::null_mut(),
            outlives_thread: false,
            stack: RegisteredStack::NONE,
        }
    }

    /// Keeps the unused part of a large mapped region out of core files. `top` is that of its base.
    ///
    /// # Safety
    /// The region is mapped, and no context is on it.
    pub(crate) unsafe fn limit_dumps(&mut self, top: usize) {
        let low = self.low + self.guard;
        if top - low >= SPLIT_FROM {
            self.dumped_from = (top - DUMPED) & !(sys::page() - 1);
            // SAFETY: the pages are the region's.
            unsafe { sys::set_dumped(low as *mut u8, self.dumped_from - low, false) };
        }
    }

    /// Makes core files have the bytes of a context whose stack pointer is `sp`.
    #[inline]
    pub(crate) fn dump_from(&mut self, sp: usize) {
        if sp < self.dumped_from {
            self.extend_dumps(sp);
        }
    }

    #[cold]
    fn extend_dumps(&mut self, sp: usize) {
        let low = self.low + self.guard;
        if sp < low {
            return; // not on this stack
        }
        // Whole steps, so that a stack that grows slowly comes here seldom.
        let from = (sp & !(DUMPED - 1)).saturating_sub(DUMPED).max(low);
        // SAFETY: the pages are the region's.
        unsafe { sys::set_dumped(from as *mut u8, self.dumped_from - from, true) };
        self.dumped_from = from;
    }

    /// Gives memory back that the bottom context used when it was deeper. `sp` is its stack pointer.
    ///
    /// # Safety
    /// No byte below `sp` is needed.
    #[cold]
    pub(crate) unsafe fn trim(&self, sp: usize) {
        let low = self.low + self.guard;
        let high = sp.saturating_sub(KEPT) & !(sys::page() - 1);
        if self.origin == Origin::Mapped && high > low {
            // SAFETY: the pages are the runtime's, and the caller vouches for their bytes.
            unsafe { sys::release(low as *mut u8, high - low) };
        }
    }

    /// Bytes of the region below `sp`, without its guard; `None` for the thread's native stack,
    /// whose end is not known.
    pub(crate) fn room_below(&self, sp: usize) -> Option<usize> {
        (self.origin != Origin::Native).then(|| sp - (self.low + self.guard))
    }

    /// Whether `address` lies in the guard.
    #[cfg(feature = "libc")]
    pub(crate) fn guards(&self, address: usize) -> bool {
        self.guard != 0 && address.wrapping_sub(self.low) < self.guard
    }

    /// Removes a suspended context, with its resident bytes, from the list.
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
            self.refresh_bottom();
        }
    }

    /// Sets the state of a new bottom: the fast path may switch to it if it has no slice.
    ///
    /// # Safety
    /// The list is sound.
    pub(crate) unsafe fn refresh_bottom(&mut self) {
        // SAFETY: list members are live headers.
        unsafe {
            let Some(bottom) = self.bottom.as_mut() else { return };
            if bottom.tag.state() == State::Parked {
                bottom.suspend(true);
            }
        }
    }
}

/// Where stacks begin: its contexts occupy the memory below `top`.
#[repr(C)]
pub(crate) struct Base {
    /// First address above its contexts' stacks; a cache line begins there.
    pub top: usize,
    /// Owner, [`State::Base`]. At the offset of [`Context::tag`].
    pub tag: Tag,
    /// Contexts started from it and not destroyed.
    pub contexts: u32,
    pub region: *mut Region,
    /// Counters of its contexts.
    pub counters: Counters,
    /// The most bytes that they had in slices.
    pub peak: Peak,
    /// The era in which it was made.
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
    "a base fits the block of a context's header"
);
