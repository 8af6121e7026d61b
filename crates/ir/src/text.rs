//! Text that LLVM hands out.

use std::ffi::{CStr, c_char};

use inkwell::llvm_sys::core::{LLVMDisposeMessage, LLVMGetValueName2};

use crate::wrappers::Value;

/// Copies a text that LLVM allocated, and frees it. Null is the empty text.
///
/// # Safety
/// `text` must be null or a string from a function of LLVM's that hands out ownership.
pub unsafe fn take_message(text: *mut c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: the caller vouches for the string; it is freed once, after the copy.
    unsafe {
        let copy = CStr::from_ptr(text).to_string_lossy().into_owned();
        LLVMDisposeMessage(text);
        copy
    }
}

/// Copies `length` bytes of text that LLVM keeps. Null is the empty text.
///
/// # Safety
/// `text` must be null or point to `length` readable bytes.
pub(crate) unsafe fn copy_text(text: *const c_char, length: usize) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: the caller vouches for the bytes.
    let bytes = unsafe { std::slice::from_raw_parts(text.cast::<u8>(), length) };
    String::from_utf8_lossy(bytes).into_owned()
}

/// The name of a value, as the bytes that it is.
///
/// # Safety
/// The value must keep its name for as long as the result is used.
pub(crate) unsafe fn name_bytes<'m>(value: Value<'m>) -> &'m [u8] {
    let mut length = 0;
    // SAFETY: the value is live, and LLVM keeps its name, of this length, as long as the caller
    // promises.
    unsafe {
        let name = LLVMGetValueName2(value.raw(), &mut length);
        if length == 0 { &[] } else { std::slice::from_raw_parts(name.cast(), length) }
    }
}
