//! Stackless contexts: a context that only its creator knows, and that suspends only in its own frame,
//! needs no stack. Its frame becomes a local variable of the creator.
//!
//! The operations on the context become plain code in the creator, which LLVM then optimises. If it cannot
//! be proved that the result is the same, the context stays.

mod body;
mod finished;
mod frames;
mod stackless_body;

use std::collections::{HashMap, HashSet};

use super::nosuspend::{FRAME, MAX_STACK, SuspendFacts};
use crate::remark::Remark;
use crate::verify::{self, HandleUses, Index, Site};
use body::Body;
use finished::FinishedContexts;
use frames::Candidate;
use stackless_body::{Presplit, StacklessBody, split};
use stackswitch_abi::intrinsics::{Control, Copies, ParamKind, WithoutStack};
use stackswitch_ir::{
    AttributePlace, Builder, Call, Function, Instruction, Lifetime, Linkage, Module, Type, Value,
};

/// The module flag that keeps the stacks of all contexts, if its value is 0.
pub(crate) const FLAG: &str = "stackswitch-stackless";

/// The name of the remark at each context and at the operations on it.
const REMARK: &str = "Stackless";

/// The metadata of variables that are frames of stackless contexts.
const FRAME_MARK: &str = "stackswitch.frame";

/// The stackless bodies that were made, or the reasons why not.
pub(super) type SplitBodies<'m> = HashMap<Function<'m>, Result<StacklessBody<'m>, String>>;

/// A context that can be stackless, if its body can.
#[derive(Debug)]
struct Plan<'a, 'm> {
    spawn: &'a Site<'m>,
    body: Function<'m>,
    parts: Body<'m>,
    uses: HandleUses<'a, 'm>,
}

/// Makes all contexts of a module stackless that can be. Returns whether anything changed.
pub(super) fn make_stackless<'a, 'm>(
    module: Module<'m>,
    sites: &'a [Site<'m>],
    index: &mut Index<'a, 'm>,
    facts: &SuspendFacts<'m>,
    made: &mut SplitBodies<'m>,
    report: &mut dyn FnMut(Remark<'m>),
) -> bool {
    let copies = sites.iter().any(copies_frames);
    let mut plans = Vec::new();
    for site in sites.iter().filter(|s| s.intrinsic.makes_context()) {
        if site.call.caller().is_optnone() {
            continue;
        }
        match plan(module, site, copies, index, facts) {
            Ok(plan) => plans.push(plan),
            Err(why) => refuse(site, &why, report),
        }
    }
    make(module, &plans, made);
    let frames = choose_frames(module, &plans, made, index, facts);
    let mut finished_contexts = FinishedContexts::default();
    let mut told = HashSet::new();
    let mut changed = false;
    for (plan, frame) in plans.iter().zip(frames) {
        match (frame, made.get(&plan.body)) {
            (Ok(frame), Some(&Ok(stackless_body))) => {
                let bodies = told.insert(plan.body).then_some(sites);
                report_taken(plan, stackless_body, bodies, report);
                apply(module, plan, stackless_body, frame, &mut finished_contexts, index);
                changed = true;
            }
            (Err(why), _) => refuse(plan.spawn, &why, report),
            (Ok(_), _) => refuse(plan.spawn, "its body was not looked at", report),
        }
    }
    made.retain(|_, result| match result {
        Ok(stackless_body) if stackless_body.is_unused() => {
            stackless_body.discard();
            false
        }
        _ => true,
    });
    changed
}

/// Remarks on a context that becomes stackless, on the operations on it, and on its suspensions among
/// `sites`, if given.
fn report_taken<'m>(
    plan: &Plan<'_, 'm>,
    stackless_body: StacklessBody<'m>,
    sites: Option<&[Site<'m>]>,
    report: &mut dyn FnMut(Remark<'m>),
) {
    let name = plan.body.name();
    let mut taken = |site: &Site<'m>, text| {
        report(Remark { at: site.call.instruction(), taken: true, name: REMARK, text });
    };
    let size = stackless_body.size();
    let text = format!(
        "the context of '{name}' is stackless: its frame of {size} bytes is a variable here"
    );
    taken(plan.spawn, text);
    for site in &plan.uses.sites {
        taken(site, "its context is stackless, so it is plain code".to_owned());
    }
    let functions: Vec<_> = plan.parts.helpers.iter().chain([&plan.body]).collect();
    let suspends =
        sites.into_iter().flatten().filter(|s| s.intrinsic.properties.control == Control::Suspends);
    for site in suspends.filter(|s| functions.contains(&&s.call.caller())) {
        taken(site, format!("a stackless context of '{name}' returns here instead"));
    }
}

/// The frame of each context, a local variable of its creator, or the reason why it gets none.
fn choose_frames<'m>(
    module: Module<'m>,
    plans: &[Plan<'_, 'm>],
    made: &SplitBodies<'m>,
    index: &Index<'_, 'm>,
    facts: &SuspendFacts<'m>,
) -> Vec<Result<Frame<'m>, String>> {
    let mut chosen: Vec<Result<Frame<'m>, String>> = Vec::new();
    // The creators, with the numbers of their plans, in the order of the plans.
    let mut creators: Vec<(Function<'m>, Vec<usize>)> = Vec::new();
    let (mut positions, mut callees, mut recursive) =
        (HashMap::new(), HashMap::new(), HashMap::new());
    for (number, plan) in plans.iter().enumerate() {
        let creator = plan.spawn.call.caller();
        let stackless_body = made.get(&plan.body).map(|result| result.as_ref().map(|_| ()));
        let obstacle = match stackless_body {
            None => Some("its body was not looked at".to_owned()),
            Some(Err(why)) => Some(why.clone()),
            Some(Ok(())) => {
                let is_recursive = *recursive
                    .entry(creator)
                    .or_insert_with(|| frames::is_recursive(creator, index, &mut callees));
                let name = creator.name();
                is_recursive.then(|| {
                    format!("'{name}' is recursive, and each call would have a frame for it")
                })
            }
        };
        if obstacle.is_none() {
            let position = *positions.entry(creator).or_insert(creators.len());
            if position == creators.len() {
                creators.push((creator, Vec::new()));
            }
            creators[position].1.push(number);
        }
        chosen.push(Err(obstacle.unwrap_or_default()));
    }
    for (creator, numbers) in creators {
        let frames = frames_of_creator(module, creator, &numbers, plans, made, index, facts);
        for (number, frame) in numbers.into_iter().zip(frames) {
            chosen[number] = frame;
        }
    }
    chosen
}

/// The frames for the plans of those numbers, all of one creator.
fn frames_of_creator<'m>(
    module: Module<'m>,
    creator: Function<'m>,
    numbers: &[usize],
    plans: &[Plan<'_, 'm>],
    made: &SplitBodies<'m>,
    index: &Index<'_, 'm>,
    facts: &SuspendFacts<'m>,
) -> Vec<Result<Frame<'m>, String>> {
    let candidate = |&number: &usize| {
        let plan = &plans[number];
        let stackless_body = *made.get(&plan.body)?.as_ref().ok()?;
        let stack = stackless_body.stack().saturating_add(FRAME).saturating_add(plan.parts.stack);
        let (spawn, operations) = (plan.spawn, &plan.uses.sites[..]);
        Some(Candidate { spawn, operations, body: plan.body, stackless_body, stack })
    };
    let candidates: Vec<Candidate<'_, 'm>> = numbers.iter().filter_map(candidate).collect();
    let layout = frames::plan(creator, &candidates, occupied(module, creator), index, facts);
    layout.wrongly_tail.iter().for_each(|call| call.forbid_jump());
    let mut variables = HashMap::new();
    let frames = layout.frames.into_iter().zip(&candidates).map(|(frame, candidate)| {
        frame.map(|frame| {
            *variables
                .entry(frame)
                .or_insert_with(|| Frame::make(module, creator, candidate.stackless_body))
        })
    });
    frames.collect()
}

/// The bytes of the frames that a function has already.
fn occupied<'m>(module: Module<'m>, creator: Function<'m>) -> u64 {
    let variables = creator.instructions().into_iter().take_while(|i| i.is_in_entry());
    let frames = variables.filter(|i| i.is_alloca() && i.has_metadata(module, FRAME_MARK));
    frames.filter_map(|i| i.variable_size(module)).fold(0, u64::saturating_add)
}

/// A frame, shared by stackless contexts that never live at the same time.
#[derive(Clone, Copy, Debug)]
struct Frame<'m> {
    variable: Value<'m>,
    bytes: u64,
}

impl<'m> Frame<'m> {
    /// A new variable of a function, whose lifetime ends where the function does.
    fn make(module: Module<'m>, creator: Function<'m>, stackless_body: StacklessBody<'m>) -> Self {
        let bytes = stackless_body.size();
        let memory = Type::byte(module).array(bytes);
        let name = c"stackswitch.frame";
        let variable =
            Builder::at_entry(module, creator).alloca(memory, stackless_body.alignment(), name);
        if let Some(made) = variable.as_instruction() {
            made.set_metadata(module, FRAME_MARK, Some(bytes));
        }
        let frame = Frame { variable, bytes };
        for instruction in creator.instructions() {
            let last = instruction.call().is_some_and(Call::is_musttail);
            let follows = instruction.previous().and_then(Instruction::call);
            if last || (instruction.is_exit() && !follows.is_some_and(Call::is_musttail)) {
                frame.mark(module, instruction, Lifetime::End);
            }
        }
        frame
    }

    /// Adds a lifetime marker before an instruction.
    fn mark(self, module: Module<'m>, at: Instruction<'m>, which: Lifetime) {
        Builder::before_instruction(module, at).mark_lifetime(self.variable, self.bytes, which);
    }
}

fn refuse<'m>(site: &Site<'m>, why: &str, report: &mut dyn FnMut(Remark<'m>)) {
    let text = format!("the context is not stackless: {why}");
    report(Remark { at: site.call.instruction(), taken: false, name: REMARK, text });
}

/// Whether an operation copies a whole stack. If the creator's stack is copied, a context stays one
/// context, but a frame in the creator becomes two.
fn copies_frames(site: &Site<'_>) -> bool {
    match site.intrinsic.properties.copies {
        Copies::May => true,
        Copies::IfBased => {
            !site.operand(ParamKind::OptionalBase).is_some_and(|base| base.origin().is_null())
        }
        Copies::Never => false,
    }
}

/// Whether a site can be replaced where it is.
fn is_plain(site: &Site<'_>) -> bool {
    !site.is_wide() && !site.call.has_bundles() && !site.call.is_musttail()
}

/// Plans a stackless context, or says why the context cannot be one.
fn plan<'a, 'm>(
    module: Module<'m>,
    spawn: &'a Site<'m>,
    copies: bool,
    index: &Index<'a, 'm>,
    facts: &SuspendFacts<'m>,
) -> Result<Plan<'a, 'm>, String> {
    let (true, Some(value)) = (is_plain(spawn), spawn.value_type) else {
        return Err("its value goes through memory".to_owned());
    };
    let body = spawn.body().ok_or("its body is not known")?;
    if spawn.copyable_body().is_none() {
        return Err(format!("'{}' may be replaced when the program is linked", body.name()));
    }
    if !spawn.has_default_base() {
        return Err("its base is not the default one".to_owned());
    }
    let uses = verify::handle_uses(spawn, index)
        .ok_or("its handle may be used elsewhere, or be that of another context")?;
    for site in &uses.sites {
        let name = site.intrinsic.full_name();
        let without_stack = site.intrinsic.properties.without_stack;
        if without_stack == WithoutStack::Refused {
            return Err(format!("'{name}' is used on it"));
        }
        if !is_plain(site) {
            return Err(format!("a '{name}' of it must stay as it is"));
        }
        if without_stack == WithoutStack::Enters && site.value_type != Some(value) {
            return Err("it is resumed with another type".to_owned());
        }
    }
    in_order(spawn.call.instruction(), &uses.sites)?;
    let creator = spawn.call.caller();
    if creator.attribute(AttributePlace::Function, "strictfp").is_some() {
        let name = creator.name();
        return Err(format!("'{name}' has a floating-point control state of its own"));
    }
    if creator.calls_what_returns_twice() {
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
    let has = |what| find_operation(&uses.sites, what).is_some();
    if has(WithoutStack::Ends) {
        if parts.helpers.iter().chain([&body]).any(|function| function.has_personality()) {
            return Err(format!("a 'cancel' of it may run cleanups of '{}'", body.name()));
        }
        if !has(WithoutStack::Enters) {
            return Err("it is never resumed".to_owned());
        }
    }
    Ok(Plan { spawn, body, parts, uses })
}

/// The first operation on a context that is replaced in this way.
fn find_operation<'a, 'm>(uses: &[&'a Site<'m>], what: WithoutStack) -> Option<&'a Site<'m>> {
    uses.iter().copied().find(|site| site.intrinsic.properties.without_stack == what)
}

/// Whether all uses come after the spawn, and none comes after a `destroy`.
fn in_order<'m>(start: Instruction<'m>, uses: &[&Site<'m>]) -> Result<(), String> {
    let places: Vec<Instruction<'m>> = uses.iter().map(|s| s.call.instruction()).collect();
    if places.iter().any(|place| place.is_reached_without(start)) {
        return Err("it may not have been spawned where it is used".to_owned());
    }
    for site in uses.iter().filter(|s| s.intrinsic.properties.releases) {
        let here = site.call.instruction();
        if places.iter().any(|&place| here.reaches(place, Some(start))) {
            return Err("it may be used after it is destroyed".to_owned());
        }
    }
    Ok(())
}

/// Makes the stackless bodies that the plans need and that were not made before. All of them are split at
/// once, so that LLVM's analyses are set up once.
fn make<'m>(module: Module<'m>, plans: &[Plan<'_, 'm>], made: &mut SplitBodies<'m>) {
    let (mut wanted, mut presplit) = (Vec::new(), Vec::new());
    for plan in plans {
        let body = plan.body;
        if made.contains_key(&body) || wanted.iter().any(|&(other, _)| other == body) {
            continue;
        }
        match Presplit::make(body, &plan.parts.suspends, &plan.parts.helpers) {
            Some(stackless_body) => {
                presplit.push(stackless_body);
                wanted.push((body, plan.parts.stack));
            }
            None => {
                let why = format!("no stackless body can be made of '{}'", body.name());
                made.insert(body, Err(why));
            }
        }
    }
    if presplit.is_empty() {
        return;
    }
    for ((body, stack), stackless_body) in wanted.into_iter().zip(split(module, presplit)) {
        let all = [stackless_body.size(), stackless_body.stack(), FRAME, stack]
            .into_iter()
            .fold(0, u64::saturating_add);
        let result = if all <= MAX_STACK {
            Ok(stackless_body)
        } else {
            stackless_body.discard();
            Err(format!(
                "'{}' needs about {all} bytes of stack; at most {MAX_STACK} may move to the \
                 creator's",
                body.name()
            ))
        };
        made.insert(body, result);
    }
}

/// Replaces each operation by plain code.
fn apply<'m>(
    module: Module<'m>,
    plan: &Plan<'_, 'm>,
    stackless_body: StacklessBody<'m>,
    frame: Frame<'m>,
    finished_contexts: &mut FinishedContexts<'m>,
    index: &mut Index<'_, 'm>,
) {
    let spawn = plan.spawn;
    frame.mark(module, spawn.call.instruction(), Lifetime::Start);
    plan.uses.fold_null_checks();
    let sites = &plan.uses.sites;
    let resume = find_operation(sites, WithoutStack::Enters);
    let on_finished = resume.map(|resume| finished_contexts.finished(module, spawn, resume));
    for &site in sites {
        let (ty, again) = (site.call.function_type(), site.call.callee());
        let helper = match (site.intrinsic.properties.without_stack, on_finished) {
            (WithoutStack::Enters | WithoutStack::Ends, Some(finished)) => {
                stackless_body.operation(finished, again, finished_contexts.destroy(module), ty)
            }
            (WithoutStack::Status, _) => stackless_body.status(ty),
            (WithoutStack::Zero, _) => nothing(module, ty),
            // `plan` has refused all other operations.
            (WithoutStack::Enters | WithoutStack::Ends | WithoutStack::Refused, _) => continue,
        };
        if site.intrinsic.properties.releases {
            frame.mark(module, site.call.instruction(), Lifetime::End);
        }
        index.remove(&site.call);
        put(site.call, frame.variable, helper);
    }
    index.remove(&spawn.call);
    spawn.call.instruction().forget_copies();
    put(spawn.call, frame.variable, stackless_body.start(spawn.call.function_type()));
}

/// Replaces an operation by an inlined call of a helper, which gets the frame.
fn put<'m>(call: Call<'m>, frame: Value<'m>, helper: Function<'m>) {
    // Facts about an operation of the runtime do not hold for code that uses the frame.
    call.drop_claims();
    call.set_arg(0, frame);
    call.set_callee(helper.value());
    call.inline();
    if helper.is_unused() {
        helper.erase();
    }
}

/// A function of that type that does nothing and returns zero.
fn nothing<'m>(module: Module<'m>, ty: Type<'m>) -> Function<'m> {
    let function = Function::add(module, "stackswitch.stackless.nothing", ty, Linkage::Local);
    let builder = Builder::in_new_body(module, function);
    builder.ret((ty.result() != Type::void(module)).then(|| Value::null(ty.result())));
    function
}
