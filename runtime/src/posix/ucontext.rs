//! `makecontext` of `<ucontext.h>`, with the system's own `ucontext_t`.
//!
//! On 64-bit Linux the structure begins alike on every CPU. The object lies in the system's general
//! registers: the system's own functions write something there that is no object of the runtime,
//! and find no address to continue at in an object.

use core::ffi::c_int;

use stackswitch_abi::cpu::{ARGUMENT_REGISTERS, ucontext};

use super::makecontext::make_with;
use super::object::Object;
use crate::context::Tag;

/// Offset of the link: another `ucontext_t`, or null.
const LINK: usize = 8;
/// Offset of the stack: its lowest address, flags, and size.
const STACK: usize = 16;
/// The arguments of `makecontext` before those of the function: the structure, the function and
/// the count.
const FIXED_ARGUMENTS: usize = 3;

/// `stackswitch_ucontext_makecontext`. On error the object becomes one that was never captured, so
/// that resuming it is refused.
///
/// # Safety
/// Called by the assembly. `in_registers` points to the variable arguments that came in registers,
/// `on_stack` to the others. The structure has been captured into, and names a stack for it alone.
pub(crate) unsafe extern "C-unwind" fn make(
    structure: *mut u8,
    function: usize,
    count: c_int,
    in_registers: *const usize,
    on_stack: *const usize,
) {
    const IN_REGISTERS: usize = ARGUMENT_REGISTERS - FIXED_ARGUMENTS;
    // SAFETY: the caller vouches for the structure and the arguments.
    unsafe {
        let object = structure.add(ucontext::OBJECT).cast::<Object>();
        let link = *structure.add(LINK).cast::<*mut u8>();
        let link = if link.is_null() { link } else { link.add(ucontext::OBJECT) };
        let stack = structure.add(STACK).cast::<usize>();
        let stack = (*stack, *stack.add(2));
        let words = (0..usize::try_from(count).unwrap_or(usize::MAX)).map(|i| {
            // SAFETY: the caller of `makecontext` has passed `count` arguments.
            if i < IN_REGISTERS { *in_registers.add(i) } else { *on_stack.add(i - IN_REGISTERS) }
        });
        if make_with(object, stack, link.cast(), function, words).is_err() {
            (*object).destination.tag = Tag(0);
        }
    }
}
