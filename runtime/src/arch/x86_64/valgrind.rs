//! Client requests: instructions that mean nothing, except to Valgrind.

use core::arch::asm;

const STACK_REGISTER: usize = 0x1501;
const STACK_DEREGISTER: usize = 0x1502;
/// Memcheck's requests begin with its letters.
const MAKE_MEM_UNDEFINED: usize = (b'M' as usize) << 24 | (b'C' as usize) << 16 | 1;

/// Makes a request; 0 outside Valgrind.
fn request(code: usize, first: usize, second: usize) -> usize {
    let arguments = [code, first, second, 0, 0, 0];
    let mut result = 0_usize;
    // SAFETY: the rotations add up to 128 bits and the exchange is with itself: on the CPU
    // nothing changes. Valgrind reads the arguments and writes rdx.
    unsafe {
        asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") &raw const arguments,
            inout("rdx") result,
            options(nostack),
        );
    }
    result
}

/// Tells of a stack; returns its number. A stack pointer can be `high` itself.
pub(crate) fn register_stack(low: usize, high: usize) -> usize {
    request(STACK_REGISTER, low, high)
}

/// Takes back what [`register_stack`] told.
pub(crate) fn forget_stack(number: usize) {
    request(STACK_DEREGISTER, number, 0);
}

/// Bytes below the stack pointer that code may use.
const RED_ZONE: usize = 128;

/// The `bytes` above a stack pointer may be written, and mean nothing yet. So may the red zone,
/// which Memcheck takes for granted below a stack pointer.
pub(crate) fn open_stack(sp: usize, bytes: usize) {
    request(MAKE_MEM_UNDEFINED, sp - RED_ZONE, bytes + RED_ZONE);
}
