//! Settings of LLVM for the whole process.

use std::ffi::{CStr, c_char};

use inkwell::llvm_sys::{
    error_handling::LLVMInstallFatalErrorHandler, support::LLVMParseCommandLineOptions,
};

use super::failure::{EX_SOFTWARE, report};

/// Makes LLVM report what it would otherwise end the process for.
pub(super) fn set_up() {
    // While reading, LLVM checks debug information and aborts if the module is broken. The
    // verifier that runs after it finds the same and returns.
    let options = [c"stackswitch".as_ptr(), c"-disable-auto-upgrade-debug-info".as_ptr()];
    // SAFETY: two C strings and a null overview; this is the only place that sets options.
    unsafe { LLVMParseCommandLineOptions(2, options.as_ptr(), std::ptr::null()) };
    // SAFETY: the handler does not return and needs nothing but its argument.
    unsafe { LLVMInstallFatalErrorHandler(Some(on_fatal)) };
}

/// LLVM calls this before it ends the process: prints one line, and ends it with our status.
extern "C" fn on_fatal(reason: *const c_char) {
    // SAFETY: LLVM passes a C string.
    let reason = unsafe { CStr::from_ptr(reason) }.to_string_lossy();
    report(&format!("LLVM gave up: {reason}"));
    std::process::exit(EX_SOFTWARE.into());
}
