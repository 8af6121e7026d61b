//! The data that the runtime keeps for each thread: the thread words and the rest.

use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicU32, Ordering};

use stackswitch_abi::{Code, limits};

use crate::arch::{self, EXCHANGES_AT_MOST, EXCHANGES_BIT};
use crate::check::{CHECKED, Carried};
use crate::context::{Base, Context, Era, Flags, Origin, Region, State, Tag};
use crate::cxx::{self, Globals};
use crate::destination::{self, Destination};
use crate::error::{Refusal, refuse};
use crate::frame_blocks::Blocks;
use crate::heap::Heap;
use crate::hooks::Hooks;
use crate::inlined;
use crate::instrumentation::RegisteredStack;
use crate::memory::{self, Memory};
use crate::stats::{self, Stats};
use crate::store;
use crate::sys::{self, CleanupHandler};
use crate::traps::Trap;
use crate::user_stacks::UserStacks;
use crate::weak_symbols;

/// The thread words: what the fast path reads and writes, in thread-local storage. The assembly and
/// compiled code know the offsets from `stackswitch_abi::layout::words`.
#[repr(C, align(64))]
pub(crate) struct ThreadWords {
    /// The running context.
    pub current: *mut Context,
    /// The tag of contexts of this thread that the fast path can switch to, and of the running context.
    pub ready: Tag,
    /// The tag of suspended contexts of this thread that the exchange can switch to.
    pub parked: Tag,
    /// Number of switches on the fast path.
    pub switches: u64,
    /// Upper end of the side stack; 0 until the thread is set up.
    pub side_top: usize,
    /// The thread's C++ exceptions in flight; points to `no_exceptions` in programs without C++.
    pub exceptions: *mut Globals,
    /// Always zero.
    no_exceptions: Globals,
    /// The other data of the thread.
    pub thread: *mut Thread,
    /// The base whose contexts the exchange has switched between since the last
    /// [`Thread::count_exchanges`].
    pub exchange_base: *mut Base,
    /// How many exchanges that were, from bit [`EXCHANGES_BIT`] on, and how many bytes, below.
    pub exchanged: u64,
    /// Bytes of the vectors that memory is copied with.
    pub vectors: u32,
    /// The mark of this thread's plain captures: the tag and kind of POSIX objects that the fast
    /// path can resume. `u64::MAX` while the thread tracks stacks, see `stack_tracking`.
    pub plain: u64,
    /// The newest of C's cleanup handlers that the running context has pushed, or null.
    pub cleanups: *mut CleanupHandler,
    /// Slow switches and starts of contexts until the next region gives unused memory back.
    pub until_trim: u32,
}

impl ThreadWords {
    /// The calling thread's.
    #[inline]
    pub(crate) fn get() -> *mut Self {
        arch::thread_words().cast()
    }
}

const _: () = {
    use core::mem::offset_of;
    use stackswitch_abi::layout::words;
    assert!(offset_of!(ThreadWords, current) == words::CURRENT);
    assert!(offset_of!(ThreadWords, ready) == words::READY);
    assert!(offset_of!(ThreadWords, parked) == words::PARKED);
    assert!(offset_of!(ThreadWords, switches) == words::SWITCHES);
    assert!(offset_of!(ThreadWords, side_top) == words::SIDE_TOP);
    assert!(offset_of!(ThreadWords, exceptions) == words::EXCEPTIONS);
    assert!(offset_of!(ThreadWords, exchange_base) == words::EXCHANGE_BASE);
    assert!(offset_of!(ThreadWords, exchanged) == words::EXCHANGED);
    assert!(offset_of!(ThreadWords, vectors) == words::VECTORS);
    assert!(offset_of!(ThreadWords, plain) == words::PLAIN);
    assert!(offset_of!(ThreadWords, cleanups) == words::CLEANUPS);
    assert!(offset_of!(ThreadWords, until_trim) == words::UNTIL_TRIM);
    assert!(size_of::<ThreadWords>() == words::BYTES);
    assert!(size_of::<Globals>() == 16, "compiled code tests two words");
};

/// How many prefetch hints wait for their headers. Measured with a million contexts in random
/// order: 1 gives 71 ns a switch, 2 56, 4 41, 8 29. But a scheduler must know as many contexts ahead.
pub(crate) const HINTS: usize = 4;

/// The most default regions that `spawn` with a null base spreads contexts over: so many contexts
/// spawned in a row never displace one another.
pub(crate) const DEFAULT_REGIONS: usize = 64;
/// Bytes of the stack that the slow path runs on. Signal handlers may run on it.
const SIDE_STACK: usize = 64 << 10;

/// Cleanup handlers of contexts that do not run, see `cleanup_handlers`.
pub(crate) struct Cleanups {
    /// The newest handler of the thread's own context while another one runs.
    pub of_main: *mut CleanupHandler,
    /// What libc has registered itself, where the thread ends after all handlers have run.
    pub of_libc: *mut CleanupHandler,
}

impl Cleanups {
    /// None pushed.
    const NONE: Self = Self { of_main: ptr::null_mut(), of_libc: ptr::null_mut() };
}

/// The data of a thread that the fast path does not need.
pub(crate) struct Thread {
    /// The number in its tags.
    pub number: u32,
    /// The thread's native stack as a context.
    pub main: Context,
    main_base: Base,
    native: Region,
    /// The running context while code runs on the side stack after a fault. No user has its handle.
    pub after_fault: Context,
    after_fault_base: Base,
    after_fault_region: Region,
    pub heap: Heap,
    /// Variables of frames on the heap.
    pub blocks: Blocks,
    pub hooks: Hooks,
    /// Cleanup handlers of contexts that do not run.
    pub cleanups: Cleanups,
    /// What the next switch carries, if it is not a word.
    pub carried: Carried,
    /// The era of contexts and bases that are made now.
    pub era: Era,
    /// The fault that is being handled, if it is not an overflow.
    pub trap: Option<Trap>,
    /// The last refusal, for the error handler.
    pub refusal: Refusal,
    /// Whether the refused function reports by `errno`.
    pub sets_errno: bool,
    /// The POSIX position that is being resumed.
    pub destination: Destination,
    /// The ends of the native stack; both 0 until they are needed.
    pub native_ends: (usize, usize),
    /// The stacks that the program passed to `makecontext`.
    pub user_stacks: UserStacks,
    /// How many user stacks in use lie within another stack, see `stack_tracking`.
    pub nested: usize,
    /// The contexts of the last prefetch hints, a ring that starts at `next_hint`.
    pub hints: [*mut Context; HINTS],
    pub next_hint: usize,
    /// Holds a value that does not fit a register during its switch.
    pub slot: ValueSlot,
    /// Mapped regions.
    pub regions: *mut Region,
    pub default_bases: [*mut Base; DEFAULT_REGIONS],
    /// How many default regions are in use.
    pub default_count: usize,
    /// The default region that the last context was spawned on.
    pub last_default: usize,
    /// The alternate signal stack, if the runtime mapped it.
    #[cfg(feature = "libc")]
    pub signal_stack: *mut u8,
    side_stack: RegisteredStack,
    /// A reference to the table that debuggers find by name, so that it is linked.
    #[allow(dead_code)]
    debug_table: *const c_void,
}

unsafe extern "C" {
    /// In `debug_table`, which imports all modules.
    #[link_name = "stackswitch_debug_v2"]
    static DEBUG_TABLE: c_void;
}

/// Room for the largest value, aligned for any.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct ValueSlot(pub [u8; limits::VALUE_BYTES]);

/// The side stack and what lies around it, lowest address first: a guard page, the side stack, the
/// [`Thread`].
fn mapping_bytes() -> usize {
    let page = sys::page();
    page + SIDE_STACK + size_of::<Thread>().next_multiple_of(page)
}

/// The operation that the error handler is told if a thread cannot be set up.
const SET_UP: &str = "thread set-up";

static NUMBERS: AtomicU32 = AtomicU32::new(1);

/// Sets up the calling thread if that has not been done. Without memory for it, tells the error
/// handler and returns false.
///
/// # Safety
/// Not on a side stack.
pub(crate) unsafe extern "C-unwind" fn start() -> bool {
    let tls = ThreadWords::get();
    // SAFETY: the words are this thread's.
    if unsafe { !(*tls).thread.is_null() } {
        return true;
    }
    if let Some(instrumentation) = weak_symbols::unsupported_instrumentation() {
        // SAFETY: nothing has changed.
        unsafe { refuse(Code::Unsupported, ptr::null_mut(), instrumentation) };
        return false;
    }
    let number = NUMBERS.fetch_add(1, Ordering::Relaxed) % Tag::THREADS;
    #[cfg(feature = "libc")]
    if number == 1 {
        weak_symbols::keep_loaded();
    }
    let mapping = memory::map(mapping_bytes(), sys::page());
    if mapping.is_null() {
        // SAFETY: nothing has changed.
        unsafe { refuse(Code::Memory, ptr::null_mut(), SET_UP) };
        return false;
    }
    let side_top = mapping.wrapping_add(sys::page() + SIDE_STACK);
    let thread = side_top.cast::<Thread>();
    // SAFETY: the mapping has room for a Thread above the side stack, page-aligned, and the words
    // are this thread's.
    unsafe {
        Thread::write(thread, number);
        if !sys::at_thread_end(end, thread.cast()) {
            memory::unmap(mapping, mapping_bytes());
            refuse(Code::Memory, ptr::null_mut(), SET_UP);
            return false;
        }
        let can_be_fast = (*thread).hooks.fast_tags(number).0 != Tag::NONE;
        tls.write(ThreadWords {
            current: &raw mut (*thread).main,
            ready: Tag::NONE,
            parked: Tag::NONE,
            switches: 0,
            side_top: side_top.addr(),
            exceptions: cxx::globals().unwrap_or(&raw mut (*tls).no_exceptions),
            no_exceptions: Globals::NONE,
            thread,
            exchange_base: ptr::null_mut(),
            exchanged: 0,
            vectors: arch::vector_bytes(),
            plain: if can_be_fast { destination::plain_mark(number) } else { u64::MAX },
            cleanups: (*tls).cleanups,
            until_trim: EXCHANGES_AT_MOST,
        });
        (*thread).set_fast_tags(tls);
        stats::thread_started();
    }
    inlined::publish_for_debuggers();
    if !CHECKED {
        inlined::publish();
    }
    true
}

/// Whether a pointer is the handle of a context or a base, alive or not, of any thread. Only the checked
/// build tests it; a pointer that is not null passes otherwise.
pub(crate) fn is_handle(handle: *const c_void) -> bool {
    if !CHECKED || handle.is_null() {
        return !handle.is_null();
    }
    let context = handle.cast::<Context>();
    if !context.is_aligned() {
        return false;
    }
    let last = handle.wrapping_byte_add(size_of::<Context>() - size_of::<u64>());
    store::is_header_block(handle.addr())
        || (sys::is_readable(handle.addr())
            && sys::is_readable(last.addr())
            // SAFETY: both ends of the bytes are readable, and any bytes are a mark.
            && unsafe { (*context).checks.is_outside_store(handle.addr()) })
}

/// The calling thread, set up. Null after the error handler was told why it could not be.
///
/// # Safety
/// Not on a side stack.
#[inline]
pub(crate) unsafe fn ensure() -> *mut Thread {
    let tls = ThreadWords::get();
    // SAFETY: the words are this thread's; the caller says that it is not on a side stack.
    unsafe {
        if (*tls).thread.is_null() && !start() {
            return ptr::null_mut();
        }
        (*tls).thread
    }
}

/// Whether control is in `context`: it runs itself, or the hidden context of a user stack that its
/// control is on.
///
/// # Safety
/// `context` is a live header of the calling thread, which is set up.
#[inline]
pub(crate) unsafe fn is_running(context: *mut Context) -> bool {
    // SAFETY: the words are this thread's; the caller vouches for the header.
    unsafe { Context::active(context) == (*ThreadWords::get()).current }
}

/// Runs at the thread's end and gives all its memory back.
unsafe extern "C" fn end(thread: *mut c_void) {
    let thread = thread.cast::<Thread>();
    // SAFETY: the thread is ending, on its native stack; its contexts are not used again. The words
    // become what they were before the first operation, for destructors that run after this one.
    unsafe {
        let tls = ThreadWords::get();
        (*tls).current = ptr::null_mut();
        (*tls).ready = Tag::NONE;
        (*tls).parked = Tag::NONE;
        (*tls).plain = u64::MAX;
        (*tls).side_top = 0;
        (*tls).thread = ptr::null_mut();
        stats::thread_ended((*thread).heap.stats.contexts, (*thread).heap.store.bytes as u64);
        while !(*thread).regions.is_null() {
            let region = (*thread).regions;
            (*thread).regions = (*region).next;
            (*region).stack.forget();
            if !(*region).outlives_thread || (*region).bottom.is_null() {
                memory::unmap((*region).low as *mut u8, (*region).length);
            }
        }
        #[cfg(feature = "libc")]
        sys::forget_faults((*thread).signal_stack);
        (*thread).heap.mappings.clear();
        (*thread).heap.store.clear();
        (*thread).side_stack.forget();
        let mapping = thread.cast::<u8>().wrapping_sub(sys::page() + SIDE_STACK);
        if CHECKED {
            // The handle of the thread's own context reads as destroyed from now on.
            sys::release(mapping, mapping_bytes());
            let main = &mut (*thread).main;
            main.checks.mark_outside_store((&raw const *main).addr());
        } else {
            memory::unmap(mapping, mapping_bytes());
        }
    }
}

impl Thread {
    /// Writes the data of a thread that has nothing yet.
    ///
    /// # Safety
    /// `thread` is memory for it, below which the side stack ends, and where it stays.
    unsafe fn write(thread: *mut Self, number: u32) {
        let base = |region| Base::new(usize::MAX & !15, Tag(0), region);
        let side_top = thread.addr();
        // SAFETY: the caller vouches for the memory; the parts point to one another there.
        unsafe {
            thread.write(Self {
                number,
                main: Context::empty(),
                main_base: base(&raw mut (*thread).native),
                native: Region::new(Origin::Native, 0, 0, 0),
                after_fault: Context::empty(),
                after_fault_base: base(&raw mut (*thread).after_fault_region),
                after_fault_region: Region::new(Origin::User, 0, 0, 0),
                heap: Heap::new(Memory::current()),
                blocks: Blocks::new(),
                hooks: Hooks::initial(),
                cleanups: Cleanups::NONE,
                carried: Carried::WORD,
                era: Era::FIRST,
                trap: None,
                refusal: Refusal::NONE,
                sets_errno: false,
                destination: Destination::NOWHERE,
                native_ends: (0, 0),
                user_stacks: UserStacks::new(),
                nested: 0,
                hints: [ptr::null_mut(); HINTS],
                next_hint: 0,
                slot: ValueSlot([0; limits::VALUE_BYTES]),
                regions: ptr::null_mut(),
                default_bases: [ptr::null_mut(); DEFAULT_REGIONS],
                default_count: DEFAULT_REGIONS,
                last_default: DEFAULT_REGIONS - 1,
                #[cfg(feature = "libc")]
                signal_stack: ptr::null_mut(),
                side_stack: RegisteredStack::register(side_top - SIDE_STACK, side_top),
                debug_table: &raw const DEBUG_TABLE,
            });
            let thread = &mut *thread;
            thread.main.base = &raw mut thread.main_base;
            thread.main.checks.mark_outside_store((&raw const thread.main).addr());
            thread.main.tag = Tag::new(number, State::Ready);
            thread.native.bottom = &raw mut thread.main;
            thread.after_fault.base = &raw mut thread.after_fault_base;
            thread.after_fault.flags = Flags::HIDDEN;
            thread.after_fault.checks.mark_outside_store((&raw const thread.after_fault).addr());
            thread.after_fault_region.bottom = &raw mut thread.after_fault;
        }
    }

    /// Sets the tags that the fast path and the exchange compare with. While there are hooks, or the
    /// running context has cleanup handlers, no context has these tags.
    ///
    /// # Safety
    /// `tls` is that of this thread.
    pub(crate) unsafe fn set_fast_tags(&self, tls: *mut ThreadWords) {
        // SAFETY: the caller vouches for the words.
        unsafe {
            let has_handlers = !(*tls).cleanups.is_null();
            ((*tls).ready, (*tls).parked) = if has_handlers {
                (Tag::NONE, Tag::NONE)
            } else {
                self.hooks.fast_tags(self.number)
            };
        }
    }

    /// Adds the exchanges that the assembly has made since the last call to the counters.
    ///
    /// # Safety
    /// `tls` is that of this thread, which runs.
    #[inline]
    pub(crate) unsafe fn count_exchanges(&mut self, tls: *mut ThreadWords) {
        // SAFETY: the words are the thread's. `exchange_base` is alive: `drop_base` calls this
        // function before it frees a base.
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
            (*tls).until_trim = (*tls).until_trim.saturating_sub(switches as u32);
        }
    }
}

/// The calling thread's counters; all zero before its first operation.
pub(crate) fn stats() -> Stats {
    let tls = ThreadWords::get();
    // SAFETY: the words are this thread's.
    unsafe {
        if (*tls).thread.is_null() {
            return Stats::default();
        }
        let thread = &mut *(*tls).thread;
        thread.count_exchanges(tls);
        let mut stats = thread.heap.stats;
        stats.switches = (*tls).switches + stats.switches_slow;
        stats.heap_bytes = thread.heap.store.bytes as u64;
        stats.heap_bytes_peak = thread.heap.store.bytes_peak as u64;
        stats
    }
}
