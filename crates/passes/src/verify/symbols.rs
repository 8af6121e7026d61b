//! Checks that no symbol of the module has the name of a runtime function in use.

use std::collections::BTreeSet;

use stackswitch_ir::Module;

use super::finding::Finding;
use super::site::{Site, Spelling};

/// An error for each function of the runtime whose name is taken, at the first call that needs it.
pub(super) fn check<'m>(module: Module<'m>, sites: &[Site<'m>]) -> Vec<Finding<'m>> {
    let (mut seen, mut findings) = (BTreeSet::new(), Vec::new());
    for site in sites {
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
            findings.push(Finding::at_call(site.call, message, hint));
        }
    }
    findings
}
