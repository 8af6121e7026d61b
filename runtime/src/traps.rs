//! Faults of a program's code that somebody else than the runtime makes something of: a trap, a
//! division by zero, an access to memory that is not there.

use core::ffi::{c_int, c_void};
use core::mem::transmute;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trap {
    /// The signal: SIGSEGV, SIGBUS, SIGILL, SIGFPE or SIGTRAP.
    pub signal: c_int,
    /// The address that could not be used, for SIGSEGV and SIGBUS.
    pub address: usize,
    /// The instruction.
    pub pc: usize,
}

/// Says whether a fault on the calling thread ends the running context. Called in the signal
/// handler: it does nothing that is not safe there.
pub type Claim = fn(trap: &Trap) -> bool;

/// Hears of a fault that was claimed, with the context that it has ended. It runs on the thread's
/// side stack, below it the frames of that context as unwinders see it, and goes on by a switch:
/// if it returns, the program ends.
pub type Report = unsafe fn(ctx: *mut c_void, trap: &Trap);

#[cfg(feature = "libc")]
static CLAIM: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());
static REPORT: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

/// Catches faults of all threads that use the runtime. What is not claimed goes to the handlers
/// that were set before.
#[cfg(feature = "libc")]
pub fn catch(claim: Claim, report: Report) {
    REPORT.store(report as *mut (), Ordering::Release);
    CLAIM.store(claim as *mut (), Ordering::Release);
    crate::sys::catch_traps(crate::thread::landing_after);
}

/// Whether somebody claims a fault.
#[cfg(feature = "libc")]
pub(crate) fn claimed(trap: &Trap) -> bool {
    let claim = CLAIM.load(Ordering::Acquire);
    // SAFETY: only `catch` stores there, functions of this type.
    !claim.is_null() && unsafe { transmute::<*mut (), Claim>(claim) }(trap)
}

/// Tells of a fault that was claimed.
///
/// # Safety
/// On the side stack; `ctx` has ended.
pub(crate) unsafe fn report(ctx: *mut c_void, trap: &Trap) {
    let report = REPORT.load(Ordering::Acquire);
    if !report.is_null() {
        // SAFETY: only `catch` stores there, functions of this type; the caller vouches for the
        // rest.
        unsafe { transmute::<*mut (), Report>(report)(ctx, trap) }
    }
}
