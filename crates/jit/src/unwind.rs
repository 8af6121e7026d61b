//! Catching what unwinds, where guest and host meet.
//!
//! `std::panic::catch_unwind` is not enough: it ends the process at a foreign exception, and it
//! would stop the forced unwind of a context that is cancelled. The catcher here is a frame with a
//! personality routine of its own. It takes every exception and lets forced unwinds through.

use std::{
    any::Any,
    arch::global_asm,
    ffi::{c_int, c_void},
    panic::catch_unwind,
};

/// What was caught.
pub(super) enum Caught {
    /// A Rust panic, with its payload.
    Panic(Box<dyn Any + Send>),
    /// An exception of another language, which is gone.
    Foreign,
}

/// The head of an exception object; the rest is its language's.
#[repr(C)]
struct Exception {
    class: [u8; 8],
}

/// Rust's exceptions. Versions of the standard library differ in the order of the bytes.
const RUST: [u8; 8] = *b"MOZ\0RUST";

global_asm!(
    ".pushsection .text.stackswitch_jit_catch,\"ax\",@progbits",
    ".p2align 4",
    ".type stackswitch_jit_personality,@function",
    "stackswitch_jit_personality:",
    ".cfi_startproc",
    "endbr64",
    "jmp {personality}",
    ".cfi_endproc",
    ".size stackswitch_jit_personality, . - stackswitch_jit_personality",
    // Exception *stackswitch_jit_catch(void (*work)(void *), void *data): what `work` threw, or
    // null.
    ".p2align 4",
    ".hidden stackswitch_jit_catch",
    ".globl stackswitch_jit_catch",
    ".type stackswitch_jit_catch,@function",
    "stackswitch_jit_catch:",
    ".cfi_startproc",
    ".cfi_personality 0x1b, stackswitch_jit_personality",
    "endbr64",
    "sub rsp, 8",
    ".cfi_adjust_cfa_offset 8",
    "mov rax, rdi",
    "mov rdi, rsi",
    "call rax",
    "xor eax, eax",
    ".hidden stackswitch_jit_caught",
    ".globl stackswitch_jit_caught",
    "stackswitch_jit_caught:", // the unwinder lands here, with the exception in rax
    "endbr64",
    "add rsp, 8",
    ".cfi_adjust_cfa_offset -8",
    "ret",
    ".cfi_endproc",
    ".size stackswitch_jit_catch, . - stackswitch_jit_catch",
    ".popsection",
    personality = sym personality,
);

/// The register that the landing finds the exception in: rax.
const EXCEPTION_REGISTER: c_int = 0;

// SAFETY: the first two are the assembly above, with the types that it has there; the others are
// of the Itanium C++ ABI, which the standard library and the C++ shim are linked with.
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
        // SAFETY: the unwinder's own frame, which goes on at the landing of this same function.
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
/// What was caught.
pub(super) fn catch<F, R>(work: F) -> Result<R, Caught>
where
    F: FnOnce() -> R,
{
    struct Data<F, R>(Option<F>, Option<R>);
    unsafe extern "C-unwind" fn run<F: FnOnce() -> R, R>(data: *mut c_void) {
        // SAFETY: the data of the call below, which waits for this one.
        let data = unsafe { &mut *data.cast::<Data<F, R>>() };
        data.1 = data.0.take().map(|work| work());
    }
    let mut data = Data(Some(work), None);
    // SAFETY: `run` fits the data, which outlives the call.
    let exception = unsafe { stackswitch_jit_catch(run::<F, R>, (&raw mut data).cast()) };
    match data.1 {
        Some(result) if exception.is_null() => Ok(result),
        // SAFETY: the exception was caught just now.
        _ => Err(unsafe { identify(exception) }),
    }
}

/// Finds out what an exception is, and ends it.
///
/// # Safety
/// It has been caught, and nobody else uses it.
unsafe fn identify(exception: *mut Exception) -> Caught {
    // SAFETY: the head of a live exception.
    let class = unsafe { (*exception).class };
    let reversed = std::array::from_fn(|i| class[7 - i]);
    if class == RUST || reversed == RUST {
        // Only the standard library can take its panics apart: it gets this one once more.
        // SAFETY: an exception that was caught may be raised again.
        let raised = catch_unwind(|| unsafe {
            _Unwind_RaiseException(exception);
        });
        return raised.map_or_else(Caught::Panic, |()| Caught::Foreign);
    }
    let letters = u64::from_ne_bytes(class).to_be_bytes();
    // SAFETY: the class says whose exception it is, and so how it is ended.
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
