//! Whether both sides of a switch mean the same `T`, where both can be seen.
//!
//! Two cases are certain. The first switch to a new context brings its body's `first`, so it must
//! carry the type of the `spawn`. And where a context is known to its creator only, and is only
//! resumed there, its body answers that creator: it must suspend with the type of the `spawn`, as
//! long as it does nothing before that might have another context wait for it.

use super::handle::{Index, uses};
use super::{Finding, Site};
use crate::ir::{Instruction, Type, TypeKind};

/// Errors for all that is certain.
pub(super) fn check<'m>(sites: &[Site<'m>], index: &Index<'_, 'm>) -> Vec<Finding<'m>> {
    let mut findings = Vec::new();
    for spawn in sites.iter().filter(|s| s.intrinsic.name == "spawn") {
        let (Some(sent), Some(uses)) = (spawn.value_type, uses(spawn, index)) else { continue };
        first_switch(spawn, sent, &uses, &mut findings);
        body(spawn, sent, &uses, index, &mut findings);
    }
    findings
}

/// Whether a site switches to the context that is its first argument.
fn goes_to(site: &Site<'_>) -> bool {
    matches!(site.intrinsic.name, "resume" | "swap" | "swap.ontop" | "cancel")
}

/// The first switch to the new context.
fn first_switch<'m>(
    spawn: &Site<'m>,
    sent: Type<'m>,
    uses: &[&Site<'m>],
    findings: &mut Vec<Finding<'m>>,
) {
    let start = spawn.call.instruction();
    for site in uses.iter().filter(|s| goes_to(s)) {
        let Some(found) = site.value_type.filter(|&found| differ(found, sent)) else { continue };
        let here = site.call.instruction();
        let is_later = uses.iter().any(|other| {
            let other_at = other.call.instruction();
            goes_to(other) && other_at != here && other_at.reaches(here, Some(start))
        });
        if !is_later {
            findings.push(
                Finding::at_call(
                    site.call,
                    format!("the first switch to this context carries '{found}'; expected '{sent}', with which it is spawned"),
                    Some("use one type in the spawn and in the switches".to_owned()),
                )
                .note(start, "it is spawned here"),
            );
        }
    }
}

/// The switches of its body to the one that resumed it.
fn body<'m>(
    spawn: &Site<'m>,
    sent: Type<'m>,
    uses: &[&Site<'m>],
    index: &Index<'_, 'm>,
    findings: &mut Vec<Finding<'m>>,
) {
    let resumed_only = uses.iter().all(|site| match site.intrinsic.name {
        "resume" => site.value_type.is_some_and(|found| found == sent),
        name => matches!(name, "destroy" | "status" | "prefetch" | "slice.size" | "link"),
    });
    let is_resumed = uses.iter().any(|site| site.intrinsic.name == "resume");
    let Some(body) = spawn.body().filter(|b| resumed_only && is_resumed && b.is_exact()) else {
        return;
    };
    let (mut wrong, mut others) = (Vec::new(), Vec::new());
    for instruction in body.instructions() {
        let Some(call) = instruction.call() else { continue };
        match index.get(&call) {
            Some(site) if site.intrinsic.name == "suspend" => match site.value_type {
                Some(found) if differ(found, sent) => wrong.push((*site, found)),
                Some(_) => {}
                None => others.push(instruction),
            },
            // What cannot report an error runs no code that could switch.
            Some(site) if site.intrinsic.effects.nounwind => {}
            None if call.is_harmless_intrinsic() => {}
            _ => others.push(instruction),
        }
    }
    for (site, found) in wrong {
        let here = site.call.instruction();
        if others.iter().any(|other: &Instruction<'m>| other.reaches(here, None)) {
            continue;
        }
        findings.push(
            Finding::at_call(
                site.call,
                format!("this switch carries '{found}' to a context that waits for '{sent}'; expected '{sent}'"),
                Some("use one type in the spawn and in the switches".to_owned()),
            )
            .note(spawn.call.instruction(), "its context is spawned here"),
        );
    }
}

/// Whether two types are certainly not the same: LLVM may have renamed a structure.
fn differ(one: Type<'_>, other: Type<'_>) -> bool {
    let is_simple = |ty: Type<'_>| {
        matches!(ty.kind(), TypeKind::Integer(_) | TypeKind::Float(_) | TypeKind::Pointer(_))
    };
    one != other && (is_simple(one) || is_simple(other))
}
