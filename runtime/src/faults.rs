//! Faults of a context's code: an overflow of its region, or a trap that the host has claimed.
//!
//! The signal handler in `sys` asks `continuation_after`. For such a fault the thread continues
//! on its side stack, in `faulted`, which ends the context and reports the fault.

use core::ptr;

use stackswitch_abi::Code;

#[cfg(feature = "libc")]
use crate::arch::{self, Continuation, resume_points};
use crate::cleanup_handlers;
use crate::context::{Context, State, Tag};
use crate::cxx::Globals;
use crate::error::{self, Refusal};
#[cfg(feature = "libc")]
use crate::instrumentation;
use crate::slice;
use crate::switch::end_at_base;
use crate::sys;
use crate::thread::{Thread, ThreadWords};
use crate::traps;
#[cfg(feature = "libc")]
use crate::traps::{Claim, MayOverflow, Report, Trap};

/// Catches the faults of all threads that use the runtime. A fault that is not claimed goes to the
/// handler that was installed before. `may_overflow` decides about overflows.
#[cfg(feature = "libc")]
pub fn catch(claim: Claim, report: Report, may_overflow: MayOverflow) {
    traps::set(claim, report, may_overflow);
    sys::catch_traps(continuation_after);
}

/// Bytes at the top of the side stack for the kept registers and the frame of [`faulted`]. Valgrind
/// notices the change of stacks only while that function makes its frame, and does not open the frame.
#[cfg(feature = "libc")]
const OPENED_FOR_FAULTED: usize = arch::KEPT_REGISTERS + 1024;

/// Where to continue after a fault on the guard of the running context's region, or after a fault
/// that the host claims. `None` for any other fault.
#[cfg(feature = "libc")]
pub(crate) fn continuation_after(fault: &sys::Fault) -> Option<Continuation> {
    let tls = ThreadWords::get();
    // SAFETY: the words are this thread's; the running context and its region are alive. A fault on
    // a guard, or one that is claimed, comes from a context's own code and not from a switch, so
    // the side stack is free.
    unsafe {
        let thread = (*tls).thread;
        if thread.is_null() {
            return None;
        }
        let current = (*tls).current;
        let region = (*(*current).base).region;
        let interrupted = arch::interrupted_at(fault.ucontext);
        // The program may end now, with a core file.
        (*region).dump_from(interrupted.sp);
        let pc = interrupted.pc;
        let trap = if (*region).guards(fault.address) {
            if !resume_points::is_switch(pc) && !traps::may_overflow_at(pc) {
                let context = Context::visible(current).cast();
                let operation = "stack overflow in code that cannot be abandoned";
                error::abort_with(&Refusal { code: Code::Overflow, context, operation });
            }
            None
        } else {
            let trap = Trap { signal: fault.signal, address: fault.address, pc };
            // Code that runs after a fault is on the side stack already.
            if ptr::eq(current, &raw const (*thread).after_fault) || !traps::is_claimed(&trap) {
                return None;
            }
            Some(trap)
        };
        (*thread).trap = trap;
        let side_top = (*tls).side_top;
        instrumentation::opened(side_top - OPENED_FOR_FAULTED, OPENED_FOR_FAULTED);
        let sp = arch::keep_registers(fault.ucontext, side_top);
        Some(Continuation { pc: resume_points::fault(), sp })
    }
}

/// Ends the running context after its fault and reports it. The error handler, or the host, resumes
/// another context; if it returns, the program ends.
///
/// # Safety
/// Called by the assembly, on the side stack.
pub(crate) unsafe extern "C-unwind" fn faulted() {
    let tls = ThreadWords::get();
    // SAFETY: the words are this thread's; the context ran, so it is the bottom of its region.
    unsafe {
        let thread = &mut *(*tls).thread;
        let current = (*tls).current;
        let visible = Context::visible(current);
        let overflow =
            Refusal { code: Code::Overflow, context: visible.cast(), operation: "stack overflow" };
        if thread.trap.is_none() && !error::has_handler() {
            // Before anything calls the program's allocator, whose lock the context may hold.
            error::abort_with(&overflow);
        }
        let region = (*(*current).base).region;
        (*region).bottom = (*current).above;
        (*current).above = ptr::null_mut();
        (*region).refresh_bottom();
        end_at_base(current);
        thread.blocks.release(&mut thread.heap, current);
        if visible != current && visible != &raw mut thread.main {
            // The fault was on a user stack: what the context has on its own stack ends with it.
            (*current).counterpart = ptr::null_mut();
            (*visible).counterpart = ptr::null_mut();
            slice::drop_stack(&mut thread.heap, visible);
            thread.blocks.release(&mut thread.heap, visible);
            end_at_base(visible);
        }
        *(*tls).exceptions = Globals::NONE;
        cleanup_handlers::forget(thread, tls);
        thread.hooks.call_fault_hooks(visible);
        run_after_fault(thread, tls);
        let message: &[u8] = match thread.trap.take() {
            None => {
                error::report(&overflow);
                b"stackswitch: the handler has returned to a context that overflowed\n"
            }
            Some(trap) => {
                traps::report(visible.cast(), &trap);
                b"stackswitch: the handler has returned to a context that had a fault\n"
            }
        };
        sys::print(message);
        sys::abort();
    }
}

/// Makes [`Thread::after_fault`] the running context: it is on no region that others use.
///
/// # Safety
/// `tls` is that of this thread, whose running context has ended.
unsafe fn run_after_fault(thread: &mut Thread, tls: *mut ThreadWords) {
    thread.after_fault.tag = Tag::new(thread.number, State::Ready);
    thread.after_fault.saved = 0;
    // SAFETY: the words are this thread's. Code that ran after an earlier fault has ended.
    unsafe {
        thread.blocks.release(&mut thread.heap, &raw mut thread.after_fault);
        (*tls).current = &raw mut thread.after_fault;
    }
}
