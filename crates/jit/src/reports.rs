//! Collects the diagnostics of LLVM contexts and the errors of a JIT session.
//!
//! Without these callbacks LLVM prints to stderr, and ends the process on an error in code generation.

use std::{
    ffi::{CStr, c_void},
    sync::{Mutex, MutexGuard, PoisonError},
};

use inkwell::llvm_sys::{
    LLVMDiagnosticSeverity,
    core::{LLVMDisposeMessage, LLVMGetDiagInfoDescription, LLVMGetDiagInfoSeverity},
    error::{LLVMDisposeErrorMessage, LLVMErrorRef, LLVMGetErrorMessage},
    prelude::LLVMDiagnosticInfoRef,
};

/// The reports that nobody has taken yet. LLVM holds its address, so it is boxed.
#[derive(Debug, Default)]
pub(crate) struct Reports {
    lists: Mutex<Lists>,
}

#[derive(Debug, Default)]
struct Lists {
    errors: Vec<String>,
    warnings: Vec<String>,
}

impl Reports {
    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes and returns the errors.
    pub(crate) fn take_errors(&self) -> Vec<String> {
        std::mem::take(&mut self.lists().errors)
    }

    /// Removes and returns the warnings.
    pub(crate) fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut self.lists().warnings)
    }
}

/// LLVM's diagnostic handler. `opaque` is a [`Reports`].
pub(crate) extern "C" fn on_diagnostic(info: LLVMDiagnosticInfoRef, opaque: *mut c_void) {
    // SAFETY: `OwnedModule` installs this handler with reports that outlive the context. LLVM's text is
    // a C string that the caller frees.
    let (reports, severity, text) = unsafe {
        let description = LLVMGetDiagInfoDescription(info);
        let text = CStr::from_ptr(description).to_string_lossy().into_owned();
        LLVMDisposeMessage(description);
        (&*opaque.cast::<Reports>(), LLVMGetDiagInfoSeverity(info), text)
    };
    match severity {
        LLVMDiagnosticSeverity::LLVMDSError => reports.lists().errors.push(text),
        LLVMDiagnosticSeverity::LLVMDSWarning => reports.lists().warnings.push(text),
        // A note explains the warning before it.
        LLVMDiagnosticSeverity::LLVMDSNote => {
            if let Some(warning) = reports.lists().warnings.last_mut() {
                warning.push_str("; note: ");
                warning.push_str(&text);
            }
        }
        LLVMDiagnosticSeverity::LLVMDSRemark => {}
    }
}

/// The session's error reporter. `opaque` is a [`Reports`].
pub(crate) extern "C" fn on_session_error(opaque: *mut c_void, error: LLVMErrorRef) {
    // SAFETY: `Session` installs this with its reports, and disposes of the session before them.
    let reports = unsafe { &*opaque.cast::<Reports>() };
    if let Err(text) = check(error) {
        reports.lists().errors.push(text);
    }
}

/// Turns an error of LLVM's into a result. Consumes the error.
pub(crate) fn check(error: LLVMErrorRef) -> Result<(), String> {
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: the error is not null, and this consumes it. The message is a C string that the caller
    // frees.
    unsafe {
        let message = LLVMGetErrorMessage(error);
        let text = CStr::from_ptr(message).to_string_lossy().into_owned();
        LLVMDisposeErrorMessage(message);
        Err(text)
    }
}
