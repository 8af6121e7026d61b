//! Functions of the unwinder, the C++ runtime and the dynamic linker, which a program may lack.
//!
//! They are weak references. Without the function a call here does nothing and returns null or 0.

#[cfg(feature = "libc")]
use core::ffi::c_char;
use core::ffi::{c_int, c_void};
use core::mem::transmute;

use crate::arch::{self, symbol_address};

/// The address of a symbol, or null if the program lacks it. The directive is next to the use, since
/// each object file declares the symbols that it refers to.
macro_rules! weak_address {
    ($symbol:literal) => {{
        // SAFETY: a directive is no instruction.
        unsafe {
            core::arch::asm!(concat!(".weak ", $symbol), options(nomem, nostack, preserves_flags));
        }
        symbol_address!($symbol)
    }};
}

/// The function of a name as a pointer of a type, or `None` if the program lacks it.
macro_rules! weak_function {
    ($symbol:literal as $type:ty) => {{
        let address = weak_address!($symbol);
        // SAFETY: null is `None`; any other address is that of the function, which has this type
        // by the Itanium C++ ABI.
        unsafe { transmute::<*const (), Option<$type>>(address) }
    }};
}

/// `_Unwind_ForcedUnwind`: unwinds the caller's frames and asks `stop` before each. Returns only if
/// there is no unwinder, or on error.
///
/// # Safety
/// `exception` is an exception object, `stop` a stop function of the unwinder's type. The frames of
/// the caller may be unwound.
pub(crate) unsafe fn forced_unwind(
    exception: *mut c_void,
    stop: *mut c_void,
    parameter: *mut c_void,
) {
    type Function = unsafe extern "C-unwind" fn(*mut c_void, *mut c_void, *mut c_void) -> c_int;
    if let Some(function) = weak_function!("_Unwind_ForcedUnwind" as Function) {
        // SAFETY: the caller vouches for the exception, the stop function and its frames.
        unsafe { function(exception, stop, parameter) };
    }
}

/// `_Unwind_RaiseException`: returns only if nobody catches.
///
/// # Safety
/// `exception` is an exception object that nobody else uses.
pub(crate) unsafe fn raise_exception(exception: *mut c_void) {
    type Function = unsafe extern "C-unwind" fn(*mut c_void) -> c_int;
    if let Some(function) = weak_function!("_Unwind_RaiseException" as Function) {
        // SAFETY: the caller vouches for the exception.
        unsafe { function(exception) };
    }
}

/// `__cxa_get_globals`: the calling thread's, or null.
pub(crate) fn cxa_get_globals() -> *mut c_void {
    type Function = unsafe extern "C" fn() -> *mut c_void;
    weak_function!("__cxa_get_globals" as Function).map_or(core::ptr::null_mut(), |function| {
        // SAFETY: the function has no condition.
        unsafe { function() }
    })
}

/// `__cxa_begin_catch`.
///
/// # Safety
/// `exception` is in flight.
pub(crate) unsafe fn cxa_begin_catch(exception: *mut c_void) {
    type Function = unsafe extern "C" fn(*mut c_void) -> *mut c_void;
    if let Some(function) = weak_function!("__cxa_begin_catch" as Function) {
        // SAFETY: the caller vouches for the exception.
        unsafe { function(exception) };
    }
}

/// `std::terminate`. Returns only in a program without C++.
pub(crate) fn cxx_terminate() {
    type Function = unsafe extern "C" fn();
    if let Some(function) = weak_function!("_ZSt9terminatev" as Function) {
        // SAFETY: the function has no condition.
        unsafe { function() };
    }
}

/// Makes the unwinder continue at `address` with `exception` in the register of landing pads.
///
/// # Safety
/// `frame` is what the unwinder gave a personality routine in its second phase, and the code at
/// `address` can run with the stack pointer of that frame.
pub(crate) unsafe fn continue_at(frame: *mut c_void, address: usize, exception: *mut c_void) {
    type SetRegister = unsafe extern "C" fn(*mut c_void, c_int, usize);
    type SetAddress = unsafe extern "C" fn(*mut c_void, usize);
    let set_register = weak_function!("_Unwind_SetGR" as SetRegister);
    let set_address = weak_function!("_Unwind_SetIP" as SetAddress);
    if let (Some(set_register), Some(set_address)) = (set_register, set_address) {
        // SAFETY: the caller has the frame from the unwinder.
        unsafe {
            set_register(frame, arch::EXCEPTION_REGISTER, exception.addr());
            set_address(frame, address);
        }
    }
}

/// Instrumentation of the program that this build of the runtime cannot work with, as an error
/// message: the program contains the initialiser of its library.
///
/// SafeStack has a second stack for each thread, which contexts would share. A sanitizer that is not
/// told of switches has wrong notes about the memory of stacks.
pub(crate) fn unsupported_instrumentation() -> Option<&'static str> {
    let found = [
        (weak_address!("__safestack_init"), false, "use of -fsanitize=safe-stack"),
        (
            weak_address!("__asan_init"),
            cfg!(feature = "asan"),
            "use of -fsanitize=address without the runtime for it: link what `pkg-config --libs stackswitch-asan` says",
        ),
        (
            weak_address!("__tsan_init"),
            cfg!(feature = "tsan"),
            "use of -fsanitize=thread without the runtime for it: link what `pkg-config --libs stackswitch-tsan` says",
        ),
        (weak_address!("__msan_init"), false, "use of -fsanitize=memory"),
        (weak_address!("__hwasan_init"), false, "use of -fsanitize=hwaddress"),
    ];
    let unsupported = |&(address, known, _): &(*const (), bool, _)| !address.is_null() && !known;
    found.iter().find(|entry| unsupported(entry)).map(|&(.., message)| message)
}

/// Makes the shared library that contains the runtime, if it is in one, stay loaded until the process
/// ends: its signal handler, and what it has for the ends of threads, outlive `dlclose`.
#[cfg(feature = "libc")]
pub(crate) fn keep_loaded() {
    type FindLibrary = unsafe extern "C" fn(*const c_void, *mut libc::Dl_info) -> c_int;
    type Open = unsafe extern "C" fn(*const c_char, c_int) -> *mut c_void;
    let find_library = weak_function!("dladdr" as FindLibrary);
    let open = weak_function!("dlopen" as Open);
    // Without them the program is static, and nothing can be unloaded.
    if let (Some(find_library), Some(open)) = (find_library, open) {
        // SAFETY: the address is in this library, whose name the dynamic linker keeps. With
        // RTLD_NOLOAD no code is loaded or run.
        unsafe {
            let mut library: libc::Dl_info = core::mem::zeroed();
            if find_library(keep_loaded as *const c_void, &mut library) != 0 {
                let flags = libc::RTLD_NOW | libc::RTLD_NOLOAD | libc::RTLD_NODELETE;
                open(library.dli_fname, flags);
            }
        }
    }
}
