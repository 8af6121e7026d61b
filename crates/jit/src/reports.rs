//! What LLVM reports besides its results: diagnostics of a context, errors of a JIT session.
//!
//! Without these LLVM prints to stderr and, on an error in code generation, ends the process.

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

/// Collects reports until somebody asks. Shared with LLVM by address: keep it boxed.
#[derive(Debug, Default)]
pub(super) struct Reports {
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

    /// The errors since the last time.
    pub(super) fn take_errors(&self) -> Vec<String> {
        std::mem::take(&mut self.lists().errors)
    }

    /// The warnings since the last time.
    pub(super) fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut self.lists().warnings)
    }
}

/// LLVM's diagnostic handler. `opaque` is a [`Reports`].
pub(super) extern "C" fn on_diagnostic(info: LLVMDiagnosticInfoRef, opaque: *mut c_void) {
    // SAFETY: whoever installed the handler keeps the reports alive as long as the context, and
    // LLVM's text is a C string that is ours to free.
    let (reports, severity, text) = unsafe {
        let description = LLVMGetDiagInfoDescription(info);
        let text = CStr::from_ptr(description).to_string_lossy().into_owned();
        LLVMDisposeMessage(description);
        (&*opaque.cast::<Reports>(), LLVMGetDiagInfoSeverity(info), text)
    };
    match severity {
        LLVMDiagnosticSeverity::LLVMDSError => reports.lists().errors.push(text),
        LLVMDiagnosticSeverity::LLVMDSWarning => reports.lists().warnings.push(text),
        // A note belongs to what was reported before it.
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
pub(super) extern "C" fn on_session_error(opaque: *mut c_void, error: LLVMErrorRef) {
    // SAFETY: the session that calls this is disposed of before the reports are.
    let reports = unsafe { &*opaque.cast::<Reports>() };
    if let Err(text) = check(error) {
        reports.lists().errors.push(text);
    }
}

/// Turns LLVM's error, which it consumes, into a result.
pub(super) fn check(error: LLVMErrorRef) -> Result<(), String> {
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: the error is not null and not consumed yet; its message is a C string of ours.
    unsafe {
        let message = LLVMGetErrorMessage(error);
        let text = CStr::from_ptr(message).to_string_lossy().into_owned();
        LLVMDisposeErrorMessage(message);
        Err(text)
    }
}
