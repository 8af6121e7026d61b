//! The surroundings on Linux, by libc.

use core::ffi::{CStr, c_int, c_void};
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};

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
    let mapped = map_memory(bytes + align, libc::PROT_READ | libc::PROT_WRITE);
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

/// Maps `bytes` of zeroed memory, or returns null.
fn map_memory(bytes: usize, protection: c_int) -> *mut u8 {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a new anonymous mapping touches nothing that exists.
    let mapped = unsafe { libc::mmap(ptr::null_mut(), bytes, protection, flags, -1, 0) };
    if mapped == libc::MAP_FAILED { ptr::null_mut() } else { mapped.cast() }
}

/// Reserves `bytes` of address space, which get memory as they are touched; the first `guard` bytes
/// are not accessible. Null if the system has none. The space is not locked in memory, even if the
/// program has called `mlockall(MCL_FUTURE)`.
pub(crate) fn map(bytes: usize, guard: usize) -> *mut u8 {
    let access = libc::PROT_READ | libc::PROT_WRITE;
    // Without access the system locks the space but gives it no memory. Valgrind takes a second to
    // give access to as much as a default region.
    let late_access = cfg!(not(feature = "valgrind"));
    let mapped = map_memory(bytes, if late_access { libc::PROT_NONE } else { access });
    if mapped.is_null() {
        return mapped;
    }
    // SAFETY: the mapping is new, and `guard` bytes or more long.
    unsafe {
        libc::munlock(mapped.cast(), bytes);
        if guard != 0 {
            // A stack touches single pages; huge ones would be two megabytes a region.
            libc::madvise(mapped.cast(), bytes, libc::MADV_NOHUGEPAGE);
        }
        let failed = if late_access {
            libc::mprotect(mapped.add(guard).cast(), bytes - guard, access)
        } else {
            libc::mprotect(mapped.cast(), guard, libc::PROT_NONE)
        };
        if failed != 0 {
            libc::munmap(mapped.cast(), bytes);
            return ptr::null_mut();
        }
    }
    mapped
}

/// Sets whether core files have the bytes of some pages.
///
/// # Safety
/// The pages are the runtime's.
pub(crate) unsafe fn set_dumped(pages: *mut u8, bytes: usize, dumped: bool) {
    let advice = if dumped { libc::MADV_DODUMP } else { libc::MADV_DONTDUMP };
    // SAFETY: the advice does not change what the pages hold.
    unsafe { libc::madvise(pages.cast(), bytes, advice) };
}

/// The number of mappings that a process may have (`vm.max_map_count`), if the process has reached
/// it. The system says of no error that this is its reason.
pub(crate) fn mapping_limit() -> Option<usize> {
    let limit = each_byte(c"/proc/sys/vm/max_map_count", 0, |number, byte| match byte {
        b'0'..=b'9' => number * 10 + usize::from(byte - b'0'),
        _ => number,
    })?;
    let mappings =
        each_byte(c"/proc/self/maps", 0, |lines, byte| lines + usize::from(byte == b'\n'))?;
    // A mapping and the change of its protection need up to three more.
    (mappings + 3 > limit).then_some(limit)
}

/// Folds the bytes of a file, without allocating.
fn each_byte<T>(path: &CStr, start: T, mut fold: impl FnMut(T, u8) -> T) -> Option<T> {
    let mut value = start;
    let mut buffer = [0_u8; 1024];
    // SAFETY: the path ends with a zero; the buffer has room for what is read.
    unsafe {
        let file = libc::open(path.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC);
        if file < 0 {
            return None;
        }
        loop {
            let count = libc::read(file, buffer.as_mut_ptr().cast(), buffer.len());
            let Some(bytes) = usize::try_from(count).ok().and_then(|count| buffer.get(..count))
            else {
                libc::close(file);
                return None;
            };
            if bytes.is_empty() {
                break;
            }
            for byte in bytes {
                value = fold(value, *byte);
            }
        }
        libc::close(file);
    }
    Some(value)
}

/// Whether the 8 bytes at an address, which is aligned to them, can be read.
pub(crate) fn is_readable(address: usize) -> bool {
    const NO_OPERATION: c_int = -1;
    let none = ptr::null_mut::<c_void>();
    // SAFETY: the kernel reads a signal set at the address, and then refuses the operation on it. The
    // address of `errno` is that of the thread's own.
    unsafe {
        let errno = libc::__errno_location();
        let before = *errno;
        libc::syscall(libc::SYS_rt_sigprocmask, NO_OPERATION, address, none, size_of::<u64>());
        core::mem::replace(&mut *errno, before) != libc::EFAULT
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
