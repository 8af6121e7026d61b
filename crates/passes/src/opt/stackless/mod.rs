//! A context that only its creator knows, and that suspends in its own frame, needs no stack: its
//! body becomes a coroutine, whose frame is a local variable of the creator.
//!
//! The operations on it become plain code there, which LLVM then sees through. What cannot be shown
//! to be the same stays a context.

mod body;
mod coroutine;
mod mistake;

use std::collections::{HashMap, HashSet};

use super::nosuspend::{FRAME, Facts};
use super::{MAX_STACK, Remark, forget};
use crate::verify::{self, HandleUses, Index, Site, Spelling};
use body::Body;
use coroutine::{Coroutine, Presplit, split};
use mistake::Mistakes;
use stackswitch_abi::intrinsics::Form;
use stackswitch_ir::{
    AttributePlace, Builder, Call, Function, Instruction, Linkage, Module, Type, Value,
};

/// A module's flag of that name with the value 0 keeps all its contexts.
pub(crate) const FLAG: &str = "stackswitch-stackless";

/// The remark at each context that is stackless, or is not, and at the operations on it.
const REMARK: &str = "Stackless";

/// The coroutines that were made, and why others were not.
pub(super) type Made<'m> = HashMap<Function<'m>, Result<Coroutine<'m>, String>>;

/// A context that can be stackless, if its body can be a coroutine.
#[derive(Debug)]
struct Plan<'a, 'm> {
    spawn: &'a Site<'m>,
    body: Function<'m>,
    parts: Body<'m>,
    uses: HandleUses<'a, 'm>,
}

/// Makes all contexts of a module stackless that can be. Returns whether anything changed.
pub(super) fn run<'a, 'm>(
    module: Module<'m>,
    sites: &'a [Site<'m>],
    index: &mut Index<'a, 'm>,
    facts: &Facts<'m>,
    made: &mut Made<'m>,
    tell: &mut dyn FnMut(Remark<'m>),
) -> bool {
    let copies = sites.iter().any(copies_frames);
    let mut plans = Vec::new();
    for site in sites.iter().filter(|s| s.intrinsic.name == "spawn") {
        if site.call.caller().is_optnone() {
            continue;
        }
        match plan(module, site, copies, index, facts) {
            Ok(plan) => plans.push(plan),
            Err(why) => refuse(site, &why, tell),
        }
    }
    make(module, &plans, made);
    let mut mistakes = Mistakes::default();
    let mut told = HashSet::new();
    let mut changed = false;
    for plan in plans {
        match made.get(&plan.body) {
            Some(&Ok(coroutine)) => {
                let text = format!(
                    "the context of '{}' is stackless: its frame of {} bytes is a variable here",
                    plan.body.name(),
                    coroutine.size()
                );
                let mut taken = |site: &Site<'m>, text| {
                    tell(Remark { at: site.call.instruction(), taken: true, name: REMARK, text });
                };
                taken(plan.spawn, text);
                for site in &plan.uses.sites {
                    taken(site, "its context is stackless, so it is plain code".to_owned());
                }
                let functions: Vec<_> = plan.parts.helpers.iter().chain([&plan.body]).collect();
                if told.insert(plan.body) {
                    let suspends = sites.iter().filter(|s| s.intrinsic.name == "suspend");
                    for site in suspends.filter(|s| functions.contains(&&s.call.caller())) {
                        let text = format!(
                            "a stackless context of '{}' returns here instead",
                            plan.body.name()
                        );
                        taken(site, text);
                    }
                }
                apply(module, &plan, coroutine, &mut mistakes, index);
                changed = true;
            }
            Some(Err(why)) => refuse(plan.spawn, why, tell),
            None => refuse(plan.spawn, "its body was not looked at", tell),
        }
    }
    changed
}

fn refuse<'m>(site: &Site<'m>, why: &str, tell: &mut dyn FnMut(Remark<'m>)) {
    let text = format!("the context is not stackless: {why}");
    tell(Remark { at: site.call.instruction(), taken: false, name: REMARK, text });
}

/// Whether an operation makes or keeps a copy of a whole stack. A context keeps its identity when
/// that of its creator is copied; a variable does not.
fn copies_frames(site: &Site<'_>) -> bool {
    let based = |i: usize| site.call.args().get(i).is_some_and(|base| !base.origin().is_null());
    match site.intrinsic.name {
        "clone" => true,
        "getcontext" => based(1),
        "swapcontext" => based(2),
        _ => false,
    }
}

/// Whether a site can be changed in its place.
fn is_plain(site: &Site<'_>) -> bool {
    site.spelling != Spelling::Runtime(Form::Wide)
        && !site.call.has_bundles()
        && !site.call.is_musttail()
}

/// Finds out whether a context can be stackless; else why not.
fn plan<'a, 'm>(
    module: Module<'m>,
    spawn: &'a Site<'m>,
    copies: bool,
    index: &Index<'a, 'm>,
    facts: &Facts<'m>,
) -> Result<Plan<'a, 'm>, String> {
    let (true, Some(value)) = (is_plain(spawn), spawn.value_type) else {
        return Err("its value goes through memory".to_owned());
    };
    let body = spawn.body().ok_or("its body is not known")?;
    if spawn.copyable_body().is_none() {
        return Err(format!("'{}' may be replaced when the program is linked", body.name()));
    }
    if !spawn.call.args()[0].origin().is_null() {
        return Err("its base is not the default one".to_owned());
    }
    let uses = verify::handle_uses(spawn, index)
        .ok_or("its handle may be used elsewhere, or be that of another context")?;
    for site in &uses.sites {
        let name = site.intrinsic.full_name();
        match site.intrinsic.name {
            "resume" | "cancel" | "destroy" | "status" | "prefetch" | "slice.size" => {}
            _ => return Err(format!("'{name}' is used on it")),
        }
        if !is_plain(site) {
            return Err(format!("a '{name}' of it must stay as it is"));
        }
        if site.intrinsic.name == "resume" && site.value_type != Some(value) {
            return Err("it is resumed with another type".to_owned());
        }
    }
    in_order(spawn.call.instruction(), &uses.sites)?;
    let creator = spawn.call.caller();
    if creator.attribute(AttributePlace::Function, "strictfp").is_some() {
        let name = creator.name();
        return Err(format!("'{name}' has a floating-point control state of its own"));
    }
    if body::returns_twice(creator) {
        return Err(format!("'{}' calls what returns twice", creator.name()));
    }
    if copies && body::waits_for_others(spawn.call, &uses.sites, index, facts) {
        return Err(format!(
            "'{}' may be copied while it waits for another context",
            creator.name()
        ));
    }
    let parts = body::examine(module, body, value, index, facts)
        .map_err(|why| format!("'{}' needs its own stack: {why}", body.name()))?;
    let has = |name| uses.sites.iter().any(|site| site.intrinsic.name == name);
    if has("cancel") {
        if parts.helpers.iter().chain([&body]).any(|function| function.has_personality()) {
            return Err(format!("a 'cancel' of it may run cleanups of '{}'", body.name()));
        }
        if !has("resume") {
            return Err("it is never resumed".to_owned());
        }
    }
    Ok(Plan { spawn, body, parts, uses })
}

/// Whether all uses come after the spawn, and none after a `destroy`.
fn in_order<'m>(start: Instruction<'m>, uses: &[&Site<'m>]) -> Result<(), String> {
    let places: Vec<Instruction<'m>> = uses.iter().map(|s| s.call.instruction()).collect();
    if places.iter().any(|place| place.is_reached_without(start)) {
        return Err("it may not have been spawned where it is used".to_owned());
    }
    for site in uses.iter().filter(|s| s.intrinsic.name == "destroy") {
        let here = site.call.instruction();
        if places.iter().any(|&place| here.reaches(place, Some(start))) {
            return Err("it may be used after it is destroyed".to_owned());
        }
    }
    Ok(())
}

/// Makes the coroutines that the plans want and that were not made before. All of them are split at
/// once: what LLVM's passes need is made once then.
fn make<'m>(module: Module<'m>, plans: &[Plan<'_, 'm>], made: &mut Made<'m>) {
    let (mut wanted, mut presplit) = (Vec::new(), Vec::new());
    for plan in plans {
        let body = plan.body;
        if made.contains_key(&body) || wanted.iter().any(|&(other, _)| other == body) {
            continue;
        }
        match Presplit::make(body, &plan.parts.suspends, &plan.parts.helpers) {
            Some(coroutine) => {
                presplit.push(coroutine);
                wanted.push((body, plan.parts.stack));
            }
            None => {
                let why = format!("no coroutine can be made of '{}'", body.name());
                made.insert(body, Err(why));
            }
        }
    }
    if presplit.is_empty() {
        return;
    }
    for ((body, stack), coroutine) in wanted.into_iter().zip(split(module, presplit)) {
        let all = [coroutine.size(), coroutine.stack(), FRAME, stack]
            .into_iter()
            .fold(0, u64::saturating_add);
        let result = if all <= MAX_STACK {
            Ok(coroutine)
        } else {
            coroutine.discard();
            Err(format!(
                "'{}' needs about {all} bytes of stack; at most {MAX_STACK} may move to the \
                 creator's",
                body.name()
            ))
        };
        made.insert(body, result);
    }
}

/// Puts plain code in the place of each operation.
fn apply<'m>(
    module: Module<'m>,
    plan: &Plan<'_, 'm>,
    coroutine: Coroutine<'m>,
    mistakes: &mut Mistakes<'m>,
    index: &mut Index<'_, 'm>,
) {
    let spawn = plan.spawn;
    let memory = Type::byte(module).array(coroutine.size());
    let frame = Builder::at_entry(module, spawn.call.caller()).alloca(
        memory,
        coroutine.alignment(),
        c"stackswitch.frame",
    );
    plan.uses.fold_null_checks();
    let sites = &plan.uses.sites;
    let resume = sites.iter().find(|s| s.intrinsic.name == "resume");
    let on_finished = resume.map(|resume| mistakes.finished(module, spawn, resume));
    for &site in sites {
        let (ty, again) = (site.call.function_type(), site.call.callee());
        let helper = match (site.intrinsic.name, on_finished) {
            ("resume" | "cancel", Some(finished)) => {
                coroutine.operation(finished, again, mistakes.destroy(module), ty)
            }
            ("status", _) => coroutine.status(ty),
            // Nothing of it is on the heap, and nothing is to be freed.
            _ => nothing(module, ty),
        };
        forget(index, site);
        put(site.call, frame, helper);
    }
    forget(index, spawn);
    put(spawn.call, frame, coroutine.start(spawn.call.function_type()));
}

/// Inlines a helper, which is given the frame, where an operation is.
fn put<'m>(call: Call<'m>, frame: Value<'m>, helper: Function<'m>) {
    call.set_arg(0, frame);
    call.set_callee(helper.value());
    call.inline();
    if helper.is_unused() {
        helper.erase();
    }
}

/// A function of that type that does nothing and gives zero.
fn nothing<'m>(module: Module<'m>, ty: Type<'m>) -> Function<'m> {
    let function = Function::add(module, "stackswitch.stackless.nothing", ty, Linkage::Local);
    let builder = Builder::in_new_body(module, function);
    builder.ret((ty.result() != Type::void(module)).then(|| Value::null(ty.result())));
    function
}
