//! The functions that the assembly provides.

use core::ffi::c_void;

unsafe extern "C-unwind" {
    /// Suspends the caller and resumes `to` with `value`; returns what the next switch to the
    /// caller brings.
    pub fn stackswitch_swap(to: *mut c_void, value: *mut c_void) -> *mut c_void;
    /// Sets `ctx`'s link to the caller, then swaps.
    pub fn stackswitch_resume(ctx: *mut c_void, value: *mut c_void) -> *mut c_void;
    /// Swaps to the caller's link.
    pub fn stackswitch_suspend(value: *mut c_void) -> *mut c_void;
    /// Resumes `to` by running `function(value)` on top of its stack first.
    pub fn stackswitch_swap_ontop(
        to: *mut c_void,
        function: *mut c_void,
        value: *mut c_void,
    ) -> *mut c_void;
    pub(crate) fn stackswitch_swap_ontop_with(
        to: *mut c_void,
        function: *mut c_void,
        value: *mut c_void,
        adapter: *mut c_void,
    ) -> *mut c_void;
    /// Ends the running context, whose body's result is `value`.
    pub(crate) fn stackswitch_leave(value: *mut c_void) -> !;
    /// A base at the caller's stack position.
    pub fn stackswitch_base_here() -> *mut c_void;
    /// Captures the caller's position. Returns 0, then and whenever the position is resumed, or an
    /// error code.
    pub fn stackswitch_getcontext(ctx: *mut c_void, base: *mut c_void) -> i32;
    /// Resumes the position in `ctx`. Returns only on error, with the code.
    pub fn stackswitch_setcontext(ctx: *mut c_void) -> i32;
    /// Captures the caller's position into `from`, then resumes the position in `to`.
    pub fn stackswitch_swapcontext(from: *mut c_void, to: *mut c_void, base: *mut c_void) -> i32;
    /// `getcontext` of `<ucontext.h>`; the signal mask stays out of it.
    pub fn stackswitch_ucontext_getcontext(ucp: *mut c_void) -> i32;
    /// `getcontext` of `<ucontext.h>`, signal mask included.
    pub fn stackswitch_ucontext_getcontext_sigmask(ucp: *mut c_void) -> i32;
    /// `setcontext` of `<ucontext.h>`. Sets the signal mask if one was captured.
    pub fn stackswitch_ucontext_setcontext(ucp: *const c_void) -> i32;
    /// `swapcontext` of `<ucontext.h>`; the signal mask is not captured.
    pub fn stackswitch_ucontext_swapcontext(from: *mut c_void, to: *const c_void) -> i32;
    /// `swapcontext` of `<ucontext.h>`, signal mask included.
    pub fn stackswitch_ucontext_swapcontext_sigmask(from: *mut c_void, to: *const c_void) -> i32;
    /// `makecontext` of `<ucontext.h>`.
    pub fn stackswitch_ucontext_makecontext(
        ucp: *mut c_void,
        function: *mut c_void,
        count: i32,
        ...
    );
}

/// Declares the forms of the switches for integers that are as wide as a register, or half.
macro_rules! integers {
    ($($type:ident: $swap:ident $resume:ident $suspend:ident $ontop:ident;)*) => {
        unsafe extern "C-unwind" {$(
            #[doc = concat!("`stackswitch_swap` with an `", stringify!($type), "`.")]
            pub fn $swap(to: *mut c_void, value: $type) -> $type;
            #[doc = concat!("`stackswitch_resume` with an `", stringify!($type), "`.")]
            pub fn $resume(ctx: *mut c_void, value: $type) -> $type;
            #[doc = concat!("`stackswitch_suspend` with an `", stringify!($type), "`.")]
            pub fn $suspend(value: $type) -> $type;
            #[doc = concat!("`stackswitch_swap_ontop` with an `", stringify!($type), "`.")]
            pub fn $ontop(to: *mut c_void, function: *mut c_void, value: $type) -> $type;
        )*}
    };
}
integers! {
    i32: stackswitch_swap_i32 stackswitch_resume_i32 stackswitch_suspend_i32 stackswitch_swap_ontop_i32;
    i64: stackswitch_swap_i64 stackswitch_resume_i64 stackswitch_suspend_i64 stackswitch_swap_ontop_i64;
}
