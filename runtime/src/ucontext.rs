//! The functions of `<ucontext.h>` with the system's own structure, which holds an object.
//!
//! The structure is that of 64-bit Linux. The object lies where the system keeps general
//! registers: what the system's functions wrote there is no object, and they find no address to
//! go on at in an object.

use core::ffi::{c_int, c_void};

use crate::posix::{self, Object};

/// Where the link is: another such structure, or null.
const LINK: usize = 8;
/// Where the stack is: its lowest address, flags, and bytes.
const STACK: usize = 16;
/// Where the object is: the tag is at the program counter.
pub const OBJECT: usize = 160;
/// Where the signal mask is.
const MASK: usize = 296;

const _: () = assert!(OBJECT + size_of::<Object>() <= MASK, "the object is in nobody's way");

/// The signal mask beside an object in such a structure.
pub(crate) fn mask_of(object: *mut Object) -> *mut c_void {
    object.wrapping_byte_add(MASK - OBJECT).cast()
}

/// `stackswitch_ucontext_makecontext`. An object for which it cannot be done is no context any
/// more, so going to it is refused.
///
/// # Safety
/// Called by the assembly; `first` has the first three arguments, `more` the others. The structure
/// has been captured into, and names a stack for it alone.
pub(crate) unsafe extern "C-unwind" fn make(
    ucontext: *mut u8,
    function: usize,
    count: c_int,
    first: *const usize,
    more: *const usize,
) {
    const FIRST: usize = 3;
    // SAFETY: the caller vouches for the structure and the arguments.
    unsafe {
        let object = ucontext.add(OBJECT).cast::<Object>();
        let link = *ucontext.add(LINK).cast::<*mut u8>();
        let link = if link.is_null() { link } else { link.add(OBJECT) };
        let stack = ucontext.add(STACK).cast::<usize>();
        let given = (*stack, *stack.add(2));
        let words = (0..usize::try_from(count).unwrap_or(usize::MAX)).map(|i| {
            // SAFETY: there are as many arguments as the caller says.
            if i < FIRST { *first.add(i) } else { *more.add(i - FIRST) }
        });
        if posix::make_with(object, given, link.cast(), function, words).is_err() {
            (*object).place.tag = crate::context::Tag(0);
        }
    }
}
