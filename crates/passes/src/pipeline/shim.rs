//! The interface between Rust and `shim.cc`, which registers the passes with LLVM.

use std::ffi::{c_char, c_int, c_void};

use inkwell::llvm_sys::prelude::*;
use inkwell::llvm_sys::target_machine::LLVMTargetMachineRef;
use stackswitch_ir::Function;

/// The functions that C++ calls for the passes: each runs one on a module. A pass returns whether
/// it changed the module, or reports the functions that it changed to a [`Listener`].
#[repr(C)]
pub(super) struct Passes {
    pub(super) from_ucontext: unsafe extern "C" fn(LLVMModuleRef) -> bool,
    pub(super) from_ucontext_with_mask: unsafe extern "C" fn(LLVMModuleRef) -> bool,
    pub(super) from_ucontext_where_asked: unsafe extern "C" fn(LLVMModuleRef) -> bool,
    pub(super) verify: unsafe extern "C" fn(LLVMModuleRef) -> bool,
    pub(super) optimise: unsafe extern "C" fn(LLVMModuleRef) -> bool,
    pub(super) lower: unsafe extern "C" fn(LLVMModuleRef) -> bool,
    pub(super) check: unsafe extern "C" fn(LLVMModuleRef) -> bool,
    pub(super) pointers: unsafe extern "C" fn(LLVMModuleRef, &Listener),
    pub(super) inline: unsafe extern "C" fn(LLVMModuleRef, &Listener),
    pub(super) slices: unsafe extern "C" fn(LLVMModuleRef, &Listener),
    pub(super) slice_size: unsafe extern "C" fn(LLVMModuleRef) -> bool,
    pub(super) optimise_again: unsafe extern "C" fn(LLVMModuleRef) -> bool,
    pub(super) rejected: extern "C" fn() -> bool,
}

/// Takes the functions that a pass has changed. Only these are invalidated in LLVM's analyses.
#[repr(C)]
pub(super) struct Listener {
    changed: extern "C" fn(&Listener, LLVMValueRef),
}

impl Listener {
    /// Reports the functions that a pass has changed.
    pub(super) fn report(&self, changed: Vec<Function<'_>>) {
        for function in changed {
            (self.changed)(self, function.value().raw());
        }
    }
}

// SAFETY: these are the functions of `shim.cc`, with the types that they have there.
unsafe extern "C" {
    pub(super) fn stackswitch_shim_plugin_api_version() -> u32;
    pub(super) fn stackswitch_shim_heap_threshold() -> u32;
    pub(super) fn stackswitch_shim_pointers() -> u32;
    pub(super) fn stackswitch_shim_register(pass_builder: *mut c_void, passes: *const Passes);
    pub(super) fn stackswitch_shim_report(about: LLVMValueRef, severity: u32, text: *const c_char);
    pub(super) fn stackswitch_shim_remark(
        about: LLVMValueRef,
        taken: bool,
        name: *const c_char,
        text: *const c_char,
    );
    pub(super) fn stackswitch_shim_analysis(
        about: LLVMValueRef,
        name: *const c_char,
        text: *const c_char,
    );
    pub(super) fn stackswitch_shim_run(
        module: LLVMModuleRef,
        target: LLVMTargetMachineRef,
        pipeline: *const c_char,
        passes: *const Passes,
        error: *mut *mut c_char,
    ) -> c_int;
}
