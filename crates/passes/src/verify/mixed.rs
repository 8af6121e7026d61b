//! Whether both sides of a switch mean the same `T`, where both can be seen.
//!
//! Two cases are certain. The first switch to a new context brings its body's `first`, so it must
//! carry the type of the `spawn`. And where a context is known to its creator only, and is only
//! resumed there, its body answers that creator: it must suspend with the type of the `spawn`, as
//! long as it does nothing before that might have another context wait for it.

use std::collections::HashMap;

use super::handle::{Index, uses};
use super::{Finding, Site};
use stackswitch_ir::{Function, Instruction, Type, TypeKind};

/// Errors for all that is certain.
pub(super) fn check<'m>(sites: &[Site<'m>], index: &Index<'_, 'm>) -> Vec<Finding<'m>> {
    let (mut findings, mut bodies) = (Vec::new(), HashMap::new());
    for spawn in sites.iter().filter(|s| s.intrinsic.name == "spawn") {
        let (Some(sent), Some(uses)) = (spawn.value_type, uses(spawn, index)) else { continue };
        first_switch(spawn, sent, &uses.sites, &mut findings);
        body(spawn, sent, &uses.sites, index, &mut bodies, &mut findings);
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

/// What the instructions of a body do, as far as it matters here.
#[derive(Debug, Default)]
struct Body<'a, 'm> {
    /// Switches to its link.
    suspends: Vec<(&'a Site<'m>, Type<'m>)>,
    /// What may let another context wait for it.
    others: Vec<Instruction<'m>>,
}

impl<'a, 'm> Body<'a, 'm> {
    fn of(function: Function<'m>, index: &Index<'a, 'm>) -> Self {
        let mut body = Body::default();
        for call in function.instructions().into_iter().filter_map(Instruction::call) {
            match index.get(&call) {
                Some(site) if site.intrinsic.name == "suspend" && site.value_type.is_some() => {
                    body.suspends.extend(site.value_type.map(|ty| (*site, ty)));
                }
                // What cannot report an error runs no code that could switch.
                Some(site) if site.intrinsic.effects.nounwind => {}
                None if call.is_leaf_intrinsic() => {}
                _ => body.others.push(call.instruction()),
            }
        }
        body
    }
}

/// The switches of its body to the one that resumed it.
fn body<'a, 'm>(
    spawn: &Site<'m>,
    sent: Type<'m>,
    uses: &[&Site<'m>],
    index: &Index<'a, 'm>,
    bodies: &mut HashMap<Function<'m>, Body<'a, 'm>>,
    findings: &mut Vec<Finding<'m>>,
) {
    let resumed_only = uses.iter().all(|site| match site.intrinsic.name {
        "resume" => site.value_type.is_some_and(|found| found == sent),
        name => matches!(name, "destroy" | "status" | "prefetch" | "slice.size" | "link"),
    });
    let is_resumed = uses.iter().any(|site| site.intrinsic.name == "resume");
    let Some(function) = spawn.exact_body().filter(|_| resumed_only && is_resumed) else { return };
    let body = bodies.entry(function).or_insert_with(|| Body::of(function, index));
    for &(site, found) in body.suspends.iter().filter(|(_, found)| differ(*found, sent)) {
        let here = site.call.instruction();
        if body.others.iter().any(|other| other.reaches(here, None)) {
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
