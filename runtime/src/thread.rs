//! A thread's share of the runtime: its own context, its regions and bases, its heap.

use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicU32, Ordering};

use crate::arch;
use crate::blocks::Blocks;
use crate::check::{CHECKED, Carried};
use crate::context::{Base, Context, Era, Marks, Origin, Region, State, Tag};
use crate::cxx::{self, Globals};
use crate::error::{self, Code, Refusal};
use crate::given::Stacks;
use crate::heap::Heap;
use crate::hooks::Hooks;
use crate::memory::Memory;
use crate::pages;
use crate::place::{self, Place};
use crate::stats::{self, BaseStats, Stats};
use crate::sys::{self, PAGE};
use crate::tools::Stack;
#[cfg(feature = "libc")]
use crate::traps;
use crate::traps::Trap;

/// The words that the fast path reads and writes, in thread-local storage.
#[repr(C, align(64))]
pub(crate) struct Tls {
    /// The running context.
    pub current: *mut Context,
    /// The tag of a context of this thread that may be switched to at once.
    pub ready: Tag,
    /// The tag of the running context.
    pub running: Tag,
    /// The tag of a suspended context of this thread that has to be brought in.
    pub parked: Tag,
    /// Switches of the fast path.
    pub switches: u64,
    /// Upper end of the side stack; 0 until the thread is set up.
    pub side_top: usize,
    /// The thread's C++ exceptions in flight; points to `none` in programs without C++.
    pub exceptions: *mut Globals,
    /// Never anything but zeros.
    none: Globals,
    /// The rest.
    pub thread: *mut Thread,
    /// The base whose contexts have exchanged slices for stacks' bytes since the last
    /// [`Thread::settle`].
    pub exchange_base: *mut Base,
    /// How often, from bit [`EXCHANGES_BIT`] on, and how many bytes, below.
    pub exchanged: u64,
    /// Bytes of the vectors that memory is moved with.
    pub vectors: u32,
    /// What marks the objects of the POSIX layer that may be gone to at once; `u64::MAX` from when
    /// the thread keeps track of stacks, see [`Thread::keep_track`].
    pub plain: u64,
}

/// So many slow switches lie between two looks at a region's memory; a prime, so that the looks do
/// not fall on the same region of a set again and again.
pub(crate) const LOOK_INTERVAL: u32 = 4093;
/// How many hints wait for their headers. Measured with a million contexts in random order: 1
/// gives 71 ns a switch, 2 56, 4 41, 8 29; but a scheduler must know as many contexts ahead.
pub(crate) const HINTS: usize = 4;
/// See [`Tls::exchanged`].
pub(crate) const EXCHANGES_BIT: u32 = 48;

/// The most default regions that `spawn` with a null base spreads contexts over: as
/// many contexts spawned in a row never displace one another.
const DEFAULT_REGIONS: usize = 64;
/// Address space of a default region.
const DEFAULT_RESERVE: usize = if size_of::<usize>() == 8 { 256 << 20 } else { 1 << 20 };
/// Bytes of the stack on which contexts are exchanged. Signal handlers may run on it.
const SIDE_STACK: usize = 64 << 10;
/// Inaccessible bytes at the end of a mapped region.
const GUARD: usize = 64 << 10;

/// How far below the stack pointer `base.here` puts the base. A caller that
/// switches from the very frame that made the base has its suspended call
/// above it, with the small frames of typed switches, so it is never copied.
const BASE_GAP: usize = 4 * arch::SWITCH_BYTES;

/// All of a thread that switches do not need every time.
pub(crate) struct Thread {
    /// In tags.
    pub number: u32,
    /// The thread's native stack as a context.
    pub main: Context,
    main_base: Base,
    native: Region,
    /// Stands for nobody: what runs on the side stack after an overflow.
    limbo: Context,
    limbo_base: Base,
    limbo_region: Region,
    pub heap: Heap,
    /// What frames of its contexts have on the heap.
    pub blocks: Blocks,
    pub hooks: Hooks,
    /// What the switch that begins carries, if it is not a word.
    pub carried: Carried,
    /// What is made now is of this era.
    pub era: Era,
    /// The fault that is being handled, if it is no overflow.
    pub trap: Option<Trap>,
    /// What the last refused operation will be reported as.
    pub refusal: Refusal,
    /// Whether that was a function that reports by `errno`.
    pub sets_errno: bool,
    /// Slow switches until the next look at a region's memory.
    pub until_look: u32,
    /// Where a POSIX context goes on, during the switch to it.
    pub going: Place,
    /// The ends of the native stack; both 0 before they are needed.
    pub native_ends: (usize, usize),
    /// Stacks that the program gave.
    pub given: Stacks,
    /// How many of them lie within another stack and have not been left, see `track`.
    pub nested: usize,
    /// The contexts of the last hints, whose slices have not been asked for yet, as a queue
    /// that starts at `next_hint`.
    pub hints: [*mut Context; HINTS],
    pub next_hint: usize,
    /// Where values that need more than a register lie during a switch.
    pub slot: Slot,
    /// Mapped regions.
    regions: *mut Region,
    defaults: [*mut Base; DEFAULT_REGIONS],
    /// How many of them are in use.
    default_count: usize,
    next_default: usize,
    #[cfg(feature = "libc")]
    signal_stack: *mut u8,
    /// What tools know of the side stack.
    side_stack: Stack,
    /// Refers to what debuggers look for by name, so that it is linked.
    #[allow(dead_code)]
    description: *const c_void,
}

unsafe extern "C" {
    /// Of `describe`, which knows all modules.
    #[link_name = "stackswitch_debug_v2"]
    static DESCRIPTION: c_void;
}

/// Room for the largest value, aligned for any.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Slot(pub [u8; 64]);

const NO_REFUSAL: Refusal =
    Refusal { code: Code::Invalid, context: ptr::null_mut(), operation: "" };

/// Bytes of the mapping that holds a thread: guard, side stack, [`Thread`].
const THREAD_MAPPING: usize = PAGE + SIDE_STACK + size_of::<Thread>().next_multiple_of(PAGE);

/// What a thread that cannot be set up is told to have tried.
const SET_UP: &str = "thread set-up";

static NUMBERS: AtomicU32 = AtomicU32::new(1);

/// Sets up the calling thread unless it is. False, after telling the error
/// handler, when there is no memory.
pub(crate) unsafe extern "C-unwind" fn start() -> bool {
    let tls = arch::tls();
    // SAFETY: the words are this thread's.
    if unsafe { !(*tls).thread.is_null() } {
        return true;
    }
    let number = NUMBERS.fetch_add(1, Ordering::Relaxed) % Tag::THREADS;
    let mapping = sys::map(THREAD_MAPPING, PAGE);
    if mapping.is_null() {
        // SAFETY: nothing has changed.
        unsafe { refuse(Code::Memory, ptr::null_mut(), SET_UP) };
        return false;
    }
    let side_top = mapping.wrapping_add(PAGE + SIDE_STACK);
    let thread = side_top.cast::<Thread>();
    let base = |region| Base::new(usize::MAX & !15, Tag(0), region);
    // SAFETY: the mapping has room for a Thread above the side stack, page-aligned; the thread
    // stays where it is, so its parts may point to one another.
    unsafe {
        thread.write(Thread {
            number,
            main: Context::empty(),
            main_base: base(&raw mut (*thread).native),
            native: Region::new(Origin::Native, 0, 0, 0),
            limbo: Context::empty(),
            limbo_base: base(&raw mut (*thread).limbo_region),
            limbo_region: Region::new(Origin::Given, 0, 0, 0),
            heap: Heap::new(Memory::current()),
            blocks: Blocks::new(),
            hooks: Hooks::first(),
            carried: Carried::WORD,
            era: Era::FIRST,
            trap: None,
            refusal: NO_REFUSAL,
            sets_errno: false,
            until_look: LOOK_INTERVAL,
            going: Place::NOWHERE,
            native_ends: (0, 0),
            given: Stacks::new(),
            nested: 0,
            hints: [ptr::null_mut(); HINTS],
            next_hint: 0,
            slot: Slot([0; 64]),
            regions: ptr::null_mut(),
            defaults: [ptr::null_mut(); DEFAULT_REGIONS],
            default_count: DEFAULT_REGIONS,
            next_default: 0,
            #[cfg(feature = "libc")]
            signal_stack: ptr::null_mut(),
            side_stack: Stack::register(side_top.addr() - SIDE_STACK, side_top.addr()),
            description: &raw const DESCRIPTION,
        });
        let t = &mut *thread;
        t.main.base = &raw mut t.main_base;
        t.main.tag = Tag::new(number, State::Running);
        t.native.bottom = &raw mut t.main;
        t.limbo.base = &raw mut t.limbo_base;
        t.limbo.marks = Marks::HIDDEN;
        t.limbo_region.bottom = &raw mut t.limbo;
        if !sys::at_thread_end(end, thread.cast()) {
            sys::unmap(mapping, THREAD_MAPPING);
            refuse(Code::Memory, ptr::null_mut(), SET_UP);
            return false;
        }
        let (ready, parked) = t.hooks.short_ways(number);
        tls.write(Tls {
            current: &raw mut t.main,
            ready,
            running: Tag::new(number, State::Running),
            parked,
            switches: 0,
            side_top: side_top.addr(),
            exceptions: cxx::globals().unwrap_or(&raw mut (*tls).none),
            none: Globals::NONE,
            thread,
            exchange_base: ptr::null_mut(),
            exchanged: 0,
            vectors: arch::vectors(),
            plain: if ready == Tag(u32::MAX) { u64::MAX } else { place::plain(number) },
        });
        stats::thread_started();
    }
    arch::inlined::publish();
    true
}

/// The calling thread, set up; null after the handler was told why not.
///
/// # Safety
/// Not on a side stack.
#[inline]
pub(crate) unsafe fn ensure() -> *mut Thread {
    let tls = arch::tls();
    // SAFETY: the words are this thread's.
    unsafe {
        if (*tls).thread.is_null() && !start() {
            return ptr::null_mut();
        }
        (*tls).thread
    }
}

/// Runs at the thread's end: everything goes back.
unsafe extern "C" fn end(thread: *mut c_void) {
    let thread = thread.cast::<Thread>();
    // SAFETY: the thread is ending, on its native stack; nothing of it is used again. The words
    // go back to what they were, for destructors that run after this one.
    unsafe {
        let tls = arch::tls();
        (*tls).current = ptr::null_mut();
        (*tls).ready = Tag(u32::MAX);
        (*tls).parked = Tag(u32::MAX);
        (*tls).plain = u64::MAX;
        (*tls).side_top = 0;
        (*tls).thread = ptr::null_mut();
        stats::thread_ended((*thread).heap.stats.contexts, (*thread).heap.store.bytes as u64);
        while !(*thread).regions.is_null() {
            let region = (*thread).regions;
            (*thread).regions = (*region).next;
            (*region).stack.forget();
            sys::unmap((*region).low as *mut u8, (*region).length);
        }
        #[cfg(feature = "libc")]
        sys::forget_faults((*thread).signal_stack);
        (*thread).heap.slots.clear();
        (*thread).heap.store.clear();
        (*thread).side_stack.forget();
        let mapping = thread.cast::<u8>().wrapping_sub(PAGE + SIDE_STACK);
        if CHECKED {
            // The handle of the thread's own context reads as destroyed from now on.
            sys::release(mapping, THREAD_MAPPING);
        } else {
            sys::unmap(mapping, THREAD_MAPPING);
        }
    }
}

impl Thread {
    /// Adds the exchanges that the assembly has made since the last time to the counters. They
    /// are of one base, and leave no more than a word behind.
    ///
    /// # Safety
    /// `tls` is that of this thread, which runs.
    #[inline]
    pub(crate) unsafe fn settle(&mut self, tls: *mut Tls) {
        // SAFETY: the words are the thread's. A base that exchanges were counted for is alive, or
        // they were settled when it went.
        unsafe {
            let exchanged = (*tls).exchanged;
            if exchanged == 0 {
                return;
            }
            (*tls).exchanged = 0;
            let switches = exchanged >> EXCHANGES_BIT;
            let bytes = exchanged & ((1 << EXCHANGES_BIT) - 1);
            let stats = &mut self.heap.stats;
            stats.switches_slow += switches;
            stats.switches_copying += switches;
            stats.bytes_saved += bytes;
            stats.bytes_restored += bytes;
            let counters = &mut (*(*tls).exchange_base).counters;
            counters.switches_copying += switches;
            counters.bytes_saved += bytes;
            self.until_look = self.until_look.saturating_sub(switches as u32);
        }
    }

    /// A new base at `top` of a region, or null.
    fn new_base(&mut self, top: usize, region: *mut Region, era: Era) -> *mut Base {
        let base = self.heap.store.allocate_header().cast::<Base>();
        if !base.is_null() {
            let tag = Tag::new(self.number, State::Base);
            // SAFETY: a fresh header block has room for a base; the region is alive.
            unsafe {
                let mut new = Base::new(top, tag, region);
                new.era = era;
                base.write(new);
                (*region).bases += 1;
            }
        }
        base
    }

    /// A base on a new mapped region, or null. `colour` shifts its top by that
    /// many cache lines, so that stacks do not all use the same cache sets.
    fn map_base(&mut self, reserve: usize, colour: usize, era: Era) -> *mut Base {
        let Some(length) = reserve
            .checked_add(GUARD + PAGE - 1)
            .map(|l| l & !(PAGE - 1))
            .filter(|l| *l < isize::MAX as usize)
        else {
            return ptr::null_mut();
        };
        let region = self.heap.store.allocate(size_of::<Region>()).cast::<Region>();
        if region.is_null() {
            return ptr::null_mut();
        }
        // Room to have the top aligned as the pages of large slices are moved best.
        let length = length + if reserve >= pages::HUGE { pages::HUGE } else { 0 };
        let low = sys::map(length, GUARD);
        // SAFETY: the block is fresh and has a region's size.
        unsafe {
            if low.is_null() {
                self.heap.store.free(region.cast(), size_of::<Region>());
                return ptr::null_mut();
            }
            region.write(Region::new(Origin::Mapped, low.addr(), length, GUARD));
            (*region).stack = Stack::register(low.addr() + GUARD, low.addr() + length);
            let mut top = low.addr() + length;
            if reserve >= pages::HUGE {
                top &= !(pages::HUGE - 1);
            }
            let base = self.new_base(top - colour * 64, region, era);
            if base.is_null() {
                (*region).stack.forget();
                sys::unmap(low, length);
                self.heap.store.free(region.cast(), size_of::<Region>());
                return ptr::null_mut();
            }
            (*region).next = self.regions;
            self.regions = region;
            self.heap.stats.regions += 1;
            #[cfg(feature = "libc")]
            if self.signal_stack.is_null() {
                self.signal_stack = sys::catch_faults(landing_after);
            }
            base
        }
    }

    /// Gives a base back, and with the last one its region if that is mapped.
    ///
    /// # Safety
    /// The base is alive, of this thread, which runs, and has no contexts.
    pub(crate) unsafe fn drop_base(&mut self, base: *mut Base) {
        // SAFETY: a live base has a live region, which is in the thread's list if it is mapped.
        unsafe {
            let tls = arch::tls();
            self.settle(tls);
            (*tls).exchange_base = ptr::null_mut();
            let region = (*base).region;
            (*base).tag = Tag(0);
            self.heap.store.free_header(base.cast());
            (*region).bases -= 1;
            if (*region).bases == 0 && (*region).origin == Origin::Mapped {
                let mut at = &raw mut self.regions;
                while *at != region {
                    at = &raw mut (**at).next;
                }
                *at = (*region).next;
                self.heap.stats.regions -= 1;
                (*region).stack.forget();
                sys::unmap((*region).low as *mut u8, (*region).length);
                self.heap.store.free(region.cast(), size_of::<Region>());
            }
        }
    }

    /// Begins an era, and returns it.
    pub(crate) fn begin_era(&mut self) -> Era {
        self.era = self.era.next().unwrap_or_else(|| {
            // All that is there is from before.
            for header in self.heap.store.headers() {
                let context = header.cast::<Context>();
                // SAFETY: headers stay readable, and their tags say what they are of.
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
        self.era
    }

    /// Whether `context` is the one that runs after a fault.
    #[cfg(feature = "libc")]
    pub(crate) fn is_limbo(&self, context: *mut Context) -> bool {
        core::ptr::eq(context, &raw const self.limbo)
    }

    /// The base for the next context that names none, or null.
    pub(crate) fn default_base(&mut self) -> *mut Base {
        let index = self.next_default % self.default_count;
        if self.defaults[index].is_null() {
            // 5 is coprime to the 64 lines of a page: each region gets a colour of its own.
            self.defaults[index] = self.map_base(DEFAULT_RESERVE, index * 5 % 64, Era::FIRST);
        }
        if self.defaults[index].is_null() {
            // Out of address space: share what there is.
            return self.defaults[0];
        }
        self.next_default += 1;
        self.defaults[index]
    }

    /// Has contexts without a base spread over `count` regions from now on; returns how many it
    /// was before. Regions that are there stay.
    fn set_default_regions(&mut self, count: usize) -> usize {
        self.next_default = 0;
        core::mem::replace(&mut self.default_count, count)
    }

    /// The context for what runs after `current` cannot go on: its place is on
    /// no region that others use.
    pub(crate) fn enter_limbo(&mut self) {
        self.limbo.tag = Tag::new(self.number, State::Running);
        self.limbo.saved = 0;
        // SAFETY: the words are this thread's. What ran after an earlier fault is over.
        unsafe {
            self.blocks.release(&mut self.heap, &raw mut self.limbo);
            (*arch::tls()).current = &raw mut self.limbo;
        }
    }
}

/// `stackswitch_base_here`, with the caller's stack pointer.
pub(crate) unsafe extern "C-unwind" fn base_at(sp: usize) -> *mut c_void {
    // SAFETY: a running context's base and region are alive.
    unsafe {
        let thread = ensure();
        if thread.is_null() {
            return ptr::null_mut();
        }
        let tls = arch::tls();
        (*thread).keep_track(tls);
        let region = (*(*(*tls).current).base).region;
        let base = (*thread).new_base((sp - BASE_GAP) & !63, region, (*thread).era);
        if base.is_null() {
            refuse(Code::Memory, ptr::null_mut(), "base.here");
        }
        base.cast()
    }
}

/// `stackswitch_base_create`.
pub(crate) unsafe fn base_create(reserve: usize) -> *mut c_void {
    // SAFETY: called on the thread's running context.
    unsafe {
        let thread = ensure();
        if thread.is_null() {
            return ptr::null_mut();
        }
        if reserve == 0 {
            refuse(Code::Invalid, ptr::null_mut(), "base.create");
            return ptr::null_mut();
        }
        let base = (*thread).map_base(reserve, 0, (*thread).era);
        if base.is_null() {
            refuse(Code::Memory, ptr::null_mut(), "base.create");
        }
        base.cast()
    }
}

/// `stackswitch_set_default_regions`.
pub(crate) unsafe fn set_default_regions(count: usize) -> usize {
    // SAFETY: called on the thread's running context.
    unsafe {
        let thread = ensure();
        if thread.is_null() {
            return 0;
        }
        if count == 0 || count > DEFAULT_REGIONS {
            refuse(Code::Invalid, ptr::null_mut(), "set_default_regions");
            return 0;
        }
        (*thread).set_default_regions(count)
    }
}

/// `stackswitch_base_destroy`.
///
/// # Safety
/// `handle` is a base, was one, or is null.
pub(crate) unsafe fn base_destroy(handle: *mut c_void) {
    // SAFETY: a live base has a live region of its thread.
    unsafe {
        let thread = ensure();
        if thread.is_null() {
            return;
        }
        if let Err(code) = check_base(&*thread, handle) {
            return refuse(code, handle, "base.destroy");
        }
        let base = handle.cast::<Base>();
        if (*base).contexts != 0 {
            return refuse(Code::Busy, handle, "base.destroy");
        }
        (*thread).drop_base(base);
    }
}

/// The counters of a base's contexts; all zero when refused.
///
/// # Safety
/// `handle` is a base, was one, or is null.
pub(crate) unsafe fn base_stats(handle: *mut c_void) -> BaseStats {
    // SAFETY: a handle that passes the check is a live base of this thread.
    unsafe {
        let thread = ensure();
        if thread.is_null() {
            return BaseStats::default();
        }
        if let Err(code) = check_base(&*thread, handle) {
            refuse(code, handle, "get_base_stats");
            return BaseStats::default();
        }
        (*thread).settle(arch::tls());
        let base = &*handle.cast::<Base>();
        BaseStats {
            contexts: base.contexts.into(),
            switches: base.switches.total(),
            switches_copying: base.counters.switches_copying,
            bytes_saved: base.counters.bytes_saved,
            bytes_restored: base.counters.bytes_restored(),
            bytes_parked: base.counters.bytes_parked,
            bytes_parked_peak: base.peak.bytes(),
        }
    }
}

/// Whether `handle` is a base of this thread.
///
/// # Safety
/// `handle` is a handle, was one, or is null.
pub(crate) unsafe fn check_base(thread: &Thread, handle: *mut c_void) -> Result<(), Code> {
    if handle.is_null() || (CHECKED && !handle.cast::<Base>().is_aligned()) {
        return Err(Code::Invalid);
    }
    // SAFETY: handles of both kinds have their tag at the same place.
    let tag = unsafe { (*handle.cast::<Base>()).tag };
    match tag.state() {
        State::Base if tag.thread() == thread.number => Ok(()),
        State::Base => Err(Code::Foreign),
        State::Dead => Err(Code::Destroyed),
        _ => Err(Code::Invalid),
    }
}

/// Tells the handler of an operation that was refused before it began.
///
/// # Safety
/// Nothing has been changed.
pub(crate) unsafe fn refuse(code: Code, context: *mut c_void, operation: &'static str) {
    // SAFETY: the caller vouches for it.
    unsafe { error::report(&Refusal { code, context, operation }) };
}

/// Where to go on after a fault, if it is one on the guard of the running context's region, or one
/// that somebody claims.
#[cfg(feature = "libc")]
pub(crate) fn landing_after(fault: &sys::Fault) -> Option<sys::Landing> {
    let tls = arch::tls();
    // SAFETY: the words are this thread's; its regions are alive. A fault on a guard, and one that
    // is claimed, comes from a context's own code, not from the midst of a switch.
    unsafe {
        let thread = (*tls).thread;
        if thread.is_null() {
            return None;
        }
        let current = (*tls).current;
        let trap = if (*(*(*current).base).region).guards(fault.address) {
            None
        } else {
            let pc = arch::interrupted_at(fault.ucontext);
            let trap = Trap { signal: fault.signal, address: fault.address, pc };
            // What runs after a fault is on the side stack already.
            if (*thread).is_limbo(current) || !traps::claimed(&trap) {
                return None;
            }
            Some(trap)
        };
        (*thread).trap = trap;
        let sp = arch::keep_registers(fault.ucontext, (*tls).side_top);
        Some(sys::Landing { pc: arch::points::fault(), sp })
    }
}

/// The calling thread's counters; all zero before its first operation.
pub(crate) fn stats() -> Stats {
    let tls = arch::tls();
    // SAFETY: the words are this thread's.
    unsafe {
        if (*tls).thread.is_null() {
            return Stats::default();
        }
        let thread = &mut *(*tls).thread;
        thread.settle(tls);
        let mut stats = thread.heap.stats;
        stats.switches = (*tls).switches + stats.switches_slow;
        stats.heap_bytes = thread.heap.store.bytes as u64;
        stats.heap_bytes_peak = thread.heap.store.bytes_peak as u64;
        stats
    }
}

/// Sets the calling thread's hooks; null for none.
///
/// # Safety
/// `hooks` is null or readable; the functions do what their types say.
pub(crate) unsafe fn set_hooks(hooks: *const Hooks) {
    // SAFETY: the caller vouches for `hooks`; the words are this thread's.
    unsafe {
        let thread = ensure();
        if thread.is_null() {
            return;
        }
        let tls = arch::tls();
        (*thread).keep_track(tls);
        (*thread).hooks = if hooks.is_null() { Hooks::NONE } else { *hooks };
        ((*tls).ready, (*tls).parked) = (*thread).hooks.short_ways((*thread).number);
    }
}
