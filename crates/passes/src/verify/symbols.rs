//! Checks that no symbol of the module has the name of a runtime function in use.

use std::collections::BTreeSet;

use super::{Analysis, Finding, Spelling};
use stackswitch_ir::Module;

/// Refuses calls whose runtime function would be something else of the module.
pub(super) fn check<'m>(module: Module<'m>, analysis: &mut Analysis<'m>) {
    let mut seen = BTreeSet::new();
    for site in &analysis.sites {
        if site.spelling != Spelling::Intrinsic {
            continue;
        }
        let symbol = site.intrinsic.symbol(site.form()).to_string();
        if !seen.insert(symbol.clone()) {
            continue;
        }
        let taken = match module.function(&symbol) {
            Some(function) => function.is_local(),
            None => module.has_other_symbol(&symbol),
        };
        if taken {
            let message = format!(
                "'@{symbol}' is something of this module's own; expected the name to be left to the runtime"
            );
            let hint = Some(format!("rename '@{symbol}'"));
            analysis.findings.push(Finding::at_call(site.call, message, hint));
        }
    }
}
