//! How a switch carries values.
//!
//! A machine word is in a register. A larger value, up to 64 bytes, is in the thread's slot during
//! the switch, and the word is the slot's address: the stack that the value came from may be
//! displaced by the switch, the slot never is.

use core::ffi::c_void;
use core::ptr;

use stackswitch_abi::Code;

use crate::check::{CHECKED, Carried};
use crate::error::refuse;
use crate::thread::{self, ValueSlot};

/// Makes `switch` carry the `size` bytes at `value`: it is called with the slot's address, and the
/// bytes that come back replace those at `value`. Refused if `size` is more than a slot.
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
        if size > size_of::<ValueSlot>() {
            return refuse(Code::Invalid, ptr::null_mut(), "switch with a value of over 64 bytes");
        }
        let thread = thread::ensure();
        if thread.is_null() {
            return;
        }
        let slot = (&raw mut (*thread).slot).cast::<u8>();
        ptr::copy_nonoverlapping(value.cast::<u8>(), slot, size);
        (*thread).carried = Carried::bytes(size);
        if switch(slot.cast()).is_null() {
            // Refused, and the error handler has returned: the value is zero.
            ptr::write_bytes(value.cast::<u8>(), 0, size);
            return;
        }
        ptr::copy_nonoverlapping(slot, value.cast::<u8>(), size);
    }
}

/// Floating-point types: a body has them in vector registers, so a switch carries them in the slot.
pub(crate) trait Float: Copy {
    /// The adapter for bodies that take and return this type.
    const ENTRY: *mut c_void;
    /// The adapter for functions that run on top of a context.
    const ONTOP: *mut c_void;

    /// Makes `switch` carry the value; returns the value that comes back.
    ///
    /// # Safety
    /// `switch` is one of the switches.
    unsafe fn exchange(mut self, switch: impl FnOnce(*mut c_void) -> *mut c_void) -> Self {
        // SAFETY: the value is this function's own.
        unsafe { exchange((&raw mut self).cast(), size_of::<Self>(), switch) };
        self
    }
}

macro_rules! float {
    ($($type:ty)*) => {$(
        impl Float for $type {
            const ENTRY: *mut c_void = {
                type Body = unsafe extern "C-unwind" fn(*mut c_void, $type) -> $type;
                unsafe extern "C-unwind" fn adapt(body: Body, argument: *mut c_void, slot: *mut $type) {
                    // SAFETY: the slot holds a value of the body's type.
                    unsafe { slot.write(body(argument, slot.read())) };
                }
                adapt as *mut c_void
            };
            const ONTOP: *mut c_void = {
                type Function = unsafe extern "C-unwind" fn($type) -> $type;
                unsafe extern "C-unwind" fn adapt(function: Function, slot: *mut $type) {
                    // SAFETY: the slot holds a value of the function's type.
                    unsafe { slot.write(function(slot.read())) };
                }
                adapt as *mut c_void
            };
        }
    )*};
}
float!(f32 f64);

/// What a body with this adapter takes and returns.
#[inline]
pub(crate) fn carried_by(adapter: *mut c_void) -> Carried {
    if !CHECKED || adapter.is_null() {
        return Carried::WORD;
    }
    [(<f32 as Float>::ENTRY, size_of::<f32>()), (<f64 as Float>::ENTRY, size_of::<f64>())]
        .into_iter()
        .find_map(|(entry, size)| ptr::eq(entry, adapter).then_some(Carried::bytes(size)))
        .unwrap_or(Carried::WIDE)
}
