//! Traps of guest code: instructions that the CPU or the system refuses.
//!
//! A trap ends the context that it happened in, as an overflow does, if a protected call or a
//! coroutine runs on the thread and the instruction is one that a JIT has compiled. In code of the host,
//! libc's included, it may be in the midst of anything, with locks held: that is left to the
//! handlers that were set before, which by default end the process.

use std::{ffi::c_void, sync::Once};

use stackswitch_rt::faults;
use stackswitch_rt::traps::Trap as Signalled;

use super::{
    backtrace::Trace,
    error::{FaultKind, Trap},
    frame::{self, Frame, Incident},
    objects, protect,
};

/// Has the process's traps come here, once.
pub(super) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| faults::catch(claim, report));
}

/// Whether a trap is the guest's. Called in a signal handler.
fn claim(trap: &Signalled) -> bool {
    // SAFETY: used before the frame can end.
    objects::is_code(trap.pc) && unsafe { frame::top() }.is_some_and(Frame::runs_guest)
}

/// Called after it, on the side stack; comes back only if the host does not wait.
unsafe fn report(context: *mut c_void, trap: &Signalled) {
    let trap = match trap.signal {
        libc::SIGILL => Trap::IllegalInstruction,
        libc::SIGFPE => Trap::Arithmetic,
        libc::SIGTRAP => Trap::Breakpoint,
        _ => Trap::MemoryAccess { address: trap.address },
    };
    protect::end_guest(Incident {
        kind: FaultKind::Trap(trap),
        code: 0,
        context: context.addr(),
        message: trap.to_string(),
        trace: Trace::here(),
    });
}
