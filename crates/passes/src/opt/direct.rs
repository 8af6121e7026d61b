//! Direct calls: a context that one function spawns and resumes once, and whose body cannot suspend,
//! becomes a call of its body.

use super::nosuspend::Facts;
use super::{MAX_STACK, Remark, forget};
use crate::lower;
use crate::verify::{self, HandleUses, Index, Site, Spelling};
use stackswitch_abi::intrinsics::Form;
use stackswitch_ir::{AttributePlace, Builder, CallKind, Function, Instruction, Module, Value};

/// What becomes of a context.
#[derive(Debug)]
struct Plan<'a, 'm> {
    body: Function<'m>,
    resume: &'a Site<'m>,
    uses: HandleUses<'a, 'm>,
    /// Operations that go, with the constant that their result is, if they have one.
    others: Vec<(&'a Site<'m>, Option<u64>)>,
}

/// Makes a call of one spawn if that is possible. Returns whether anything changed.
pub(super) fn run<'a, 'm>(
    module: Module<'m>,
    site: &'a Site<'m>,
    index: &mut Index<'a, 'm>,
    facts: &Facts<'m>,
    tell: &mut dyn FnMut(Remark<'m>),
) -> bool {
    if site.intrinsic.name != "spawn" {
        return false;
    }
    match plan(site, index, facts) {
        Ok(plan) => {
            let text = format!(
                "the context of '{}' cannot suspend and is resumed once: it is a direct call",
                plan.body.name()
            );
            tell(Remark { at: site.call.instruction(), taken: true, name: "DirectCall", text });
            apply(module, site, &plan, index);
            true
        }
        Err(reason) => {
            let text = format!("the context is no direct call: {reason}");
            tell(Remark { at: site.call.instruction(), taken: false, name: "DirectCall", text });
            false
        }
    }
}

/// Finds out whether a context can be a call, and what that takes; else why not.
fn plan<'a, 'm>(
    site: &Site<'m>,
    index: &Index<'a, 'm>,
    facts: &Facts<'m>,
) -> Result<Plan<'a, 'm>, String> {
    let is_plain = |s: &Site<'_>| {
        s.spelling != Spelling::Runtime(Form::Wide) && s.call.kind() == CallKind::Call
    };
    if !is_plain(site) {
        return Err("it is invoked, or its value goes through memory".to_owned());
    }
    let body = site.body().ok_or("its body is not known")?;
    if site.exact_body().is_none() {
        return Err(format!("'{}' may be replaced when the program is linked", body.name()));
    }
    let safe = facts.of(body).map_err(|why| format!("'{}' may suspend: {why}", body.name()))?;
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
    if !site.call.args()[0].origin().is_null() {
        return Err("its base is not the default one".to_owned());
    }
    let uses = verify::handle_uses(site, index)
        .ok_or("its handle may be used elsewhere, or be that of another context")?;
    if let Some(other) = uses.sites.iter().find(|s| {
        !is_plain(s)
            || !matches!(
                s.intrinsic.name,
                "resume" | "destroy" | "status" | "prefetch" | "slice.size"
            )
    }) {
        return Err(format!("'{}' is used on it", other.intrinsic.full_name()));
    }
    let mut resumes = uses.sites.iter().filter(|s| s.intrinsic.name == "resume");
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
        others.push((other, fold(other, start, middle, &uses.sites)?));
    }
    Ok(Plan { body, resume, uses, others })
}

/// The constant that an operation gives, if it gives one.
fn fold<'m>(
    site: &Site<'m>,
    start: Instruction<'m>,
    middle: Instruction<'m>,
    uses: &[&Site<'m>],
) -> Result<Option<u64>, String> {
    const NEW: u64 = 0;
    const FINISHED: u64 = 3;
    let here = site.call.instruction();
    match site.intrinsic.name {
        "status" if !middle.reaches(here, Some(start)) => Ok(Some(NEW)),
        "status" if !start.reaches(here, Some(middle)) => Ok(Some(FINISHED)),
        "status" => Err("its status is not known where it is asked for".to_owned()),
        // It is never displaced.
        "slice.size" => Ok(Some(0)),
        "destroy" if uses.iter().any(|s| here.reaches(s.call.instruction(), Some(start))) => {
            Err("it may be used after it is destroyed".to_owned())
        }
        _ => Ok(None),
    }
}

/// Puts the call in the place of the resume, and takes the rest away.
fn apply<'m>(module: Module<'m>, site: &Site<'m>, plan: &Plan<'_, 'm>, index: &mut Index<'_, 'm>) {
    let resume = plan.resume.call;
    let builder = Builder::before(module, resume);
    builder.ensure_location(resume.caller());
    let args = [site.call.args()[2], resume.args()[1]];
    let result = lower::call_as_declared(&builder, plan.body, &args);
    for &(other, constant) in &plan.others {
        forget(index, other);
        match constant {
            Some(constant) => {
                other.call.replace_with(Value::integer(other.call.value().ty(), constant));
            }
            None => other.call.replace_and_name(None),
        }
    }
    plan.uses.fold_null_checks();
    forget(index, plan.resume);
    forget(index, site);
    resume.replace_and_name(Some(result));
    site.call.instruction().forget_copies();
    site.call.replace_with(Value::null(site.call.value().ty()));
}
