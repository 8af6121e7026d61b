//! The registers of a thread that a signal has interrupted.

use core::ffi::c_void;

use crate::arch::Continuation;

/// x0 to x30, sp and pc. One more word aligns the stack.
const WORDS: usize = 33;

/// Bytes that [`keep_registers`] writes.
pub(crate) const KEPT_REGISTERS: usize = (WORDS + 1) * size_of::<usize>();

/// Writes the registers of an interrupted thread below `top` (16-byte aligned) of a stack, where
/// `fault.s` expects them. Returns where they begin.
///
/// # Safety
/// `ucontext` is what the kernel gave the handler; the stack is not in use.
pub(crate) unsafe fn keep_registers(ucontext: *mut c_void, top: usize) -> usize {
    let at = top - KEPT_REGISTERS;
    // SAFETY: the caller vouches for the structure and the stack.
    unsafe {
        let registers = &(*ucontext.cast::<libc::ucontext_t>()).uc_mcontext;
        let mut kept = [0; WORDS];
        kept[..31].copy_from_slice(&registers.regs);
        kept[31] = registers.sp;
        kept[32] = registers.pc;
        (at as *mut [u64; WORDS]).write(kept);
    }
    at
}

/// Where a signal has interrupted the thread.
///
/// # Safety
/// `ucontext` is what the kernel gave the handler.
pub(crate) unsafe fn interrupted_at(ucontext: *mut c_void) -> Continuation {
    // SAFETY: the caller vouches for the structure.
    let registers = unsafe { &(*ucontext.cast::<libc::ucontext_t>()).uc_mcontext };
    Continuation { sp: registers.sp as usize, pc: registers.pc as usize }
}

/// Makes a signal handler return to `pc` with stack pointer `sp`.
///
/// # Safety
/// `ucontext` is what the kernel gave the handler.
pub(crate) unsafe fn redirect(ucontext: *mut c_void, pc: usize, sp: usize) {
    /// What kind of branch came before: after none, any instruction may follow.
    const BRANCH_TYPE: u64 = 0xc00;
    // SAFETY: the caller vouches for the structure.
    let registers = unsafe { &mut (*ucontext.cast::<libc::ucontext_t>()).uc_mcontext };
    registers.pc = pc as u64;
    registers.sp = sp as u64;
    registers.pstate &= !BRANCH_TYPE;
}
