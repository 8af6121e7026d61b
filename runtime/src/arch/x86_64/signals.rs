//! The registers of a thread that a signal has interrupted.

use core::ffi::c_void;

use crate::arch::Continuation;

/// Bytes that [`keep_registers`] writes.
pub(crate) const KEPT_REGISTERS: usize = 18 * size_of::<usize>();

/// Writes the registers of an interrupted thread below `top` (16-byte aligned) of a stack, where
/// `fault.s` expects them. Returns where they begin.
///
/// # Safety
/// `ucontext` is what the kernel gave the handler; the stack is not in use.
pub(crate) unsafe fn keep_registers(ucontext: *mut c_void, top: usize) -> usize {
    // In the order of their DWARF numbers. One more word aligns the stack.
    const ORDER: [i32; 17] = [
        libc::REG_RAX,
        libc::REG_RDX,
        libc::REG_RCX,
        libc::REG_RBX,
        libc::REG_RSI,
        libc::REG_RDI,
        libc::REG_RBP,
        libc::REG_RSP,
        libc::REG_R8,
        libc::REG_R9,
        libc::REG_R10,
        libc::REG_R11,
        libc::REG_R12,
        libc::REG_R13,
        libc::REG_R14,
        libc::REG_R15,
        libc::REG_RIP,
    ];
    const { assert!(KEPT_REGISTERS == (ORDER.len() + 1) * size_of::<usize>()) };
    let at = top - KEPT_REGISTERS;
    // SAFETY: the caller vouches for the structure and the stack.
    unsafe {
        let registers = &(*ucontext.cast::<libc::ucontext_t>()).uc_mcontext.gregs;
        let kept = ORDER.map(|register| registers[register as usize]);
        (at as *mut [i64; 17]).write(kept);
    }
    at
}

/// Where a signal has interrupted the thread.
///
/// # Safety
/// `ucontext` is what the kernel gave the handler.
pub(crate) unsafe fn interrupted_at(ucontext: *mut c_void) -> Continuation {
    // SAFETY: the caller vouches for the structure.
    unsafe {
        let registers = &(*ucontext.cast::<libc::ucontext_t>()).uc_mcontext.gregs;
        let [sp, pc] = [libc::REG_RSP, libc::REG_RIP].map(|at| registers[at as usize] as usize);
        Continuation { sp, pc }
    }
}

/// Makes a signal handler return to `pc` with stack pointer `sp`.
///
/// # Safety
/// `ucontext` is what the kernel gave the handler.
pub(crate) unsafe fn redirect(ucontext: *mut c_void, pc: usize, sp: usize) {
    // SAFETY: the caller vouches for the structure.
    unsafe {
        let registers = &mut (*ucontext.cast::<libc::ucontext_t>()).uc_mcontext.gregs;
        registers[libc::REG_RIP as usize] = pc as i64;
        registers[libc::REG_RSP as usize] = sp as i64;
        // The ABI has the direction flag clear at the start of a function.
        const DIRECTION: i64 = 0x400;
        registers[libc::REG_EFL as usize] &= !DIRECTION;
    }
}
