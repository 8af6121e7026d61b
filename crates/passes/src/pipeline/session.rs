//! Collects or reports what the passes find, for the module that is being compiled.
//!
//! LLVM runs the passes of one module on one thread, so this state is thread-local. In process, errors are
//! collected, and also warnings and remarks if the caller asked for them. In `opt` and `clang` all of them
//! go to the diagnostic handler of the LLVM context, which may end the process.

use std::cell::{Cell, RefCell};
use std::ffi::CString;

use super::shim::{stackswitch_shim_analysis, stackswitch_shim_remark, stackswitch_shim_report};
use crate::diagnostics::{self, Diagnostic};
use crate::remark::Remark;
use crate::verify::{self, Finding};
use stackswitch_abi::intrinsics::{self, Intrinsic};
use stackswitch_ir::{Instruction, Module, Value};

/// What the passes reported besides errors, in the order of the reports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// The warnings: doubtful code.
    pub warnings: Vec<Diagnostic>,
    /// The decisions about uses of intrinsics, taken or refused.
    pub remarks: Vec<diagnostics::Remark>,
}

thread_local! {
    /// What has been found, while a pipeline runs in process.
    static COLLECTED: RefCell<Option<Collected>> = const { RefCell::new(None) };
    /// The address of the module that was last found wrong: the passes after that leave it alone,
    /// so that one mistake is reported once.
    static REJECTED: Cell<usize> = const { Cell::new(0) };
}

/// What the passes of one pipeline had to say.
#[derive(Default)]
pub(super) struct Collected {
    /// What is wrong with the module.
    pub(super) errors: Vec<Diagnostic>,
    /// The warnings; `None` where they go to LLVM's context.
    pub(super) warnings: Option<Vec<Diagnostic>>,
    /// The decisions; `None` where they go to LLVM's context.
    pub(super) remarks: Option<Vec<diagnostics::Remark>>,
}

/// What is collected. The rest goes to LLVM's context.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Collect {
    /// Errors alone.
    Errors,
    /// Errors and warnings. Remarks cost much more: each prints an instruction.
    Warnings,
    /// Errors, warnings and remarks.
    All,
}

/// Collects findings on this thread for as long as it lives.
pub(super) struct Collecting {
    /// What was being collected before: a pipeline may be run by a pass of another.
    outer: Option<Collected>,
    rejected: usize,
}

impl Collecting {
    /// Starts with an empty collection. Errors are always collected.
    pub(super) fn start(collect: Collect) -> Self {
        let warnings = (collect != Collect::Errors).then(Vec::new);
        let remarks = (collect == Collect::All).then(Vec::new);
        let fresh = Collected { errors: Vec::new(), warnings, remarks };
        Collecting { outer: COLLECTED.replace(Some(fresh)), rejected: REJECTED.replace(0) }
    }

    /// What was found since.
    pub(super) fn finish(self) -> Collected {
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
/// Warnings are no reason for a pipeline to fail.
pub(super) fn report<'m>(module: Module<'m>, findings: Vec<Finding<'m>>) {
    let address = module.raw() as usize;
    if findings.iter().any(Finding::is_error) {
        REJECTED.set(address);
    } else if REJECTED.get() == address {
        // Another module may be at the address of one that was found wrong.
        REJECTED.set(0);
    }
    for finding in findings {
        if !collect(&finding) {
            report_to_llvm(&finding);
        }
    }
}

/// Keeps a finding if the caller collects findings. Returns whether it does.
fn collect(finding: &Finding<'_>) -> bool {
    COLLECTED.with_borrow_mut(|collected| {
        let Some(collected) = collected else { return false };
        let list = if finding.is_error() {
            &mut collected.errors
        } else if let Some(warnings) = &mut collected.warnings {
            warnings
        } else {
            return false;
        };
        list.push(finding.diagnostic.clone());
        true
    })
}

/// Tells the diagnostic handler of the LLVM context. A host may end at an error, so an error says
/// all at once; notes to a warning follow it.
fn report_to_llvm(finding: &Finding<'_>) {
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

/// Keeps a decision of `pass`, or reports it to LLVM's context, which drops it unless remarks were asked
/// for.
pub(super) fn remark(pass: &'static str, remark: &Remark<'_>) {
    let kept = COLLECTED.with_borrow_mut(|collected| {
        let remarks = collected.as_mut().and_then(|c| c.remarks.as_mut());
        remarks.map(|remarks| remarks.push(to_keep(pass, remark))).is_some()
    });
    if kept {
        return;
    }
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

/// Tells LLVM's context of what was found out about an instruction, which drops it unless somebody
/// asked. It is no decision, so it is not kept.
pub(super) fn analysis(remark: &Remark<'_>) {
    let name = CString::new(remark.name).unwrap_or_default();
    let text = as_c_text(&remark.text);
    // SAFETY: the value is an instruction of a live module; the texts end with zeros.
    unsafe {
        stackswitch_shim_analysis(remark.at.value().raw(), name.as_ptr(), text.as_ptr());
    }
}

/// A remark that can outlive the instruction.
fn to_keep(pass: &'static str, remark: &Remark<'_>) -> diagnostics::Remark {
    let &Remark { at, taken, name, ref text } = remark;
    diagnostics::Remark {
        pass,
        name,
        taken,
        operation: operation(at),
        function: at.function().name(),
        instruction: verify::one_line(&at.value().print()),
        location: at.location(),
        text: text.clone(),
        number: at.use_number(),
    }
}

/// The intrinsic that an instruction calls by its own or the runtime's name.
fn operation(at: Instruction<'_>) -> Option<&'static Intrinsic> {
    let name = at.call()?.callee().as_function()?.name();
    if name.starts_with(intrinsics::INTRINSIC_PREFIX) {
        intrinsics::parse_name(&name).ok().map(|(intrinsic, _)| intrinsic)
    } else {
        intrinsics::parse_symbol(&name).map(|(intrinsic, _)| intrinsic)
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
