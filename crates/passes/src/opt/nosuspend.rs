//! Infers which functions cannot reach a switch.
//!
//! Such a function contains no switch, and calls only known functions that cannot reach one either. It is
//! not recursive. It gets the attribute `"stackswitch-nosuspend"`. A front end may set the attribute, and
//! is believed.

use std::collections::HashSet;
use std::fmt;

use rustc_hash::FxHashMap;

use crate::verify::Index;
use stackswitch_abi::intrinsics::{Headers, Intrinsic};
use stackswitch_ir::{Call, Function, Instruction, Module};

/// The attribute's name.
const ATTRIBUTE: &str = "stackswitch-nosuspend";

/// The most bytes of stack that a body may need. The body moves to the stack of whoever resumes its
/// context, which may be as small as `makecontext` allows.
pub(super) const MAX_STACK: u64 = 1024;

/// The assumed bytes of a frame besides its variables.
pub(crate) const FRAME: u64 = 64;

/// The functions of a module that cannot suspend, and the reason why others may.
#[derive(Debug)]
pub(crate) struct SuspendFacts<'m> {
    safe: FxHashMap<Function<'m>, CannotSuspend>,
    reasons: FxHashMap<Function<'m>, Reason<'m>>,
}

/// A function that cannot suspend.
#[derive(Clone, Debug)]
pub(crate) struct CannotSuspend {
    /// Why it nevertheless cannot run on the stack of its creator, if there is a reason.
    pub(crate) obstacle: Option<String>,
    /// The estimated bytes of stack that it needs.
    pub(crate) stack: u64,
    /// What it does to the headers of contexts.
    headers: Headers,
}

/// The reason why a function may suspend.
#[derive(Clone, Debug)]
enum Reason<'m> {
    Operation(&'static Intrinsic),
    Unknown(Function<'m>),
    Pointer,
    Assembly,
    Twice(Function<'m>),
    Callee(Function<'m>),
}

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Operation(intrinsic) => write!(f, "it calls '{}'", intrinsic.full_name()),
            Reason::Unknown(callee) => {
                write!(f, "it calls '{}', whose body is not known", callee.name())
            }
            Reason::Pointer => f.write_str("it calls a function by its address"),
            Reason::Assembly => f.write_str("it holds inline assembly"),
            Reason::Twice(callee) => {
                write!(f, "it calls '{}', which may return twice", callee.name())
            }
            Reason::Callee(callee) => {
                write!(f, "it calls '{}', which may suspend or is recursive", callee.name())
            }
        }
    }
}

/// The properties of one function, without its callees.
#[derive(Debug)]
struct Summary<'m> {
    reason: Option<Reason<'m>>,
    obstacle: Option<String>,
    variables: u64,
    /// What it does to the headers of contexts itself.
    headers: Headers,
    callees: Vec<Function<'m>>,
    /// The number of callees that were not examined yet.
    waiting: usize,
}

/// Examines all functions of a module, each after its callees.
pub(crate) fn infer<'m>(module: Module<'m>, index: &Index<'_, 'm>) -> SuspendFacts<'m> {
    let mut facts = SuspendFacts { safe: FxHashMap::default(), reasons: FxHashMap::default() };
    let mut locals: FxHashMap<_, Summary<'m>> = FxHashMap::default();
    let mut callers: FxHashMap<_, Vec<Function<'m>>> = FxHashMap::default();
    let (mut ready, mut promised) = (Vec::new(), Vec::new());
    for function in module.functions() {
        if !function.is_exact() {
            continue;
        }
        let mut local = summarize(module, function, index);
        if local.reason.is_none() && local.callees.is_empty() {
            ready.push(function);
        }
        if is_promised(function) {
            promised.push(function);
        }
        for &callee in &local.callees {
            callers.entry(callee).or_default().push(function);
        }
        local.waiting = local.callees.len();
        locals.insert(function, local);
    }
    loop {
        while let Some(function) = ready.pop() {
            // A function whose attribute was trusted may be proved later.
            if facts.safe.contains_key(&function) {
                continue;
            }
            let Some(local) = locals.get(&function) else { continue };
            let safe = with_callees(local, &facts.safe);
            facts.safe.insert(function, safe);
            for &caller in callers.get(&function).into_iter().flatten() {
                let Some(local) = locals.get_mut(&caller) else { continue };
                local.waiting -= 1;
                if local.waiting == 0 && local.reason.is_none() {
                    ready.push(caller);
                }
            }
        }
        // The attribute is trusted if nothing can be proved.
        let Some(function) = promised.pop() else { break };
        if let Some(local) = locals.get_mut(&function)
            && !facts.safe.contains_key(&function)
        {
            local.reason = None;
            local.obstacle = Some("what it calls is not known".to_owned());
            local.headers = Headers::Any;
            ready.push(function);
        }
    }
    for (function, local) in locals {
        if facts.safe.contains_key(&function) {
            continue;
        }
        let callee = local.callees.iter().find(|c| !facts.safe.contains_key(c));
        if let Some(reason) = local.reason.or(callee.copied().map(Reason::Callee)) {
            facts.reasons.insert(function, reason);
        }
    }
    facts
}

/// The result for a function whose callees were examined.
fn with_callees<'m>(
    local: &Summary<'m>,
    known: &FxHashMap<Function<'m>, CannotSuspend>,
) -> CannotSuspend {
    let callees = || local.callees.iter().filter_map(|c| known.get(c).map(|safe| (c, safe)));
    let inherited = || {
        callees().find_map(|(callee, safe)| {
            let obstacle = safe.obstacle.as_ref()?;
            Some(format!("it calls '{}': {obstacle}", callee.name()))
        })
    };
    let deepest = callees().map(|(_, safe)| safe.stack).max().unwrap_or(0);
    CannotSuspend {
        obstacle: local.obstacle.clone().or_else(inherited),
        stack: local.variables.saturating_add(FRAME).saturating_add(deepest),
        headers: callees().fold(local.headers, |all, (_, safe)| all.and(safe.headers)),
    }
}

fn is_promised(function: Function<'_>) -> bool {
    function.string_attribute(ATTRIBUTE).is_some()
}

/// Examines the instructions of one function.
fn summarize<'m>(module: Module<'m>, function: Function<'m>, index: &Index<'_, 'm>) -> Summary<'m> {
    let mut local = Summary {
        reason: None,
        obstacle: None,
        variables: 0,
        headers: Headers::Untouched,
        callees: Vec::new(),
        waiting: 0,
    };
    let mut seen = HashSet::new();
    for instruction in function.walk() {
        if let Some(call) = instruction.call() {
            if let Err(reason) = add_call(call, index, &mut seen, &mut local) {
                local.reason = Some(reason);
                return local;
            }
        } else {
            add_variable(module, instruction, &mut local);
        }
    }
    local
}

/// Adds the effects of a call.
fn add_call<'m>(
    call: Call<'m>,
    index: &Index<'_, 'm>,
    seen: &mut HashSet<Function<'m>>,
    local: &mut Summary<'m>,
) -> Result<(), Reason<'m>> {
    if let Some(site) = index.get(&call) {
        let properties = &site.intrinsic.properties;
        if properties.runs_other_code() {
            return Err(Reason::Operation(site.intrinsic));
        }
        local.headers = local.headers.and(properties.headers());
        if !properties.may_move() {
            let name = site.intrinsic.full_name();
            local.obstacle = Some(format!("it calls '{name}', which must stay in its context"));
        }
        return Ok(());
    }
    if call.is_assembly() {
        return Err(Reason::Assembly);
    }
    let Some(callee) = call.callee().as_function() else { return Err(Reason::Pointer) };
    if call.may_return_twice() {
        return Err(Reason::Twice(callee));
    }
    if call.is_leaf_intrinsic() || !seen.insert(callee) {
        return Ok(());
    }
    if call.callee().as_exact_function().is_some() {
        local.callees.push(callee);
    } else if is_promised(callee) || callee.only_reads() {
        local.obstacle = Some(format!("the stack use of '{}' is not known", callee.name()));
        local.headers = local.headers.and(headers_of_unknown(callee));
    } else {
        return Err(Reason::Unknown(callee));
    }
    Ok(())
}

/// What a function does to the headers of contexts if its body is not known.
fn headers_of_unknown(function: Function<'_>) -> Headers {
    if function.only_reads() { Headers::Reads } else { Headers::Any }
}

/// Adds the memory of a local variable.
fn add_variable<'m>(module: Module<'m>, instruction: Instruction<'m>, local: &mut Summary<'m>) {
    if !instruction.is_alloca() {
        return;
    }
    match instruction.variable_size(module) {
        Some(size) => local.variables = local.variables.saturating_add(size),
        None => {
            local.obstacle = Some("the size of a local variable is not known".to_owned());
        }
    }
}

impl<'m> SuspendFacts<'m> {
    /// The facts about a function that cannot suspend, or the reason why it may.
    pub(crate) fn proof(&self, function: Function<'m>) -> Result<&CannotSuspend, String> {
        self.safe
            .get(&function)
            .ok_or_else(|| self.reasons.get(&function).map(Reason::to_string).unwrap_or_default())
    }

    /// Whether a call may let other contexts run before it returns.
    pub(crate) fn may_switch(&self, call: Call<'m>, index: &Index<'_, 'm>) -> bool {
        if let Some(site) = index.get(&call) {
            return site.intrinsic.properties.runs_other_code();
        }
        if call.is_assembly() {
            return true;
        }
        let Some(callee) = call.callee().as_function() else { return true };
        !(call.is_leaf_intrinsic()
            || call.callee().as_exact_function().is_some_and(|f| self.safe.contains_key(&f))
            || is_promised(callee)
            || (callee.is_declaration() && callee.only_reads()))
    }

    /// What a call that lets no other context run does to the headers of contexts.
    pub(crate) fn headers(&self, call: Call<'m>) -> Headers {
        let Some(callee) = call.callee().as_function() else { return Headers::Any };
        if call.is_leaf_intrinsic() {
            return Headers::Untouched;
        }
        let exact = call.callee().as_exact_function();
        match exact.and_then(|function| self.safe.get(&function)) {
            Some(safe) => safe.headers,
            None => headers_of_unknown(callee),
        }
    }

    /// Sets the attribute of the functions. Returns whether one did not have it.
    pub(crate) fn mark(&self, module: Module<'m>) -> bool {
        let mut changed = false;
        for function in self.safe.keys().filter(|f| !f.is_optnone()) {
            changed |= function.add_string_attribute(module, ATTRIBUTE, "");
        }
        changed
    }
}
