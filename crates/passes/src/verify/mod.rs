//! `stackswitch-verify`: reports each wrong use of an intrinsic as an error with its place and a hint.
//!
//! A call of a function of the runtime is checked like a call of its intrinsic, if the module only
//! declares the function: a module that defines it is the runtime itself. `analysis` checks each
//! call by itself; `mixed` and `lint` compare calls with one another.

mod analysis;
mod finding;
mod handle;
mod lint;
mod mixed;
mod operands;
mod problem;
mod signature;
mod site;
mod symbols;
mod value_type;

pub(crate) use analysis::{Analysis, LOWERED_FLAG, analyse};
pub(crate) use finding::{Finding, one_line, sort as sort_findings};
pub(crate) use handle::{HandleUses, Index, index, uses as handle_uses};
pub use signature::expected as expected_type;
pub(crate) use signature::wide as wide_type;
pub(crate) use site::{Site, typed_value};

use stackswitch_ir::Module;

use crate::diagnostics::Diagnostic;
use crate::pointer_mode::{self, Pointers};

/// Checks a module without changing it. Returns its mistakes as errors and doubtful code as
/// warnings; the list is empty if there are none.
pub fn verify(module: &inkwell::module::Module<'_>) -> Vec<Diagnostic> {
    // SAFETY: the module lives as long as the borrow; inkwell's modules are not shared between
    // threads, and nothing changes it before this returns.
    let module = unsafe { Module::from_raw(module.as_mut_ptr()) };
    let mode = pointer_mode::mode_of(module, Pointers::default());
    examine(module, mode).into_iter().map(|f| f.diagnostic).collect()
}

/// All findings in a module; `mode` says where its functions have shared variables. A module that has been lowered gets no warnings: optimised code may hold
/// a wrong switch that control never gets to.
pub(crate) fn examine(module: Module<'_>, mode: Pointers) -> Vec<Finding<'_>> {
    let Analysis { sites, mut findings, .. } = analyse(module);
    if findings.is_empty() && !sites.is_empty() && !analysis::is_lowered(module) {
        let index = handle::index(&sites);
        findings.extend(mixed::check(&sites, &index));
        findings.extend(lint::check(&sites, &index, mode));
        finding::sort(module, &mut findings);
    }
    findings
}
