//! Catches panics and exceptions at the border between guest and host.
//!
//! `std::panic::catch_unwind` does not suffice: it ends the process at a foreign exception, and it
//! stops the forced unwind of a cancelled context. [`catch`] calls through a frame with a personality
//! routine of its own, which catches every exception and lets forced unwinds pass.

use std::{
    any::Any,
    ffi::{c_int, c_void},
    panic::catch_unwind,
};

use crate::cpu::{EXCEPTION_REGISTER, catching_frame};

/// An exception that was caught.
pub(crate) enum Caught {
    /// A Rust panic, with its payload.
    Panic(Box<dyn Any + Send>),
    /// An exception of another language. It has been deleted.
    Foreign,
}

/// The first field of `_Unwind_Exception`, which names the language.
#[repr(C)]
struct Exception {
    class: [u8; 8],
}

/// The class of Rust's exceptions. Versions of the standard library differ in the byte order.
const RUST: [u8; 8] = *b"MOZ\0RUST";

catching_frame!(personality);

// SAFETY: the first two are defined by `catching_frame`, which documents their types. The others have
// their types in the Itanium C++ ABI, which the standard library and the C++ shim link.
unsafe extern "C-unwind" {
    fn stackswitch_jit_catch(
        work: unsafe extern "C-unwind" fn(*mut c_void),
        data: *mut c_void,
    ) -> *mut Exception;
    fn stackswitch_jit_caught();
    fn _Unwind_RaiseException(exception: *mut Exception) -> c_int;
    fn _Unwind_DeleteException(exception: *mut Exception);
    fn _Unwind_SetGR(context: *mut c_void, register: c_int, value: usize);
    fn _Unwind_SetIP(context: *mut c_void, address: usize);
    fn __cxa_begin_catch(exception: *mut Exception) -> *mut c_void;
    fn __cxa_end_catch();
}

/// The personality routine of the catching frame, by the Itanium C++ ABI.
unsafe extern "C" fn personality(
    _version: c_int,
    actions: c_int,
    _class: u64,
    exception: *mut Exception,
    frame: *mut c_void,
) -> c_int {
    const SEARCH: c_int = 1;
    const HANDLER: c_int = 4;
    const FORCED: c_int = 8;
    const FOUND: c_int = 6;
    const INSTALL: c_int = 7;
    const CONTINUE: c_int = 8;
    if actions & FORCED != 0 {
        CONTINUE
    } else if actions & SEARCH != 0 {
        FOUND
    } else if actions & HANDLER != 0 {
        // SAFETY: `frame` is the unwinder's for the catching frame, and the address is the landing in
        // that frame's function.
        unsafe {
            _Unwind_SetGR(frame, EXCEPTION_REGISTER, exception.expose_provenance());
            _Unwind_SetIP(frame, stackswitch_jit_caught as *const () as usize);
        }
        INSTALL
    } else {
        CONTINUE
    }
}

/// Runs `work`, and catches what it throws. A forced unwind goes through.
///
/// # Errors
/// An exception that was caught.
pub(crate) fn catch<F, R>(work: F) -> Result<R, Caught>
where
    F: FnOnce() -> R,
{
    struct Data<F, R>(Option<F>, Option<R>);
    unsafe extern "C-unwind" fn run<F: FnOnce() -> R, R>(data: *mut c_void) {
        // SAFETY: the call below passes its `data`, which it does not touch until this returns.
        let data = unsafe { &mut *data.cast::<Data<F, R>>() };
        data.1 = data.0.take().map(|work| work());
    }
    let mut data = Data(Some(work), None);
    // SAFETY: `run` takes such data, which outlives the call.
    let exception = unsafe { stackswitch_jit_catch(run::<F, R>, (&raw mut data).cast()) };
    match data.1 {
        Some(result) if exception.is_null() => Ok(result),
        // SAFETY: `stackswitch_jit_catch` has caught this exception and nobody else has it.
        _ => Err(unsafe { take_apart(exception) }),
    }
}

/// Takes an exception apart and deletes it.
///
/// # Safety
/// The exception has been caught, and nobody else uses it.
unsafe fn take_apart(exception: *mut Exception) -> Caught {
    // SAFETY: the exception is alive, and begins with its class.
    let class = unsafe { (*exception).class };
    let reversed = std::array::from_fn(|i| class[7 - i]);
    if class == RUST || reversed == RUST {
        // Only the standard library can take a panic apart, so it is raised and caught once more.
        // SAFETY: the Itanium ABI allows to raise a caught exception again.
        let raised = catch_unwind(|| unsafe {
            _Unwind_RaiseException(exception);
        });
        return raised.map_or_else(Caught::Panic, |()| Caught::Foreign);
    }
    let letters = u64::from_ne_bytes(class).to_be_bytes();
    // SAFETY: the class names the language, and each language's exceptions are deleted by the call
    // that its ABI names.
    unsafe {
        if matches!(&letters[..7], b"GNUCC++" | b"CLNGC++") {
            __cxa_begin_catch(exception);
            __cxa_end_catch();
        } else {
            _Unwind_DeleteException(exception);
        }
    }
    Caught::Foreign
}

#[cfg(test)]
mod tests {
    use std::panic::resume_unwind;

    use super::{Caught, catch};

    #[test]
    fn a_result_comes_back() {
        assert!(matches!(catch(|| 5), Ok(5)));
    }

    #[test]
    fn a_panic_comes_with_its_payload_and_is_over() {
        for round in 0..3 {
            let Err(Caught::Panic(payload)) = catch(|| resume_unwind(Box::new(round))) else {
                panic!("not caught");
            };
            let payload: Box<i32> = payload.downcast().expect("the payload that was thrown");
            assert_eq!(*payload, round);
            assert!(!std::thread::panicking());
        }
    }
}
