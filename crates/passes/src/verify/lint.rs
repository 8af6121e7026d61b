//! The lint: warns where a context uses a local variable of another context of the same base, if the variable
//! stays in its frame.
//!
//! Contexts of one base have their stacks at the same addresses. So while one runs, the other's variable is
//! not on the stack. A warning needs both bases to be known as the same value: both are null, both are the
//! body's own argument, or both are read from a global variable that is written in one place.

use std::collections::HashMap;

use super::finding::Finding;
use super::handle::{Index, uses};
use super::site::Site;
use crate::pointer_mode::Pointers;
use stackswitch_abi::intrinsics::{Control, Gives, ParamKind};
use stackswitch_ir::{Function, Instruction, Value};

/// A base as a body sees it: what is known of its value without running the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base<'m> {
    /// The thread's default regions.
    Default,
    /// The body's argument.
    Argument,
    /// A value of another function, read from a global variable.
    Value(Value<'m>),
}

/// The spawns of each body, by the base.
type Starts<'a, 'm> = HashMap<Function<'m>, Vec<(Base<'m>, &'a Site<'m>)>>;

/// The warnings of a module; `mode` says where its functions have shared variables.
pub(super) fn check<'m>(
    sites: &[Site<'m>],
    index: &Index<'_, 'm>,
    mode: Pointers,
) -> Vec<Finding<'m>> {
    let starts = starts(sites);
    let (mut findings, mut stores) = (Vec::new(), HashMap::new());
    for site in sites {
        let caller = site.call.caller();
        let Some(own) = starts.get(&caller) else { continue };
        if Pointers::of(caller, mode) == Pointers::Stable {
            continue;
        }
        let properties = &site.intrinsic.properties;
        match properties.control {
            _ if properties.gives == Gives::NewContext => {
                spawned(site, own, caller, &mut stores, &mut findings);
            }
            Control::Resumes | Control::Swaps => {
                let Some(variable) = carried(site) else { continue };
                let target = site.context().and_then(|context| context.origin().as_instruction());
                let spawn = target.and_then(|i| i.call()).and_then(|call| index.get(&call));
                let base = spawn.and_then(|spawn| base_in(caller, spawn));
                if let Some((_, start)) = base.and_then(|b| own.iter().find(|(o, _)| *o == b)) {
                    findings.push(warn(site.call.instruction(), variable, start));
                }
            }
            Control::Suspends => {
                let Some(variable) = carried(site) else { continue };
                let start = own.iter().find(|(base, start)| {
                    let theirs = starts.get(&start.call.caller());
                    // The creator, which resumes the context, has the same base.
                    *base == Base::Default
                        && theirs.is_some_and(|t| t.iter().any(|(b, _)| *b == Base::Default))
                        && uses(start, index).is_some_and(|u| u.sites.iter().any(resumes))
                });
                if let Some((_, start)) = start {
                    findings.push(warn(site.call.instruction(), variable, start));
                }
            }
            // A warning needs certainty, and other operations pass on no known value.
            Control::Unknown
            | Control::Cancels
            | Control::Jumps
            | Control::MayFail
            | Control::FailsIfDead
            | Control::Returns => {}
        }
    }
    findings
}

/// Whether an operation sets the link of its context to the caller and resumes it.
fn resumes(site: &&Site<'_>) -> bool {
    site.intrinsic.properties.control == Control::Resumes
}

/// The spawns of each known body with a base that the body knows too.
fn starts<'a, 'm>(sites: &'a [Site<'m>]) -> Starts<'a, 'm> {
    let mut starts = Starts::new();
    for site in sites.iter().filter(|s| s.intrinsic.makes_context()) {
        let (Some(body), Some(base)) = (site.body(), site.operand(ParamKind::OptionalBase)) else {
            continue;
        };
        let argument = site.operand(ParamKind::Argument);
        let base = base.origin();
        let known = if base.is_null() {
            Base::Default
        } else if argument.is_some_and(|argument| argument.origin() == base) {
            Base::Argument
        } else {
            Base::Value(base.single_global_value().map_or(base, Value::origin))
        };
        starts.entry(body).or_default().push((known, site));
    }
    starts
}

/// The base of a spawn in a body, as the body sees it.
fn base_in<'m>(body: Function<'m>, spawn: &Site<'m>) -> Option<Base<'m>> {
    if !spawn.intrinsic.makes_context() {
        return None;
    }
    let base = spawn.operand(ParamKind::OptionalBase)?.origin();
    if base.is_null() {
        Some(Base::Default)
    } else if body.params().first() == Some(&base) {
        Some(Base::Argument)
    } else {
        base.single_global_value().map(|stored| Base::Value(stored.origin()))
    }
}

/// The local variable whose address a switch carries.
fn carried<'m>(site: &Site<'m>) -> Option<Instruction<'m>> {
    // If the value travels through memory, the operand is the address of that memory, not the value.
    site.value_type?;
    site.operand(ParamKind::Value)?.local_variable()
}

/// The address of a local variable that a new context of the same base gets, directly or in memory.
fn spawned<'m>(
    site: &Site<'m>,
    own: &[(Base<'m>, &Site<'m>)],
    caller: Function<'m>,
    stores: &mut HashMap<Function<'m>, Vec<Stored<'m>>>,
    findings: &mut Vec<Finding<'m>>,
) {
    let Some(base) = base_in(caller, site) else { return };
    let Some((_, start)) = own.iter().find(|(o, _)| *o == base) else { return };
    let unread = |body: Function<'m>| body.params().first().is_some_and(|arg| arg.is_unused());
    if site.exact_body().is_some_and(unread) {
        return;
    }
    let Some(arg) = site.operand(ParamKind::Argument) else { return };
    if let Some(variable) = arg.local_variable() {
        findings.push(warn(site.call.instruction(), variable, start));
        return;
    }
    let memory = arg.base_object();
    if memory.is_constant() {
        return;
    }
    let stores = stores.entry(caller).or_insert_with(|| stored_variables(caller));
    for stored in stores.iter().filter(|stored| stored.object == memory) {
        findings.push(
            warn(stored.at, stored.variable, start)
                .note(site.call.instruction(), "the other context is given that memory here"),
        );
    }
}

/// A store of a local variable's address.
#[derive(Debug)]
struct Stored<'m> {
    at: Instruction<'m>,
    object: Value<'m>,
    variable: Instruction<'m>,
}

fn stored_variables(function: Function<'_>) -> Vec<Stored<'_>> {
    let mut found = Vec::new();
    for at in function.instructions() {
        if let Some((address, value)) = at.stored()
            && let Some(variable) = value.local_variable()
        {
            found.push(Stored { at, object: address.base_object(), variable });
        }
    }
    found
}

/// The warning at an instruction by which the address escapes.
fn warn<'m>(at: Instruction<'m>, variable: Instruction<'m>, start: &Site<'m>) -> Finding<'m> {
    let printed = variable.value().print();
    // The metadata at the end means nothing to people.
    let variable = printed.split(", !").next().unwrap_or_default().trim();
    Finding::warning(
        at,
        format!(
            "the address of the local variable '{variable}' gets to another context of the same base, whose stack takes the variable's place"
        ),
        "pass memory of the heap, or give the other context a base of its own".to_owned(),
    )
    .note(start.call.instruction(), "this function is started on that base here")
}
