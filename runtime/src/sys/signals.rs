//! Signals of faults: the handler, the alternate stack, and the actions that were installed before.

use core::ffi::{c_int, c_void};
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};

use super::libc::{map, unmap};
use crate::arch::{self, Continuation};

/// The signals of faults. The first is caught for overflows, the others only for hosts that claim
/// traps.
const SIGNALS: [c_int; 5] =
    [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGTRAP];
/// The actions that were installed before the runtime's. Each is written once, before the runtime's
/// is installed.
// SAFETY: a zeroed sigaction is a valid one, the default action.
static mut PREVIOUS: [libc::sigaction; SIGNALS.len()] = unsafe { core::mem::zeroed() };
static INSTALLED: [AtomicUsize; SIGNALS.len()] = [const { AtomicUsize::new(0) }; SIGNALS.len()];

/// Whether a previous action with `SA_RESETHAND` has run.
static USED: [AtomicUsize; SIGNALS.len()] = [const { AtomicUsize::new(0) }; SIGNALS.len()];

/// Bytes of the stack on which signals are handled. A program's own handlers may run on it.
const SIGNAL_STACK: usize = 256 << 10;
/// Inaccessible bytes below it: more than one frame is likely to skip.
const SIGNAL_GUARD: usize = 16 << 20;

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

/// Catches faults on guards: installs the process's SIGSEGV handler, once, and gives the calling
/// thread an alternate stack unless it has one. Returns the memory of that stack for
/// [`forget_faults`], or null.
pub(crate) fn catch_faults(filter: FaultFilter) -> *mut u8 {
    // SAFETY: the structures are zeroed and filled as sigaltstack(2) says.
    unsafe {
        let mut stack: libc::stack_t = core::mem::zeroed();
        let mut memory = ptr::null_mut();
        if libc::sigaltstack(ptr::null(), &mut stack) == 0 && stack.ss_flags & libc::SS_DISABLE != 0
        {
            memory = map(SIGNAL_GUARD + SIGNAL_STACK, SIGNAL_GUARD);
            if !memory.is_null() {
                stack.ss_sp = memory.add(SIGNAL_GUARD).cast();
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
        unmap(stack, SIGNAL_GUARD + SIGNAL_STACK);
    }
}

/// The signal handler. A fault of the runtime continues where the filter says; any other is the
/// previous action's.
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
        chain(index, signal, info, ucontext, sent);
    }
}

/// Does what the action that was installed before does with a signal.
///
/// # Safety
/// Called by [`handle_fault`], with its arguments.
unsafe fn chain(
    index: usize,
    signal: c_int,
    info: *mut libc::siginfo_t,
    ucontext: *mut c_void,
    sent: bool,
) {
    // SAFETY: PREVIOUS was written before the handler was installed; the kernel passes valid
    // structures.
    unsafe {
        let previous = (&raw const PREVIOUS).cast::<libc::sigaction>().add(index);
        let flags = (*previous).sa_flags;
        let is_used_up =
            flags & libc::SA_RESETHAND != 0 && USED[index].swap(1, Ordering::AcqRel) != 0;
        match (*previous).sa_sigaction {
            libc::SIG_IGN if sent => {}
            _ if is_used_up => run_default(signal, sent),
            libc::SIG_DFL | libc::SIG_IGN => run_default(signal, sent),
            handler => {
                block_as_for(&*previous, signal, ucontext);
                if flags & libc::SA_SIGINFO != 0 {
                    type Action = unsafe extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void);
                    core::mem::transmute::<usize, Action>(handler)(signal, info, ucontext);
                } else {
                    core::mem::transmute::<usize, unsafe extern "C" fn(c_int)>(handler)(signal);
                }
            }
        }
    }
}

/// Installs the default action. The faulting instruction runs again and meets it. A signal that
/// comes from no instruction, or from one that has completed, is raised again.
///
/// # Safety
/// Called by the handler of `signal`.
unsafe fn run_default(signal: c_int, sent: bool) {
    // SAFETY: a zeroed sigaction is the default action.
    unsafe {
        let default: libc::sigaction = core::mem::zeroed();
        libc::sigaction(signal, &default, ptr::null_mut());
        if sent || signal == libc::SIGTRAP {
            libc::raise(signal);
        }
    }
}

/// Blocks the signals that the kernel would block during the handler of an action: those that were
/// blocked before, those of the action, and the signal itself unless the action says otherwise.
///
/// # Safety
/// `ucontext` is what the kernel gave the running handler.
unsafe fn block_as_for(action: &libc::sigaction, signal: c_int, ucontext: *mut c_void) {
    /// The kernel's set has one word. The rest of the C library's is not in the handler's structure.
    type KernelSet = u64;
    // SAFETY: the structures begin with the kernel's word; any word is a set.
    unsafe {
        let before = &raw const (*ucontext.cast::<libc::ucontext_t>()).uc_sigmask;
        let own = if action.sa_flags & libc::SA_NODEFER == 0 { 1 << (signal - 1) } else { 0 };
        let blocked = before.cast::<KernelSet>().read()
            | (&raw const action.sa_mask).cast::<KernelSet>().read()
            | own;
        let mut set: libc::sigset_t = core::mem::zeroed();
        (&raw mut set).cast::<KernelSet>().write(blocked);
        libc::pthread_sigmask(libc::SIG_SETMASK, &set, ptr::null_mut());
    }
}
