//! The information that `opt`, `clang` and `ld.lld` ask a plugin for.

use std::ffi::{c_char, c_void};

#[cfg(any(feature = "llvm22", feature = "llvm23"))]
use inkwell::llvm_sys::prelude::LLVMModuleRef;

use super::entry_points::PASSES;
use super::shim::{stackswitch_shim_plugin_api_version, stackswitch_shim_register};

/// LLVM's `PassPluginLibraryInfo`, as the host's version lays it out.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PluginInfo {
    api_version: u32,
    name: *const c_char,
    version: *const c_char,
    register: Option<unsafe extern "C" fn(*mut c_void)>,
    #[cfg(any(feature = "llvm22", feature = "llvm23"))]
    before_codegen:
        Option<unsafe extern "C" fn(LLVMModuleRef, *mut c_void, u32, *mut c_void) -> bool>,
}

/// Describes the passes to a host such as `opt` or `clang`.
pub fn plugin_info() -> PluginInfo {
    PluginInfo {
        // SAFETY: the function has no conditions.
        api_version: unsafe { stackswitch_shim_plugin_api_version() },
        name: c"stackswitch".as_ptr(),
        version: VERSION.as_ptr().cast(),
        register: Some(register),
        #[cfg(any(feature = "llvm22", feature = "llvm23"))]
        before_codegen: Some(before_codegen),
    }
}

/// The crate's version, as C has strings.
static VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");

/// Puts the passes into a pass builder.
///
/// # Safety
/// `pass_builder` must be LLVM's, and live.
unsafe extern "C" fn register(pass_builder: *mut c_void) {
    // SAFETY: the host vouches for the pass builder; the passes are static.
    unsafe { stackswitch_shim_register(pass_builder, &PASSES) }
}

/// The last place to see an intrinsic that nothing lowered, such as in a host that ran no passes.
/// Never generates code itself.
///
/// # Safety
/// `module` must be a live module that nothing else works on meanwhile.
#[cfg(any(feature = "llvm22", feature = "llvm23"))]
unsafe extern "C" fn before_codegen(
    module: LLVMModuleRef,
    _target: *mut c_void,
    _file_type: u32,
    _stream: *mut c_void,
) -> bool {
    // SAFETY: the host vouches for the module.
    unsafe { super::entry_points::check_pass(module) };
    false
}
