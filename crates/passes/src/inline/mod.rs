//! `stackswitch-inline`: the resident switch in place of a call of the runtime.
//!
//! Where nothing has to be copied a switch is a few instructions, which then save what is live at
//! that place and nothing else. All else is left to the runtime's function, which they call. What
//! they are is the target's part, in a module of its own; on other targets calls stay.

mod marks;
mod slow_call;
mod target;
mod x86_64;

use marks::{Source, Swap};
use target::{Conditions, Objects, Operation, Target};

use std::collections::HashMap;

use crate::opt::Remark;
use crate::verify;
use stackswitch_abi::intrinsics::{Form, Intrinsic, TABLE, Typed};
use stackswitch_ir::{AttributePlace, Builder, Call, Function, Module, Type, TypeKind, Value};

/// The variable of the runtime that says where a thread's words are. Its name's last part counts
/// layouts of what is relied on.
pub const WORDS: &str = "stackswitch_resident_v2";

/// The variable of the runtime that says where the word is that marks a thread's plain captures.
pub const PLAIN: &str = "stackswitch_plain_v2";

/// A module's flag of that name with the value 0 keeps all its calls.
pub const FLAG: &str = "stackswitch-inline";

impl Operation {
    fn of(intrinsic: &Intrinsic) -> Option<Self> {
        match intrinsic.name {
            "swap" => Some(Operation::Swap),
            "resume" => Some(Operation::Resume),
            "suspend" => Some(Operation::Suspend),
            "swapcontext" => Some(Operation::SwapContext(Objects::Own)),
            _ => None,
        }
    }

    /// Whether it may return more than once.
    fn returns_twice(self) -> bool {
        matches!(self, Operation::SwapContext(_))
    }
}

/// The runtime's function that takes a pair of the system's structures.
const SWAP_UCONTEXT: &str = "stackswitch_ucontext_swapcontext";
/// And the one that takes a pair of objects and a base.
const SWAPCONTEXT: &str = "stackswitch_swapcontext";

/// Whether a function may still become a part of another after the pass: LLVM 19 does not say that
/// a pipeline's end is not the end.
const INLINED_LATER: bool = cfg!(feature = "llvm19");

/// The values that travel in a register for general purposes.
const FORMS: [Typed; 5] = [Typed::Ptr, Typed::I8, Typed::I16, Typed::I32, Typed::I64];

/// Attributes of functions whose calls stay, and why. Instrumented code goes with a runtime that has no fast
/// path.
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
const SANITIZED: &str = "a sanitizer follows the function";
/// It finds registers as they were at a call.
const TWICE: &str = "the function calls what returns twice";

/// What the names of functions begin with that our passes make.
const OUR_OWN: &[u8] = b"stackswitch.";

/// The remark at each switch that is put in place, or that stays a call.
pub(crate) const REMARK: &str = "SwitchInPlace";

/// Puts switches in place and returns the functions in which it may have done so: none if it did not
/// at all.
pub(crate) fn inline<'m>(module: Module<'m>, tell: &dyn Fn(&Remark<'m>)) -> Vec<Function<'m>> {
    let Some(target) = Target::of(module) else { return Vec::new() };
    if module.flag(FLAG) == Some(0) {
        return Vec::new();
    }
    let mut inlining = Inlining {
        module,
        target,
        marked_targets: module.flag("cf-protection-branch").is_some_and(|on| on != 0),
        functions: HashMap::new(),
        switches: HashMap::new(),
        swaps: Vec::new(),
    };
    let mut changed = false;
    for intrinsic in TABLE {
        let Some(operation) = Operation::of(intrinsic) else { continue };
        // A form without values is that of a pointer.
        let forms = if operation.returns_twice() { &FORMS[..1] } else { &FORMS };
        for &typed in forms {
            let Some(value) = verify::typed_value(module, typed) else { continue };
            let symbol = intrinsic.symbol(Form::Typed(typed));
            let ty = verify::expected_type(module, intrinsic, value);
            changed |= inlining.symbol(&symbol, ty, operation, tell);
        }
    }
    let pointer = Type::pointer(module, 0);
    let ty = Type::function(Type::int32(module), &[pointer, pointer]);
    let in_ucontext = Operation::SwapContext(Objects::InUcontext);
    changed |= inlining.symbol(SWAP_UCONTEXT, ty, in_ucontext, tell);
    if !changed {
        return Vec::new();
    }
    if !inlining.swaps.is_empty()
        && let Some(variable) = inlining.words(in_ucontext)
    {
        marks::give(module, &Source { target, variable }, inlining.swaps);
    }
    inlining.functions.into_keys().collect()
}

/// The work on one module.
struct Inlining<'m> {
    module: Module<'m>,
    target: &'static Target,
    /// Indirect jumps may only go to marked places.
    marked_targets: bool,
    functions: HashMap<Function<'m>, Facts>,
    /// The assembly of each kind of switch. A module has many switches of few kinds.
    switches: HashMap<(Operation, Conditions, Type<'m>), Value<'m>>,
    /// Each `swapcontext` that is in place, which has to be given the thread's mark.
    swaps: Vec<Swap<'m>>,
}

impl<'m> Inlining<'m> {
    /// Puts the calls of one function of the runtime in place. Returns whether there were any.
    fn symbol(
        &mut self,
        symbol: &str,
        ty: Type<'m>,
        operation: Operation,
        tell: &dyn Fn(&Remark<'m>),
    ) -> bool {
        // A module that defines it is the runtime itself.
        let runtime = self.module.function(symbol).filter(|f| f.is_declaration());
        let calls = runtime.map(|runtime| runtime.uses().0).unwrap_or_default();
        let mut changed = false;
        for call in calls.into_iter().filter(|call| call.function_type() == ty) {
            changed |= self.site(call, operation, tell);
        }
        changed
    }

    /// Puts one switch in place, or says why not. Returns whether that was done.
    fn site(&mut self, call: Call<'m>, operation: Operation, tell: &dyn Fn(&Remark<'m>)) -> bool {
        let remark = |taken, text| Remark { at: call.instruction(), taken, name: REMARK, text };
        let words = match self.obstacle(call, operation) {
            None => self.words(operation).ok_or("a name of the runtime's is taken"),
            Some(why) => Err(why),
        };
        match words {
            Ok(words) => {
                tell(&remark(true, "the switch is in place".to_owned()));
                self.put_in_place(call, operation, words);
                true
            }
            Err(why) => {
                // Nobody has written what our own passes have made.
                if !call.caller().name_bytes().starts_with(OUR_OWN) {
                    tell(&remark(false, format!("the switch is a call: {why}")));
                }
                false
            }
        }
    }

    /// The variable that says where a thread's words are, or the one that counts.
    fn words(&self, operation: Operation) -> Option<Value<'m>> {
        let name = if let Operation::SwapContext(_) = operation { PLAIN } else { WORDS };
        self.module.external_variable(name, Type::size(self.module))
    }

    /// Why a call stays, if it does.
    fn obstacle(&mut self, call: Call<'m>, operation: Operation) -> Option<&'static str> {
        if operation == Operation::SwapContext(Objects::Own)
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
            let facts = self.facts(call.caller());
            let twice = if operation.returns_twice() {
                // What it throws comes out of the assembly, see `slow_call`.
                let handles = facts.handles.then_some("the function handles exceptions");
                handles.or(facts.captures.then_some(TWICE))
            } else {
                facts.returns_twice.then_some(TWICE)
            };
            facts.obstacle.or(twice)
        }
    }

    fn facts(&mut self, function: Function<'m>) -> Facts {
        let module = self.module;
        *self.functions.entry(function).or_insert_with(|| Facts::of(module, function))
    }

    /// The assembly of a switch.
    fn assembly(
        &mut self,
        operation: Operation,
        conditions: Conditions,
        ty: Type<'m>,
    ) -> Value<'m> {
        let made = self.switches.entry((operation, conditions, ty));
        *made.or_insert_with(|| (self.target.assembly)(operation, conditions).value(ty))
    }

    /// Replaces the call.
    fn put_in_place(&mut self, call: Call<'m>, operation: Operation, words: Value<'m>) {
        let module = self.module;
        let builder = Builder::before(module, call);
        let function = call.caller();
        let facts = self.facts(function);
        let conditions = Conditions {
            red_zone: function.attribute(AttributePlace::Function, "noredzone").is_none(),
            marked_targets: self.marked_targets,
            base_pointer: facts.grows || INLINED_LATER,
            slow_call: !operation.returns_twice() && (facts.handles || facts.joins_others),
            landed: false,
        };
        let mut args = call.args();
        match operation {
            Operation::SwapContext(Objects::Own) => args.truncate(2),
            Operation::SwapContext(Objects::InUcontext) => {
                for arg in &mut args {
                    *arg = builder.offset(*arg, self.target.in_ucontext);
                }
            }
            _ => {
                if let Some(sent) = args.last_mut() {
                    *sent = extended(&builder, module, call, *sent);
                    if conditions.slow_call {
                        *sent = slow_call::widened(&builder, module, *sent);
                    }
                }
            }
        }
        if operation.returns_twice() {
            args.extend([marks::none(module), Value::null(Type::pointer(module, 0))]);
        } else {
            args.push(builder.load_shared(Type::size(module), words));
        }
        args.push(call.callee());
        let params: Vec<Type<'m>> = args.iter().map(|arg| arg.ty()).collect();
        let mut results = vec![call.function_type().result()];
        if conditions.slow_call && operation == Operation::Suspend {
            results.push(Type::size(module));
        }
        results.extend(&params);
        let ty = Type::function(Type::literal(module, &results), &params);
        let assembly = self.assembly(operation, conditions, ty);
        let switch = builder.call(ty, assembly, &args, None);
        if operation.returns_twice() {
            switch.add_attribute(module, "returns_twice");
            let landed = Conditions { landed: true, ..conditions };
            let landed = self.assembly(operation, landed, ty);
            self.swaps.push(Swap { switch, landed });
        }
        if conditions.slow_call {
            slow_call::add(module, call, switch);
        } else {
            call.replace_and_name(Some(builder.field(switch.value(), 0)));
        }
    }
}

/// A small integer as C sends it: extended to 32 bits.
fn extended<'m>(
    builder: &Builder<'m>,
    module: Module<'m>,
    call: Call<'m>,
    value: Value<'m>,
) -> Value<'m> {
    let int = Type::int32(module);
    if value.ty() != int && matches!(value.ty().kind(), TypeKind::Integer(bits) if bits < 32) {
        let place = AttributePlace::Param(call.args().len() as u32 - 1);
        if call.has_attribute(place, "zeroext") {
            return builder.widen(value, int);
        }
        return builder.widen_signed(value, int);
    }
    value
}

/// What counts of a function.
#[derive(Clone, Copy, Debug)]
struct Facts {
    /// Why calls in it stay, if they do.
    obstacle: Option<&'static str>,
    /// Whether it has code for exceptions that pass through it.
    handles: bool,
    /// Whether it may yet become a part of functions that have.
    joins_others: bool,
    /// Whether its frame grows while it runs.
    grows: bool,
    /// Whether something in it may return more than once.
    returns_twice: bool,
    /// Whether that is something besides `swapcontext`.
    captures: bool,
}

impl Facts {
    fn of<'m>(module: Module<'m>, function: Function<'m>) -> Self {
        let instructions = function.instructions();
        let swaps = |call: &Call<'m>| {
            call.is_assembly()
                || call.callee().as_function().is_some_and(|f| {
                    [SWAP_UCONTEXT, SWAPCONTEXT].map(str::as_bytes).contains(&f.name_bytes())
                })
        };
        let calls_itself = |call: Call<'m>| call.callee() == function.value();
        let has = |name| function.attribute(AttributePlace::Function, name).is_some();
        let obstacle = if function.has_collector() {
            Some("the function has a garbage collector")
        } else if let Some((_, why)) = KEPT_IN.iter().find(|(name, _)| has(name)) {
            Some(*why)
        } else if instructions.iter().any(|i| i.is_funclet()) {
            Some("the function handles exceptions in parts of itself")
        } else if instructions.iter().filter_map(|i| i.call()).any(calls_itself) {
            // A function with a switch in place saves all registers that are its caller's, in each
            // of its frames, and all of them travel with a slice.
            Some("the function is recursive, and its frames would be larger")
        } else {
            None
        };
        let grows = instructions.iter().any(|i| i.is_alloca() && i.variable_size(module).is_none());
        let calls = instructions.iter().filter_map(|i| i.call());
        let mut captures = calls.filter(|call| call.may_return_twice()).peekable();
        let returns_twice = captures.peek().is_some();
        let captures = captures.any(|call| !swaps(&call));
        let handles = function.has_personality();
        let joins_others = INLINED_LATER && !has("noinline");
        Facts { obstacle, handles, joins_others, grows, returns_twice, captures }
    }
}
