//! Functions of the unwinder and of C++ that a program may be without.
//!
//! They are weak references: where the program has no such function, the call
//! returns null or 0 and does nothing.

use core::arch::global_asm;
use core::ffi::{c_int, c_void};

global_asm!(
    ".macro stackswitch_optional name, symbol",
    ".weak \\symbol",
    ".p2align 4",
    ".hidden \\name",
    ".globl \\name",
    ".type \\name,@function",
    "\\name:",
    ".cfi_startproc",
    "endbr64",
    "mov rax, [rip + \\symbol@GOTPCREL]",
    "test rax, rax",
    "jz 2f",
    "jmp rax",
    "2:",
    "ret",
    ".cfi_endproc",
    ".size \\name, . - \\name",
    ".endm",
    "stackswitch_optional stackswitch_forced_unwind, _Unwind_ForcedUnwind",
    "stackswitch_optional stackswitch_raise_exception, _Unwind_RaiseException",
    "stackswitch_optional stackswitch_set_unwound_register, _Unwind_SetGR",
    "stackswitch_optional stackswitch_set_unwound_address, _Unwind_SetIP",
    "stackswitch_optional stackswitch_cxa_get_globals, __cxa_get_globals",
    "stackswitch_optional stackswitch_cxa_begin_catch, __cxa_begin_catch",
    "stackswitch_optional stackswitch_cxx_terminate, _ZSt9terminatev",
    ".purgem stackswitch_optional",
);

unsafe extern "C-unwind" {
    /// `_Unwind_ForcedUnwind`.
    pub(crate) fn stackswitch_forced_unwind(
        exception: *mut c_void,
        stop: *mut c_void,
        parameter: *mut c_void,
    ) -> c_int;
    /// `_Unwind_RaiseException`.
    pub(crate) fn stackswitch_raise_exception(exception: *mut c_void) -> c_int;
}

unsafe extern "C" {
    fn stackswitch_set_unwound_register(frame: *mut c_void, register: c_int, value: usize);
    fn stackswitch_set_unwound_address(frame: *mut c_void, address: usize);
    /// `__cxa_get_globals`: the calling thread's.
    pub(crate) fn stackswitch_cxa_get_globals() -> *mut c_void;
    /// `__cxa_begin_catch`.
    pub(crate) fn stackswitch_cxa_begin_catch(exception: *mut c_void) -> *mut c_void;
    /// `std::terminate`.
    pub(crate) fn stackswitch_cxx_terminate();
}

/// The register that a landing pad finds the exception in, by its DWARF number: rax.
const EXCEPTION_REGISTER: c_int = 0;

/// Has the unwinder go on at `address` with `exception` at hand.
///
/// # Safety
/// `frame` is what the unwinder gave a personality routine in its second phase, and the code at
/// `address` can go on with that frame's stack pointer.
pub(crate) unsafe fn land(frame: *mut c_void, address: usize, exception: *mut c_void) {
    // SAFETY: as the caller's.
    unsafe {
        stackswitch_set_unwound_register(frame, EXCEPTION_REGISTER, exception.addr());
        stackswitch_set_unwound_address(frame, address);
    }
}
