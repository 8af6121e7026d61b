//! Traps: faults of a program's code that a host may claim, such as a division by zero or an access
//! to unmapped memory. [`faults::catch`](crate::faults::catch) sets the functions.

use core::ffi::{c_int, c_void};
use core::mem::transmute;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trap {
    /// The signal: SIGSEGV, SIGBUS, SIGILL, SIGFPE or SIGTRAP.
    pub signal: c_int,
    /// The address that was accessed, for SIGSEGV and SIGBUS.
    pub address: usize,
    /// The address of the instruction.
    pub pc: usize,
}

/// Says whether the host claims a fault of the calling thread; then the running context ends. The
/// runtime calls it in the signal handler, so it may only do what is async-signal-safe.
pub type Claim = fn(trap: &Trap) -> bool;

/// Reports a fault that was claimed, with the context that it has ended. The runtime calls it on
/// the thread's side stack; unwinders see the frames of that context below it. It must resume
/// another context: if it returns, the program ends.
pub type Report = unsafe fn(ctx: *mut c_void, trap: &Trap);

/// Says whether an overflow at an instruction may end the running context. If not, the process prints
/// the error and aborts. The runtime calls it in the signal handler, so it may only do what is
/// async-signal-safe.
pub type MayOverflow = fn(pc: usize) -> bool;

#[cfg(feature = "libc")]
static MAY_OVERFLOW: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());
#[cfg(feature = "libc")]
static CLAIM: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());
static REPORT: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

/// Sets the functions.
#[cfg(feature = "libc")]
pub(crate) fn set(claim: Claim, report: Report, may_overflow: MayOverflow) {
    MAY_OVERFLOW.store(may_overflow as *mut (), Ordering::Release);
    REPORT.store(report as *mut (), Ordering::Release);
    CLAIM.store(claim as *mut (), Ordering::Release);
}

/// Whether an overflow at an instruction may end the running context: always without a host.
#[cfg(feature = "libc")]
pub(crate) fn may_overflow_at(pc: usize) -> bool {
    let may_overflow = MAY_OVERFLOW.load(Ordering::Acquire);
    // SAFETY: only `set` stores there, functions of this type.
    may_overflow.is_null() || unsafe { transmute::<*mut (), MayOverflow>(may_overflow) }(pc)
}

/// Whether the host claims a fault.
#[cfg(feature = "libc")]
pub(crate) fn is_claimed(trap: &Trap) -> bool {
    let claim = CLAIM.load(Ordering::Acquire);
    // SAFETY: only `set` stores there, functions of this type.
    !claim.is_null() && unsafe { transmute::<*mut (), Claim>(claim) }(trap)
}

/// Reports a fault that was claimed.
///
/// # Safety
/// On the side stack; `ctx` has ended.
pub(crate) unsafe fn report(ctx: *mut c_void, trap: &Trap) {
    let report = REPORT.load(Ordering::Acquire);
    if !report.is_null() {
        // SAFETY: only `set` stores there, functions of this type; the caller says that it is on
        // the side stack and that the context has ended.
        unsafe { transmute::<*mut (), Report>(report)(ctx, trap) }
    }
}
