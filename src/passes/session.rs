//! Where findings go, and what is known of the module being compiled.
//!
//! LLVM runs the passes of one module on one thread, so this is kept per thread. In process the
//! findings are collected; in a host such as `opt` or `clang` they go to the diagnostic handler of
//! the LLVM context, which may end the process.

use std::cell::{Cell, RefCell};
use std::ffi::CString;

use super::stackswitch_shim_report;
use crate::diagnostics::Diagnostic;
use crate::ir::Module;
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
pub(super) fn judge<'m>(module: Module<'m>, findings: Vec<Finding<'m>>) {
    let address = module.raw() as usize;
    if findings.is_empty() {
        // Another module may be at the address of one that was found wrong.
        if REJECTED.get() == address {
            REJECTED.set(0);
        }
        return;
    }
    REJECTED.set(address);
    for finding in findings {
        let finding = match COLLECTED.with_borrow_mut(|collected| match collected {
            Some(collected) => {
                collected.push(finding.diagnostic);
                None
            }
            None => Some(finding),
        }) {
            Some(finding) => finding,
            None => continue,
        };
        // Names may hold any byte; the text is for people.
        let text = CString::new(finding.diagnostic.text().replace('\0', "\\0")).unwrap_or_default();
        // SAFETY: the value is an instruction or a function of a live module.
        unsafe { stackswitch_shim_report(finding.value.raw(), text.as_ptr()) };
    }
}

/// Whether the module was found wrong by a pass before.
pub(super) fn is_rejected(module: Module<'_>) -> bool {
    REJECTED.get() == module.raw() as usize
}

/// Whether any module was, on this thread.
pub(super) extern "C" fn any_rejected() -> bool {
    REJECTED.get() != 0
}
