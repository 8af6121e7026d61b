//! The surroundings on Linux, by libc.

use core::ffi::{c_int, c_void};
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};

use crate::arch::{self, Continuation};

static PAGE: AtomicUsize = AtomicUsize::new(0);

/// Bytes of a page.
pub(crate) fn page() -> usize {
    let known = PAGE.load(Ordering::Relaxed);
    if known != 0 {
        return known;
    }
    // SAFETY: the function has no condition, and Linux always knows this value.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
    PAGE.store(page, Ordering::Relaxed);
    page
}

/// `bytes` of memory, 16-byte aligned, or null.
pub(crate) fn allocate(bytes: usize) -> *mut u8 {
    // SAFETY: malloc takes any size.
    unsafe { libc::malloc(bytes).cast() }
}

/// # Safety
/// `block` came from [`allocate`] and is not used again.
pub(crate) unsafe fn free(block: *mut u8) {
    // SAFETY: the caller vouches for the block.
    unsafe { libc::free(block.cast()) }
}

/// `bytes` of zeroed memory aligned to `align` (a power of two, a multiple of the page), or null.
pub(crate) fn allocate_arena(bytes: usize, align: usize) -> *mut u8 {
    let mapped = map(bytes + align, 0);
    if mapped.is_null() {
        return mapped;
    }
    let skip = mapped.align_offset(align);
    // SAFETY: both ends lie in the mapping, outside the aligned part.
    unsafe {
        if skip > 0 {
            libc::munmap(mapped.cast(), skip);
        }
        if skip < align {
            libc::munmap(mapped.add(skip + bytes).cast(), align - skip);
        }
        mapped.add(skip)
    }
}

/// # Safety
/// `arena` came from [`allocate_arena`] with the same size and is not used again.
pub(crate) unsafe fn free_arena(arena: *mut u8, bytes: usize) {
    // SAFETY: the caller vouches for the arena.
    unsafe { libc::munmap(arena.cast(), bytes) };
}

/// Gives the memory of whole pages back; they read as zero afterwards.
///
/// # Safety
/// The pages are the runtime's and their bytes are not needed.
pub(crate) unsafe fn release(pages: *mut u8, bytes: usize) {
    // SAFETY: the caller vouches for the pages.
    unsafe { libc::madvise(pages.cast(), bytes, libc::MADV_DONTNEED) };
}

/// Reserves `bytes` of address space, memory as it is touched, the first
/// `guard` bytes not accessible. Null when the system has none.
pub(crate) fn map(bytes: usize, guard: usize) -> *mut u8 {
    // SAFETY: a new anonymous mapping touches nothing that exists.
    unsafe {
        let mapped = libc::mmap(
            ptr::null_mut(),
            bytes,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
            -1,
            0,
        );
        if mapped == libc::MAP_FAILED {
            return ptr::null_mut();
        }
        if guard != 0 {
            // A stack touches single pages; huge ones would be two megabytes a region.
            libc::madvise(mapped, bytes, libc::MADV_NOHUGEPAGE);
            if libc::mprotect(mapped, guard, libc::PROT_NONE) != 0 {
                libc::munmap(mapped, bytes);
                return ptr::null_mut();
            }
        }
        mapped.cast()
    }
}

/// Moves whole pages to another place, whose own are dropped; `from` reads as zero afterwards.
/// False when the system cannot; `to` may then be unmapped.
///
/// # Safety
/// Both ranges are the runtime's private memory and do not overlap.
pub(crate) unsafe fn move_pages(from: *mut u8, to: *mut u8, bytes: usize) -> bool {
    let flags = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED | libc::MREMAP_DONTUNMAP;
    // SAFETY: the caller vouches for both ranges.
    unsafe { libc::mremap(from.cast(), bytes, bytes, flags, to) == to.cast() }
}

/// Maps fresh memory at `at`, in place of whatever was there.
///
/// # Safety
/// The range is the runtime's, and its bytes are not needed.
pub(crate) unsafe fn map_at(at: *mut u8, bytes: usize) {
    // SAFETY: the caller vouches for the range. Without memory for the mapping itself nothing
    // could go on, and the next access says so.
    unsafe {
        libc::mmap(
            at.cast(),
            bytes,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_FIXED,
            -1,
            0,
        );
    }
}

/// # Safety
/// The mapping came from [`map`] and is not used again.
pub(crate) unsafe fn unmap(mapping: *mut u8, bytes: usize) {
    // SAFETY: the caller vouches for the mapping.
    unsafe { libc::munmap(mapping.cast(), bytes) };
}

/// Writes one line to standard error.
pub(crate) fn print(line: &[u8]) {
    // SAFETY: the slice is readable.
    unsafe { libc::write(2, line.as_ptr().cast(), line.len()) };
}

/// Ends the process, abnormally.
pub(crate) fn abort() -> ! {
    // SAFETY: no condition.
    unsafe { libc::abort() }
}

/// Ends the calling thread as `pthread_exit` does: the process with status 0 if it was the last.
pub(crate) fn end_thread() -> ! {
    // SAFETY: no frame of ours on this stack holds anything.
    unsafe { pthread_exit(ptr::null_mut()) }
}

unsafe extern "C" {
    // libc's own declaration does not say that it unwinds.
    fn pthread_exit(value: *mut c_void) -> !;
}

/// The key whose destructor runs at thread ends, plus one; 0 until it is made.
static KEY: AtomicUsize = AtomicUsize::new(0);

/// Makes the calling thread call `end` with `value` when it ends. False if the system has no room
/// for that.
pub(crate) fn at_thread_end(end: unsafe extern "C" fn(*mut c_void), value: *mut c_void) -> bool {
    let mut key = KEY.load(Ordering::Acquire);
    if key == 0 {
        let mut fresh = 0;
        // SAFETY: `fresh` is writable; `end` has the destructor's type.
        if unsafe { libc::pthread_key_create(&mut fresh, Some(end)) } != 0 {
            return false;
        }
        let mine = fresh as usize + 1;
        key = match KEY.compare_exchange(0, mine, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => mine,
            Err(theirs) => {
                // SAFETY: nobody has seen our key.
                unsafe { libc::pthread_key_delete(fresh) };
                theirs
            }
        };
    }
    // SAFETY: the key exists.
    unsafe { libc::pthread_setspecific((key - 1) as libc::pthread_key_t, value) == 0 }
}

/// The signals of faults. The first is caught for overflows, the others only for hosts that claim
/// traps.
const SIGNALS: [c_int; 5] =
    [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGTRAP];
/// The actions that were installed before the runtime's. Each is written once, before the runtime's
/// is installed.
// SAFETY: a zeroed sigaction is a valid one, the default action.
static mut PREVIOUS: [libc::sigaction; SIGNALS.len()] = unsafe { core::mem::zeroed() };
static INSTALLED: [AtomicUsize; SIGNALS.len()] = [const { AtomicUsize::new(0) }; SIGNALS.len()];

/// Bytes of the stack on which faults are handled.
const SIGNAL_STACK: usize = 64 << 10;

/// A fault of the code that runs on the calling thread.
pub(crate) struct Fault {
    /// The signal.
    pub signal: c_int,
    /// The address that was accessed, for SIGSEGV and SIGBUS.
    pub address: usize,
    /// The registers of the thread: the `ucontext_t` of the handler.
    pub ucontext: *mut c_void,
}

/// Decides about a fault: where the thread continues instead, or `None` if it is not the runtime's.
pub(crate) type FaultFilter = fn(&Fault) -> Option<Continuation>;

static FILTER: AtomicUsize = AtomicUsize::new(0);

/// Catches faults on guards: installs the process's SIGSEGV handler (once) and
/// gives the calling thread an alternate stack unless it has one. Returns that
/// stack for [`forget_faults`], or null.
pub(crate) fn catch_faults(filter: FaultFilter) -> *mut u8 {
    // SAFETY: the structures are zeroed and filled as sigaltstack(2) says.
    unsafe {
        let mut stack: libc::stack_t = core::mem::zeroed();
        let mut memory = ptr::null_mut();
        if libc::sigaltstack(ptr::null(), &mut stack) == 0 && stack.ss_flags & libc::SS_DISABLE != 0
        {
            memory = map(SIGNAL_STACK, 0);
            if !memory.is_null() {
                stack.ss_sp = memory.cast();
                stack.ss_size = SIGNAL_STACK;
                stack.ss_flags = 0;
                libc::sigaltstack(&stack, ptr::null_mut());
            }
        }
        install(filter, 1);
        memory
    }
}

/// Asks the filter about all faults of the process.
pub(crate) fn catch_traps(filter: FaultFilter) {
    install(filter, SIGNALS.len());
}

/// Installs the handlers of the first signals, each once.
fn install(filter: FaultFilter, count: usize) {
    FILTER.store(filter as usize, Ordering::Release);
    for (index, signal) in SIGNALS.into_iter().enumerate().take(count) {
        if INSTALLED[index].swap(1, Ordering::AcqRel) != 0 {
            continue;
        }
        // SAFETY: the structure is zeroed and filled as sigaction(2) says.
        unsafe {
            let mut action: libc::sigaction = core::mem::zeroed();
            action.sa_sigaction = handle_fault as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            let previous = (&raw mut PREVIOUS).cast::<libc::sigaction>().add(index);
            libc::sigaction(signal, ptr::null(), previous);
            libc::sigaction(signal, &action, ptr::null_mut());
        }
    }
}

/// Takes back the calling thread's alternate stack.
///
/// # Safety
/// `stack` came from [`catch_faults`] on this thread.
pub(crate) unsafe fn forget_faults(stack: *mut u8) {
    if stack.is_null() {
        return;
    }
    // SAFETY: the thread is not handling a signal on it: it is ending.
    unsafe {
        let mut off: libc::stack_t = core::mem::zeroed();
        off.ss_flags = libc::SS_DISABLE;
        libc::sigaltstack(&off, ptr::null_mut());
        unmap(stack, SIGNAL_STACK);
    }
}

/// The signal handler. A fault of the runtime continues where the filter says; any other is the
/// previous handler's.
unsafe extern "C" fn handle_fault(
    signal: c_int,
    info: *mut libc::siginfo_t,
    ucontext: *mut c_void,
) {
    // SAFETY: the kernel passes valid structures; FILTER was set before the handler was.
    unsafe {
        // By kill(2) or the like: nothing is wrong with what runs here.
        let sent = (*info).si_code <= 0;
        let filter: FaultFilter =
            core::mem::transmute::<usize, FaultFilter>(FILTER.load(Ordering::Acquire));
        let fault = Fault { signal, address: (*info).si_addr() as usize, ucontext };
        if let Some(continuation) = if sent { None } else { filter(&fault) } {
            arch::redirect(ucontext, continuation.pc, continuation.sp);
            return;
        }
        let index = SIGNALS.iter().position(|s| *s == signal).unwrap_or_default();
        let previous = (&raw const PREVIOUS).cast::<libc::sigaction>().add(index);
        match (*previous).sa_sigaction {
            libc::SIG_IGN if sent => {}
            libc::SIG_DFL | libc::SIG_IGN => {
                // The faulting instruction runs again and meets the action that was there before
                // us. What comes from no instruction, or from one that is over, is sent again.
                libc::sigaction(signal, previous, ptr::null_mut());
                if sent || signal == libc::SIGTRAP {
                    libc::raise(signal);
                }
            }
            handler if (*previous).sa_flags & libc::SA_SIGINFO != 0 => {
                type Action = unsafe extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void);
                core::mem::transmute::<usize, Action>(handler)(signal, info, ucontext);
            }
            handler => {
                core::mem::transmute::<usize, unsafe extern "C" fn(c_int)>(handler)(signal);
            }
        }
    }
}

/// First address above the calling thread's native stack, or 0 when the system does not say.
pub(crate) fn native_stack_end() -> usize {
    native_stack().1
}

/// The ends of the calling thread's native stack, which it may grow to; zeros when the system does
/// not say.
pub(crate) fn native_stack() -> (usize, usize) {
    // SAFETY: the attributes are initialised by the first call and destroyed by the last.
    unsafe {
        let mut attributes = core::mem::zeroed();
        if libc::pthread_getattr_np(libc::pthread_self(), &mut attributes) != 0 {
            return (0, 0);
        }
        let (mut low, mut size) = (ptr::null_mut(), 0);
        let known = libc::pthread_attr_getstack(&attributes, &mut low, &mut size) == 0;
        libc::pthread_attr_destroy(&mut attributes);
        if known { (low.addr(), low.addr() + size) } else { (0, 0) }
    }
}

/// The end of the page that has `address`, if it is mapped.
fn mapped_page(address: usize) -> Option<usize> {
    let page = address & !(page() - 1);
    let mut residency = [0_u8; 1];
    // SAFETY: the call says of one page whether it is mapped, and writes one byte.
    let mapped =
        unsafe { libc::mincore(page as *mut c_void, self::page(), residency.as_mut_ptr()) == 0 };
    mapped.then_some(page + self::page())
}

/// The lowest address from which all up to `high` is mapped; not below `low`.
pub(crate) fn lowest_mapped(low: usize, high: usize) -> usize {
    let mut lowest = high;
    while lowest > low && mapped_page(lowest - 1).is_some() {
        lowest = (lowest - 1) & !(page() - 1);
    }
    lowest.max(low)
}

/// Sets the calling thread's `errno`.
pub(crate) fn set_errno(code: c_int) {
    // SAFETY: the address is that of the thread's own.
    unsafe { *libc::__errno_location() = code };
}

pub(crate) use libc::{EINVAL, ENOMEM};

/// Sets the calling thread's signal mask and keeps the one before; null for either to leave it.
///
/// # Safety
/// Both are null or a `sigset_t`.
pub(crate) unsafe fn exchange_signal_mask(new: *const c_void, old: *mut c_void) {
    // SAFETY: the caller vouches for the sets.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, new.cast(), old.cast()) };
}
