//! The functions that LLVM calls for each pass.
//!
//! After an error in a module, the passes leave it alone: one mistake is reported once.

use inkwell::llvm_sys::prelude::LLVMModuleRef;
use stackswitch_ir::{Function, Module};

use super::session;
use super::shim::{Listener, Passes, stackswitch_shim_heap_threshold, stackswitch_shim_pointers};
use crate::from_ucontext::{self, Outcome, SignalMask};
use crate::pointer_mode::{self, Pointers};
use crate::pointers as stable;
use crate::remark::Remark;
use crate::{check, inline, lower as lowering, opt, slices, verify};

/// The passes, for LLVM.
pub(super) static PASSES: Passes = Passes {
    from_ucontext: from_ucontext_pass,
    from_ucontext_with_mask: from_ucontext_with_mask_pass,
    from_ucontext_where_asked: from_ucontext_where_asked_pass,
    verify: verify_pass,
    optimise: optimise_pass,
    lower: lower_pass,
    check: check_pass,
    pointers: pointers_pass,
    inline: inline_pass,
    slices: slices_pass,
    slice_size: slice_size_pass,
    optimise_again: optimise_again_pass,
    rejected: session::any_rejected,
};

/// Makes the function that LLVM calls for a pass from the function in Rust.
macro_rules! entry_point {
    ($name:ident: $run:ident) => {
        /// # Safety
        /// `module` must be live, and nothing else may change it meanwhile.
        pub(super) unsafe extern "C" fn $name(module: LLVMModuleRef) -> bool {
            // SAFETY: the pass manager vouches for the module.
            $run(unsafe { Module::from_raw(module) })
        }
    };
    ($name:ident: $run:ident, listener) => {
        /// # Safety
        /// `module` must be live, and nothing else may change it meanwhile.
        unsafe extern "C" fn $name(module: LLVMModuleRef, listener: &Listener) {
            // SAFETY: the pass manager vouches for the module.
            listener.report($run(unsafe { Module::from_raw(module) }));
        }
    };
}

entry_point!(from_ucontext_pass: from_ucontext);
entry_point!(from_ucontext_with_mask_pass: from_ucontext_with_mask);
entry_point!(from_ucontext_where_asked_pass: from_ucontext_where_asked);
entry_point!(verify_pass: verify);
entry_point!(optimise_pass: optimise);
entry_point!(optimise_again_pass: optimise_again);
entry_point!(lower_pass: lower);
entry_point!(check_pass: check);
entry_point!(pointers_pass: pointers, listener);
entry_point!(slices_pass: slices, listener);
entry_point!(slice_size_pass: slice_size);
entry_point!(inline_pass: inline, listener);

/// `stackswitch-from-ucontext`
fn from_ucontext(module: Module<'_>) -> bool {
    replace_ucontext(module, SignalMask::Thread)
}

/// `stackswitch-from-ucontext<sigmask>`
fn from_ucontext_with_mask(module: Module<'_>) -> bool {
    replace_ucontext(module, SignalMask::Context)
}

/// One of the two, in a module that has the flag for it.
fn from_ucontext_where_asked(module: Module<'_>) -> bool {
    SignalMask::asked_for(module).is_some_and(|mask| replace_ucontext(module, mask))
}

fn replace_ucontext(module: Module<'_>, mask: SignalMask) -> bool {
    let report = |remark: &Remark<'_>| session::remark(from_ucontext::FLAG, remark);
    match from_ucontext::replace(module, mask, &report) {
        Outcome::Done(changed) => changed,
        Outcome::Refused(warnings) => {
            session::report(module, warnings);
            false
        }
    }
}

/// `stackswitch-verify`
fn verify(module: Module<'_>) -> bool {
    let mode = pointer_mode::mode_of(module, option_of_pointers());
    session::report(module, verify::examine(module, mode));
    false
}

/// `stackswitch-opt`
fn optimise(module: Module<'_>) -> bool {
    let report = |remark: &Remark<'_>| session::remark("stackswitch-opt", remark);
    !session::is_rejected(module) && opt::optimise(module, &report)
}

/// `stackswitch-opt-again`. The first run has reported why something was not done.
fn optimise_again(module: Module<'_>) -> bool {
    let report = |remark: &Remark<'_>| {
        if remark.taken {
            session::remark("stackswitch-opt-again", remark);
        }
    };
    !session::is_rejected(module) && opt::optimise(module, &report)
}

/// `stackswitch-lower`
fn lower(module: Module<'_>) -> bool {
    if session::is_rejected(module) {
        return false;
    }
    match lowering::lower(module) {
        Ok(changed) => pointer_mode::record_mode(module, option_of_pointers()) | changed,
        Err(findings) => {
            session::report(module, findings);
            false
        }
    }
}

/// `stackswitch-check`
fn check(module: Module<'_>) -> bool {
    if !session::is_rejected(module) {
        session::report(module, check::leftovers(module));
    }
    false
}

/// `stackswitch-pointers`
fn pointers(module: Module<'_>) -> Vec<Function<'_>> {
    if session::is_rejected(module) {
        return Vec::new();
    }
    let mode = pointer_mode::mode_of(module, option_of_pointers());
    let report = |remark: &Remark<'_>| session::remark(pointer_mode::NAME, remark);
    stable::make_stable(module, mode, heap_threshold(module), &report)
}

/// What the option says about pointers.
fn option_of_pointers() -> Pointers {
    // SAFETY: the function has no conditions.
    Pointers::from_number(unsafe { stackswitch_shim_pointers() }.into())
}

/// `stackswitch-slices`
fn slices(module: Module<'_>) -> Vec<Function<'_>> {
    if session::is_rejected(module) {
        return Vec::new();
    }
    let report = |remark: &Remark<'_>| session::remark("stackswitch-slices", remark);
    slices::shrink(module, heap_threshold(module), &report)
}

/// From which size on variables go to the heap.
fn heap_threshold(module: Module<'_>) -> u64 {
    // SAFETY: the function has no conditions.
    let option = || u64::from(unsafe { stackswitch_shim_heap_threshold() });
    module.flag(slices::HEAP_FLAG).unwrap_or_else(option)
}

/// `stackswitch-slice-size`
fn slice_size(module: Module<'_>) -> bool {
    !session::is_rejected(module) && slices::measure(module, &session::analysis)
}

/// `stackswitch-inline`
fn inline(module: Module<'_>) -> Vec<Function<'_>> {
    if session::is_rejected(module) {
        return Vec::new();
    }
    inline::inline(module, &|remark| session::remark("stackswitch-inline", remark))
}
