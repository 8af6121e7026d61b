//! Checks that both sides of a switch carry the same `T`, if both are known.
//!
//! A switch is refused only if it is wrong on every path to it. Two cases are:
//!
//! - The first switch to a new context brings the body's `first`, so it must carry the type of the `spawn`.
//! - A context that only its creator knows, and that is only resumed, suspends to its creator. So its body
//!   must suspend with the type of the `spawn`, unless another context may wait for it. Other contexts may
//!   have the same body. So either all uses of the body are such contexts, or this suspension is always the
//!   first.

use std::collections::HashMap;

use super::finding::Finding;
use super::handle::{Index, uses};
use super::site::Site;
use stackswitch_abi::intrinsics::Control;
use stackswitch_ir::{Function, Instruction, Type, TypeKind};

/// The errors of a module.
pub(super) fn check<'m>(sites: &[Site<'m>], index: &Index<'_, 'm>) -> Vec<Finding<'m>> {
    let (mut findings, mut bodies) = (Vec::new(), HashMap::new());
    let mut answering = Vec::new();
    for spawn in sites.iter().filter(|s| s.intrinsic.makes_context()) {
        // If control comes back twice, the order of the switches is not known.
        if spawn.call.caller().calls_what_returns_twice() {
            continue;
        }
        let (Some(sent), Some(uses)) = (spawn.value_type, uses(spawn, index)) else { continue };
        first_switch(spawn, sent, &uses.sites, &mut findings);
        if let Some(body) = body_that_answers(spawn, sent, &uses.sites) {
            answering.push((spawn, sent, body));
        }
    }
    for &(spawn, sent, function) in &answering {
        let body = bodies.entry(function).or_insert_with(|| Body::of(function, index));
        body.check(function, spawn, sent, &answering, &mut findings);
    }
    findings
}

/// A context that suspends only to its creator: its spawn, the type of the values, and its body.
type Answering<'a, 'm> = (&'a Site<'m>, Type<'m>, Function<'m>);

/// The first switch to the new context.
fn first_switch<'m>(
    spawn: &Site<'m>,
    sent: Type<'m>,
    uses: &[&Site<'m>],
    findings: &mut Vec<Finding<'m>>,
) {
    let start = spawn.call.instruction();
    for site in uses.iter().filter(|s| s.intrinsic.properties.enters_operand()) {
        let Some(found) = site.value_type.filter(|&found| differ(found, sent)) else { continue };
        let here = site.call.instruction();
        let is_later = uses.iter().any(|other| {
            let other_at = other.call.instruction();
            other.intrinsic.properties.may_enter_operand()
                && other_at != here
                && other_at.reaches(here, Some(start))
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

/// The effect of an instruction of a body on these checks.
#[derive(Debug, Default)]
struct Body<'a, 'm> {
    /// Switches to its link.
    suspends: Vec<(&'a Site<'m>, Type<'m>)>,
    /// It may let another context wait for the body's context.
    others: Vec<Instruction<'m>>,
}

impl<'a, 'm> Body<'a, 'm> {
    fn of(function: Function<'m>, index: &Index<'a, 'm>) -> Self {
        let mut body = Body::default();
        for call in function.instructions().into_iter().filter_map(Instruction::call) {
            match index.get(&call) {
                Some(site)
                    if site.intrinsic.properties.control == Control::Suspends
                        && site.value_type.is_some() =>
                {
                    body.suspends.extend(site.value_type.map(|ty| (*site, ty)));
                }
                Some(site) if !site.intrinsic.properties.runs_other_code() => {}
                None if call.is_leaf_intrinsic() => {}
                _ => body.others.push(call.instruction()),
            }
        }
        body
    }
}

/// The body of a context that suspends only to its creator, which waits for the type `sent`.
fn body_that_answers<'m>(
    spawn: &Site<'m>,
    sent: Type<'m>,
    uses: &[&Site<'m>],
) -> Option<Function<'m>> {
    let resumes = |site: &&Site<'m>| site.intrinsic.properties.control == Control::Resumes;
    let resumed_only = uses.iter().all(|site| match resumes(site) {
        true => site.value_type.is_some_and(|found| found == sent),
        false => site.intrinsic.properties.leaves_operand_as_it_is(),
    });
    let is_resumed = uses.iter().any(resumes);
    spawn.exact_body().filter(|_| resumed_only && is_resumed)
}

/// Whether a function is only used as the body of contexts that suspend with values of a type.
fn only_answers<'m>(
    function: Function<'m>,
    sent: Type<'m>,
    answering: &[Answering<'_, 'm>],
) -> bool {
    let Some(users) = function.value().all_users() else { return false };
    function.is_local()
        && users.into_iter().all(|user| {
            let spawns = |(spawn, ty, body): &Answering<'_, 'm>| {
                (spawn.call.instruction(), *ty, *body) == (user, sent, function)
            };
            let operands = user.operands();
            let once = operands.iter().filter(|operand| **operand == function.value()).count() == 1;
            once && answering.iter().any(spawns)
        })
}

impl<'m> Body<'_, 'm> {
    /// Adds an error for each switch of the body that is wrong in a context that suspends only to its
    /// creator.
    fn check(
        &self,
        function: Function<'m>,
        spawn: &Site<'m>,
        sent: Type<'m>,
        answering: &[Answering<'_, 'm>],
        findings: &mut Vec<Finding<'m>>,
    ) {
        for &(site, found) in self.suspends.iter().filter(|(_, found)| differ(*found, sent)) {
            let here = site.call.instruction();
            let is_certain =
                self.is_inevitable(function, here) || only_answers(function, sent, answering);
            if !is_certain || self.others.iter().any(|other| other.reaches(here, None)) {
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

    /// Whether a suspension is always the first one that control reaches.
    fn is_inevitable(&self, function: Function<'m>, suspension: Instruction<'m>) -> bool {
        let is_suspension =
            |at: &Instruction<'m>| self.suspends.iter().any(|(s, _)| s.call.instruction() == *at);
        let mut straight = function.walk_straight();
        straight.find(is_suspension) == Some(suspension)
    }
}

/// Whether two types certainly differ. LLVM may have renamed a structure.
fn differ(one: Type<'_>, other: Type<'_>) -> bool {
    let is_simple = |ty: Type<'_>| {
        matches!(ty.kind(), TypeKind::Integer(_) | TypeKind::Float(_) | TypeKind::Pointer(_))
    };
    one != other && (is_simple(one) || is_simple(other))
}
