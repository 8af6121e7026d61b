//! Where findings go, and what is known of the module being compiled.
//!
//! LLVM runs the passes of one module on one thread, so this is kept per thread. In process the
//! findings are collected; in a host such as `opt` or `clang` they go to the diagnostic handler of
//! the LLVM context, which may end the process.

use std::cell::{Cell, RefCell};
use std::ffi::CString;

use super::{stackswitch_shim_analysis, stackswitch_shim_remark, stackswitch_shim_report};
use crate::diagnostics::Diagnostic;
use crate::ir::{Module, Value};
use crate::optimise::Remark;
use crate::verify::Finding;

thread_local! {
    /// What has been found, while a pipeline runs in process.
    static COLLECTED: RefCell<Option<Vec<Diagnostic>>> = const { RefCell::new(None) };
    /// The address of the module that was last found wrong: the passes after that leave it alone,
    /// so that one mistake is reported once.
    static REJECTED: Cell<usize> = const { Cell::new(0) };
}

/// Collects findings on this thread for as long as it lives.
pub(super) struct Collecting {
    /// What was being collected before: a pipeline may be run by a pass of another.
    outer: Option<Vec<Diagnostic>>,
    rejected: usize,
}

impl Collecting {
    /// Starts with nothing found.
    pub(super) fn start() -> Self {
        Collecting { outer: COLLECTED.replace(Some(Vec::new())), rejected: REJECTED.replace(0) }
    }

    /// What was found since.
    pub(super) fn finish(self) -> Vec<Diagnostic> {
        COLLECTED.take().unwrap_or_default()
    }
}

impl Drop for Collecting {
    fn drop(&mut self) {
        COLLECTED.set(self.outer.take());
        REJECTED.set(self.rejected);
    }
}

/// Reports what a pass found in a module, and remembers whether it is wrong.
///
/// Warnings always go to LLVM's context: they are no reason for a pipeline to fail.
pub(super) fn judge<'m>(module: Module<'m>, findings: Vec<Finding<'m>>) {
    let address = module.raw() as usize;
    if findings.iter().any(Finding::is_error) {
        REJECTED.set(address);
    } else if REJECTED.get() == address {
        // Another module may be at the address of one that was found wrong.
        REJECTED.set(0);
    }
    for finding in findings {
        let collected = finding.is_error()
            && COLLECTED.with_borrow_mut(|collected| {
                collected.as_mut().map(|list| list.push(finding.diagnostic.clone())).is_some()
            });
        if !collected {
            report(&finding);
        }
    }
}

/// Tells the diagnostic handler of the LLVM context. A host may end at an error, so an error says
/// all at once; notes to a warning follow it.
fn report(finding: &Finding<'_>) {
    let diagnostic = &finding.diagnostic;
    let mut text = diagnostic.text();
    if finding.is_error() {
        for note in &diagnostic.notes {
            text.push_str(&format!("; note: {note}"));
        }
        return say(finding.value, ERROR, &text);
    }
    say(finding.value, WARNING, &text);
    for note in &diagnostic.notes {
        say(finding.value, NOTE, &note.to_string());
    }
}

/// The severities as the shim takes them.
const ERROR: u32 = 0;
const WARNING: u32 = 1;
const NOTE: u32 = 2;

/// Tells the handler of a decision of the optimiser. It is dropped there unless somebody asked.
pub(super) fn remark(remark: &Remark<'_>) {
    let name = CString::new(remark.name).unwrap_or_default();
    let text = as_c_text(&remark.text);
    // SAFETY: the value is an instruction of a live module; the texts end with zeros.
    unsafe {
        stackswitch_shim_remark(
            remark.at.value().raw(),
            remark.taken,
            name.as_ptr(),
            text.as_ptr(),
        );
    }
}

/// Tells the handler of what was found out about an instruction. It is dropped there unless
/// somebody asked.
pub(super) fn analysis(remark: &Remark<'_>) {
    let name = CString::new(remark.name).unwrap_or_default();
    let text = as_c_text(&remark.text);
    // SAFETY: the value is an instruction of a live module; the texts end with zeros.
    unsafe {
        stackswitch_shim_analysis(remark.at.value().raw(), name.as_ptr(), text.as_ptr());
    }
}

/// Names may hold any byte; the text is for people.
fn as_c_text(text: &str) -> CString {
    CString::new(text.replace('\0', "\\0")).unwrap_or_default()
}

fn say(about: Value<'_>, severity: u32, text: &str) {
    let text = as_c_text(text);
    // SAFETY: the value is an instruction or a function of a live module.
    unsafe { stackswitch_shim_report(about.raw(), severity, text.as_ptr()) };
}

/// Whether the module was found wrong by a pass before.
pub(super) fn is_rejected(module: Module<'_>) -> bool {
    REJECTED.get() == module.raw() as usize
}

/// Whether any module was, on this thread.
pub(super) extern "C" fn any_rejected() -> bool {
    REJECTED.get() != 0
}
