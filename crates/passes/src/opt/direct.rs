//! Direct calls: a context that one function spawns and resumes once, and whose body cannot suspend,
//! becomes a call of its body.

use super::nosuspend::{MAX_STACK, SuspendFacts};
use crate::lower;
use crate::remark::Remark;
use crate::verify::{self, HandleUses, Index, Site};
use stackswitch_abi::intrinsics::{ParamKind, Returns, WithoutStack};
use stackswitch_ir::{AttributePlace, Builder, CallKind, Function, Instruction, Module, Value};

/// How a context becomes a direct call.
#[derive(Debug)]
struct Plan<'a, 'm> {
    body: Function<'m>,
    resume: &'a Site<'m>,
    /// The arguments of the call: the context's argument and the first value.
    args: [Value<'m>; 2],
    uses: HandleUses<'a, 'm>,
    /// The operations that are removed, with the constant that replaces their result, if they have one.
    others: Vec<(&'a Site<'m>, Option<Value<'m>>)>,
}

/// Makes a direct call of the context of one `spawn`, if that is possible. Returns whether anything
/// changed.
pub(super) fn make_direct_call<'a, 'm>(
    module: Module<'m>,
    site: &'a Site<'m>,
    index: &mut Index<'a, 'm>,
    facts: &SuspendFacts<'m>,
    report: &mut dyn FnMut(Remark<'m>),
) -> bool {
    if !site.intrinsic.makes_context() {
        return false;
    }
    match plan(site, index, facts) {
        Ok(plan) => {
            let text = format!(
                "the context of '{}' cannot suspend and is resumed once: it is a direct call",
                plan.body.name()
            );
            report(Remark { at: site.call.instruction(), taken: true, name: "DirectCall", text });
            apply(module, site, &plan, index);
            true
        }
        Err(reason) => {
            let text = format!("the context is no direct call: {reason}");
            report(Remark { at: site.call.instruction(), taken: false, name: "DirectCall", text });
            false
        }
    }
}

/// Plans a direct call, or says why the context cannot be one.
fn plan<'a, 'm>(
    site: &Site<'m>,
    index: &Index<'a, 'm>,
    facts: &SuspendFacts<'m>,
) -> Result<Plan<'a, 'm>, String> {
    let is_plain = |s: &Site<'_>| !s.is_wide() && s.call.kind() == CallKind::Call;
    if !is_plain(site) {
        return Err("it is invoked, or its value goes through memory".to_owned());
    }
    let body = site.body().ok_or("its body is not known")?;
    if site.exact_body().is_none() {
        return Err(format!("'{}' may be replaced when the program is linked", body.name()));
    }
    let safe = facts.proof(body).map_err(|why| format!("'{}' may suspend: {why}", body.name()))?;
    if let Some(obstacle) = &safe.obstacle {
        return Err(format!("'{}' needs its own stack: {obstacle}", body.name()));
    }
    if safe.stack > MAX_STACK {
        return Err(format!(
            "'{}' needs about {} bytes of stack; at most {MAX_STACK} may move to the caller's",
            body.name(),
            safe.stack
        ));
    }
    if !site.has_default_base() {
        return Err("its base is not the default one".to_owned());
    }
    let uses = verify::handle_uses(site, index)
        .ok_or("its handle may be used elsewhere, or be that of another context")?;
    if let Some(other) = uses.sites.iter().find(|s| !is_plain(s) || !is_known_of_call(s)) {
        return Err(format!("'{}' is used on it", other.intrinsic.full_name()));
    }
    let enters = |s: &&&Site<'m>| s.intrinsic.properties.without_stack == WithoutStack::Enters;
    let mut resumes = uses.sites.iter().filter(enters);
    let resume = match (resumes.next(), resumes.next()) {
        (Some(&resume), None) => resume,
        (None, _) => return Err("it is never resumed".to_owned()),
        (Some(_), Some(_)) => return Err("it is resumed in more than one place".to_owned()),
    };
    if resume.value_type != site.value_type || resume.call.is_musttail() {
        return Err("its resume cannot be a plain call".to_owned());
    }
    if resume.call.caller().attribute(AttributePlace::Function, "strictfp").is_some() {
        return Err("its resume keeps the floating-point control state".to_owned());
    }
    let creator = site.call.caller();
    if creator.calls_what_returns_twice() {
        return Err(format!("'{}' calls what returns twice", creator.name()));
    }
    let (start, middle) = (site.call.instruction(), resume.call.instruction());
    let once = !middle.is_reached_without(start) && !middle.reaches(middle, Some(start));
    if !once {
        return Err("it may be resumed more than once, or not be this context".to_owned());
    }
    let mut others = Vec::new();
    for &other in uses.sites.iter().filter(|s| s.call != resume.call) {
        others.push((other, result_of(other, start, middle, &uses.sites)?));
    }
    let (argument, first) = (site.operand(ParamKind::Argument), resume.operand(ParamKind::Value));
    let (Some(argument), Some(first)) = (argument, first) else {
        return Err("its resume carries no value".to_owned());
    };
    Ok(Plan { body, resume, args: [argument, first], uses, others })
}

/// Whether an operation on a context can be replaced when the context becomes a direct call.
fn is_known_of_call(site: &Site<'_>) -> bool {
    match site.intrinsic.properties.without_stack {
        WithoutStack::Enters | WithoutStack::Status | WithoutStack::Zero => true,
        WithoutStack::Refused | WithoutStack::Ends => false,
    }
}

/// The constant result of an operation, if it has one.
fn result_of<'m>(
    site: &Site<'m>,
    start: Instruction<'m>,
    middle: Instruction<'m>,
    uses: &[&Site<'m>],
) -> Result<Option<Value<'m>>, String> {
    const NEW: u64 = 0;
    const FINISHED: u64 = 3;
    let here = site.call.instruction();
    let (properties, ty) = (&site.intrinsic.properties, site.call.value().ty());
    let is_used_after = || uses.iter().any(|s| here.reaches(s.call.instruction(), Some(start)));
    if properties.releases && is_used_after() {
        return Err("it may be used after it is destroyed".to_owned());
    }
    match properties.without_stack {
        WithoutStack::Status if !middle.reaches(here, Some(start)) => {
            Ok(Some(Value::integer(ty, NEW)))
        }
        WithoutStack::Status if !start.reaches(here, Some(middle)) => {
            Ok(Some(Value::integer(ty, FINISHED)))
        }
        WithoutStack::Status => Err("its status is not known where it is asked for".to_owned()),
        WithoutStack::Zero if site.intrinsic.returns == Returns::Void => Ok(None),
        WithoutStack::Zero => Ok(Some(Value::null(ty))),
        WithoutStack::Enters | WithoutStack::Ends | WithoutStack::Refused => {
            Err(format!("'{}' is used on it", site.intrinsic.full_name()))
        }
    }
}

/// Replaces the resume by the call, and removes the other operations.
fn apply<'m>(module: Module<'m>, site: &Site<'m>, plan: &Plan<'_, 'm>, index: &mut Index<'_, 'm>) {
    let resume = plan.resume.call;
    let builder = Builder::before(module, resume);
    builder.ensure_location(resume.caller());
    let result = lower::call_as_declared(&builder, plan.body, &plan.args);
    for &(other, constant) in &plan.others {
        index.remove(&other.call);
        match constant {
            Some(constant) => other.call.replace_with(constant),
            None => other.call.replace_and_name(None),
        }
    }
    plan.uses.fold_null_checks();
    index.remove(&plan.resume.call);
    index.remove(&site.call);
    resume.replace_and_name(Some(result));
    site.call.instruction().forget_copies();
    site.call.replace_with(Value::null(site.call.value().ty()));
}
