//! How values travel with a switch.
//!
//! One machine word goes in a register. Anything else, up to 64 bytes, lies in
//! the thread's slot during the switch, and the word is the slot's address.
//! The stack that it came from may be displaced by then, the slot never is.

use core::ffi::c_void;
use core::ptr;

use crate::error::Code;
use crate::thread::{self, Slot, refuse};

/// Has the `size` bytes at `value` travel with `switch`, which gets the slot's
/// address; what comes back replaces them. Nothing is sent when `size` is more than a slot.
///
/// # Safety
/// `value` points to `size` bytes that may be read and written.
pub(crate) unsafe fn exchange(
    value: *mut c_void,
    size: usize,
    switch: impl FnOnce(*mut c_void) -> *mut c_void,
) {
    // SAFETY: the slot has room for `size` bytes and is not on any stack.
    unsafe {
        if size > size_of::<Slot>() {
            return refuse(Code::Invalid, ptr::null_mut(), "switch with a value of over 64 bytes");
        }
        let thread = thread::ensure();
        if thread.is_null() {
            return;
        }
        let slot = (&raw mut (*thread).slot).cast::<u8>();
        ptr::copy_nonoverlapping(value.cast::<u8>(), slot, size);
        if switch(slot.cast()).is_null() {
            // Refused, and the handler has returned: the value is zero.
            ptr::write_bytes(value.cast::<u8>(), 0, size);
            return;
        }
        ptr::copy_nonoverlapping(slot, value.cast::<u8>(), size);
    }
}

/// A type that has switches of its own in the C ABI.
pub(crate) trait Value: Copy {
    /// Has the value travel with `switch`; returns what came back.
    ///
    /// # Safety
    /// `switch` is one of the switches.
    unsafe fn travel(self, switch: impl FnOnce(*mut c_void) -> *mut c_void) -> Self;

    /// The adapter for bodies that take and return this type, or null if they
    /// do so in the registers that words travel in.
    fn entry() -> *mut c_void;

    /// The adapter for functions that run on top of a context, or null.
    fn ontop() -> *mut c_void;
}

/// Integers: sign-extended to a word, as C passes them.
macro_rules! word {
    ($($type:ty)*) => {$(
        impl Value for $type {
            unsafe fn travel(self, switch: impl FnOnce(*mut c_void) -> *mut c_void) -> Self {
                switch(self as isize as *mut c_void) as Self
            }
            fn entry() -> *mut c_void {
                ptr::null_mut()
            }
            fn ontop() -> *mut c_void {
                ptr::null_mut()
            }
        }
    )*};
}
word!(i8 i16 i32 i64);
const _: () = assert!(size_of::<usize>() == 8, "an i64 travels as one word");

/// Floating-point numbers: bodies have them in vector registers, so they lie in the slot.
macro_rules! float {
    ($($type:ty)*) => {$(
        impl Value for $type {
            unsafe fn travel(mut self, switch: impl FnOnce(*mut c_void) -> *mut c_void) -> Self {
                // SAFETY: the value is this function's own.
                unsafe { exchange((&raw mut self).cast(), size_of::<Self>(), switch) };
                self
            }
            fn entry() -> *mut c_void {
                type Body = unsafe extern "C-unwind" fn(*mut c_void, $type) -> $type;
                unsafe extern "C-unwind" fn adapt(
                    body: Body,
                    argument: *mut c_void,
                    slot: *mut $type,
                ) {
                    // SAFETY: the slot holds a value of the body's type.
                    unsafe { slot.write(body(argument, slot.read())) };
                }
                adapt as *mut c_void
            }
            fn ontop() -> *mut c_void {
                type Function = unsafe extern "C-unwind" fn($type) -> $type;
                unsafe extern "C-unwind" fn adapt(function: Function, slot: *mut $type) {
                    // SAFETY: the slot holds a value of the function's type.
                    unsafe { slot.write(function(slot.read())) };
                }
                adapt as *mut c_void
            }
        }
    )*};
}
float!(f32 f64);
