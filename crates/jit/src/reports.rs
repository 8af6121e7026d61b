//! Collects the diagnostics of LLVM contexts and the errors of a JIT session.
//!
//! Without these callbacks LLVM prints to stderr, and ends the process on an error in code generation.

use std::{
    ffi::{CStr, c_void},
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use inkwell::llvm_sys::{
    LLVMDiagnosticSeverity,
    core::{LLVMDisposeMessage, LLVMGetDiagInfoDescription, LLVMGetDiagInfoSeverity},
    error::{LLVMDisposeErrorMessage, LLVMErrorRef, LLVMGetErrorMessage},
    prelude::LLVMDiagnosticInfoRef,
};
use stackswitch_passes::diagnostics::Diagnostic;

/// The reports that nobody has taken yet. LLVM holds its address, so it is boxed.
#[derive(Debug, Default)]
pub(crate) struct Reports {
    lists: Mutex<Lists>,
}

#[derive(Debug, Default)]
struct Lists {
    errors: Vec<String>,
    warnings: Vec<Warning>,
}

/// A warning about a module.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// A warning of this project's passes.
    Passes(Diagnostic),
    /// A warning of LLVM's, in LLVM's words.
    Llvm(String),
}

/// The warning on one line.
impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passes(diagnostic) => diagnostic.fmt(f),
            Self::Llvm(text) => f.write_str(text),
        }
    }
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
    pub(crate) fn take_warnings(&self) -> Vec<Warning> {
        std::mem::take(&mut self.lists().warnings)
    }

    /// Adds warnings of the passes.
    pub(crate) fn add_warnings(&self, warnings: Vec<Diagnostic>) {
        self.lists().warnings.extend(warnings.into_iter().map(Warning::Passes));
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
        LLVMDiagnosticSeverity::LLVMDSWarning => reports.lists().warnings.push(Warning::Llvm(text)),
        // A note explains the warning before it.
        LLVMDiagnosticSeverity::LLVMDSNote => {
            if let Some(Warning::Llvm(warning)) = reports.lists().warnings.last_mut() {
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
