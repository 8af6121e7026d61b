//! `stackswitch-check`: no intrinsic may reach the code generator, which would take it for an
//! ordinary function of that name.

use crate::verify::{self, Finding};
use stackswitch_abi::intrinsics::INTRINSIC_PREFIX;
use stackswitch_ir::Module;

/// An error for each use of an intrinsic that is still there.
pub(super) fn leftovers(module: Module<'_>) -> Vec<Finding<'_>> {
    let hint = || Some("run stackswitch-lower before code is generated".to_owned());
    let mut findings = Vec::new();
    for callee in module.functions_with_prefix(INTRINSIC_PREFIX) {
        let (calls, otherwise_used) = callee.uses();
        let message =
            format!("'{}' was not lowered; expected a call of the runtime by now", callee.name());
        for call in calls {
            findings.push(Finding::at_call(call, message.clone(), hint()));
        }
        if otherwise_used {
            findings.push(Finding::at_function(callee, message, hint()));
        }
    }
    verify::sort_findings(module, &mut findings);
    findings
}
