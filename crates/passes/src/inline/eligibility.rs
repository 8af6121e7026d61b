//! Which calls of the runtime can become switches in place, and why others stay.

use stackswitch_ir::{AttributePlace, Call, Function, Module, Type, TypeKind, Value};

use crate::cpu::{ObjectPlace, Operation};

/// Whether a function may become a part of another one after the pass. LLVM 19 does not say whether
/// the end of a pipeline is the end.
pub(super) const INLINED_LATER: bool = cfg!(feature = "llvm19");

/// The runtime's `swapcontext` for two of the system's structures.
pub(super) const SWAP_UCONTEXT: &str = "stackswitch_ucontext_swapcontext";

/// The runtime's `swapcontext` for two objects and a base.
const SWAPCONTEXT: &str = "stackswitch_swapcontext";

/// Attributes of functions whose calls stay, each with the reason.
const KEPT_IN: [(&str, &str); 10] = [
    ("optnone", "the function is not to be optimised"),
    ("naked", "the function is all assembly"),
    ("minsize", SMALL),
    ("optsize", SMALL),
    ("sanitize_address", SANITIZED),
    ("sanitize_hwaddress", SANITIZED),
    ("sanitize_memory", SANITIZED),
    ("sanitize_thread", SANITIZED),
    ("sanitize_realtime", SANITIZED),
    ("sanitize_memtag", SANITIZED),
];
const SMALL: &str = "the function is to be small";
/// The runtime for sanitized programs has no fast path.
const SANITIZED: &str = "a sanitizer follows the function";
/// The second return needs registers as they were at a call.
const TWICE: &str = "the function calls what returns twice";

/// Why a call stays a call. `None` if it can become a switch in place.
pub(super) fn obstacle(
    call: Call<'_>,
    operation: Operation,
    facts: &FunctionFacts,
) -> Option<&'static str> {
    call_obstacle(call, operation).or(facts.obstacle).or_else(|| {
        if operation.returns_twice() {
            // It has no slow call, so an exception would come out of the assembly.
            let handles = facts.handles_exceptions.then_some("the function handles exceptions");
            handles.or(facts.has_other_capture.then_some(TWICE))
        } else {
            facts.has_capture.then_some(TWICE)
        }
    })
}

/// Why a call stays a call, by what the call itself shows.
fn call_obstacle(call: Call<'_>, operation: Operation) -> Option<&'static str> {
    if operation == Operation::SwapContext(ObjectPlace::OwnMemory)
        && !call.args().last().is_some_and(|base| base.is_null())
    {
        Some("it has a base, so a slice is made")
    } else if call.is_musttail() {
        Some("it must become a jump")
    } else if call.calling_convention() != 0 {
        Some("it has another calling convention")
    } else if call.has_bundles() {
        Some("it has operand bundles")
    } else {
        None
    }
}

/// The properties of a function that decide about its switches.
#[derive(Clone, Copy, Debug)]
pub(super) struct FunctionFacts {
    /// Why the calls in it stay, if they do.
    obstacle: Option<&'static str>,
    /// Whether it has code for exceptions that pass through it.
    pub(super) handles_exceptions: bool,
    /// Whether it may later become a part of functions that have such code.
    pub(super) joins_others: bool,
    /// Whether its frame grows while it runs.
    pub(super) grows: bool,
    /// Whether it may have values in MMX registers or in tiles.
    pub(super) has_rare_values: bool,
    /// Whether a call in it may return more than once.
    has_capture: bool,
    /// Whether that is a call of anything but `swapcontext`.
    has_other_capture: bool,
}

impl FunctionFacts {
    /// Why the calls in it stay, if they do.
    pub(super) fn obstacle(self) -> Option<&'static str> {
        self.obstacle
    }

    /// The properties of `function`.
    pub(super) fn of<'m>(module: Module<'m>, function: Function<'m>) -> Self {
        let instructions = function.instructions();
        let mut captures = instructions
            .iter()
            .filter_map(|i| i.call())
            .filter(|call| call.may_return_twice())
            .peekable();
        let has_capture = captures.peek().is_some();
        FunctionFacts {
            obstacle: function_obstacle(function),
            handles_exceptions: function.has_personality(),
            joins_others: INLINED_LATER && !has_attribute(function, "noinline"),
            grows: instructions.iter().any(|i| i.is_alloca() && i.variable_size(module).is_none()),
            has_rare_values: INLINED_LATER || has_rare_values(function),
            has_capture,
            has_other_capture: captures.any(|call| !is_swapcontext(call)),
        }
    }
}

/// Whether a call is a `swapcontext`, or one that is in place already.
fn is_swapcontext(call: Call<'_>) -> bool {
    let names = [SWAP_UCONTEXT, SWAPCONTEXT].map(str::as_bytes);
    call.is_assembly()
        || call.callee().as_function().is_some_and(|f| names.contains(&f.name_bytes()))
}

/// Why all calls in a function stay, if they do.
fn function_obstacle(function: Function<'_>) -> Option<&'static str> {
    let calls_itself = |call: Call<'_>| call.callee() == function.value();
    if function.has_collector() {
        Some("the function has a garbage collector")
    } else if let Some((_, why)) = KEPT_IN.iter().find(|(name, _)| has_attribute(function, name)) {
        Some(why)
    } else if function.walk().any(|i| i.is_funclet()) {
        Some("the function handles exceptions in parts of itself")
    } else if function.walk().filter_map(|i| i.call()).any(calls_itself) {
        // A function with a switch in place saves all registers of its caller in each of its
        // frames, and all of them are copied with a slice.
        Some("the function is recursive, and its frames would be larger")
    } else {
        None
    }
}

/// Whether a function may have values in MMX registers or in tiles (AMX). Such values have types of
/// their own, and only instructions and parameters have such types. Inline assembly may have any.
fn has_rare_values(function: Function<'_>) -> bool {
    let is_rare = |value: Value<'_>| is_rare(value.ty());
    function.params().into_iter().any(is_rare)
        || function.walk().any(|i| is_rare(i.value()))
        || function.walk().filter_map(|i| i.call()).any(|call| call.is_assembly())
}

/// Whether values of a type may be in such registers. MMX has the vector of one integer of 64 bits, in
/// LLVM 19 a type of its own; so have tiles.
fn is_rare(ty: Type<'_>) -> bool {
    match ty.kind() {
        TypeKind::Void | TypeKind::Integer(_) | TypeKind::Float(_) | TypeKind::Pointer(_) => false,
        TypeKind::Vector(length, _) => length == 1,
        TypeKind::Array(_, element) => is_rare(element),
        TypeKind::Literal(fields) | TypeKind::Named(_, fields) => fields.into_iter().any(is_rare),
        TypeKind::Other => true,
    }
}

fn has_attribute(function: Function<'_>, name: &str) -> bool {
    function.attribute(AttributePlace::Function, name).is_some()
}
