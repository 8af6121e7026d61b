//! `stackswitch-inline`: the resident switch in place of a call of the runtime.
//!
//! Where nothing has to be copied a switch is a few instructions, which then save what is live at
//! that place and nothing else. All else is left to the runtime's function, which they call. What
//! they are is the target's part, in a module of its own; on other targets calls stay.

pub(crate) mod x86_64;

use std::collections::HashMap;

use inkwell::module::FlagBehavior;

use crate::intrinsics::{Form, Intrinsic, TABLE, Typed};
use crate::ir::{
    Assembly, AttributePlace, Builder, Call, CallKind, Function, Module, Type, TypeKind, Value,
};
use crate::optimise::Remark;
use crate::verify;

/// The variable of the runtime that says where a thread's words are. Its name's last part counts
/// layouts of what is relied on.
pub(crate) const WORDS: &str = "stackswitch_resident_v1";

/// A module's flag of that name with the value 0 keeps all its calls.
pub(crate) const FLAG: &str = "stackswitch-inline";

/// The operations that can be in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Swap,
    Resume,
    Suspend,
}

impl Operation {
    fn of(intrinsic: &Intrinsic) -> Option<Self> {
        match intrinsic.name {
            "swap" => Some(Operation::Swap),
            "resume" => Some(Operation::Resume),
            "suspend" => Some(Operation::Suspend),
            _ => None,
        }
    }
}

/// Whether a function may still become a part of another after the pass: LLVM 19 does not say that
/// a pipeline's end is not the end.
const INLINED_LATER: bool = cfg!(feature = "llvm19");

/// A target whose switch is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    X86_64,
}

impl Target {
    /// The one that a module is for.
    fn of(module: Module<'_>) -> Option<Self> {
        x86_64::fits(module).then_some(Target::X86_64)
    }

    /// The switch. Its inputs are the target (not for `suspend`), the value, where a thread's words
    /// are, and the runtime's function; its outputs the result and then what becomes of those.
    fn assembly(self, operation: Operation, conditions: Conditions) -> Assembly {
        match self {
            Target::X86_64 => x86_64::assembly(operation, conditions),
        }
    }
}

/// What a switch is made of depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Conditions {
    /// Signal handlers leave the bytes below the stack pointer alone.
    red_zone: bool,
    /// Indirect jumps may only go to marked places.
    marked_targets: bool,
    /// The compiler may need a register of its own to find the frame.
    base_pointer: bool,
}

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

/// The remark at each switch that is put in place, or that stays a call.
pub(crate) const REMARK: &str = "SwitchInPlace";

/// Has `stackswitch-inline` leave a module alone, unless the module says itself what it wants.
pub(crate) fn keep_calls(module: &inkwell::module::Module<'_>) {
    if module.get_flag(FLAG).is_none() {
        let no = module.get_context().i32_type().const_zero();
        module.add_basic_value_flag(FLAG, FlagBehavior::Override, no);
    }
}

/// Puts switches in place and returns whether anything changed.
pub(crate) fn inline<'m>(module: Module<'m>, tell: &dyn Fn(&Remark<'m>)) -> bool {
    let Some(target) = Target::of(module) else { return false };
    if module.flag(FLAG) == Some(0) {
        return false;
    }
    let mut inlining = Inlining { module, target, functions: HashMap::new() };
    let mut changed = false;
    for intrinsic in TABLE {
        let Some(operation) = Operation::of(intrinsic) else { continue };
        for typed in FORMS {
            let symbol = intrinsic.symbol(Form::Typed(typed));
            let Some(runtime) = module.function(&symbol) else { continue };
            // A module that defines it is the runtime itself.
            if !runtime.is_declaration() {
                continue;
            }
            let Some(value) = verify::typed_value(module, typed) else { continue };
            let ty = verify::expected_type(module, intrinsic, value);
            for call in runtime.uses().0 {
                if call.function_type() == ty {
                    changed |= inlining.site(call, operation, value, tell);
                }
            }
        }
    }
    changed
}

/// The work on one module.
struct Inlining<'m> {
    module: Module<'m>,
    target: Target,
    functions: HashMap<Function<'m>, Facts>,
}

impl<'m> Inlining<'m> {
    /// Puts one switch in place, or says why not. Returns whether that was done.
    fn site(
        &mut self,
        call: Call<'m>,
        operation: Operation,
        value: Type<'m>,
        tell: &dyn Fn(&Remark<'m>),
    ) -> bool {
        let remark = |taken, text| Remark { at: call.instruction(), taken, name: REMARK, text };
        let words = match self.obstacle(call) {
            None => self.words().ok_or("a name of the runtime's is taken"),
            Some(why) => Err(why),
        };
        match words {
            Ok(words) => {
                tell(&remark(true, "the switch is in place".to_owned()));
                self.put_in_place(call, operation, value, words);
                true
            }
            Err(why) => {
                tell(&remark(false, format!("the switch is a call: {why}")));
                false
            }
        }
    }

    /// The variable that says where a thread's words are.
    fn words(&self) -> Option<Value<'m>> {
        self.module.external_variable(WORDS, Type::size(self.module))
    }

    /// Why a call stays, if it does.
    fn obstacle(&mut self, call: Call<'m>) -> Option<&'static str> {
        if call.kind() != CallKind::Call {
            Some("what it throws is caught here")
        } else if call.is_musttail() {
            Some("it must become a jump")
        } else if call.calling_convention() != 0 {
            Some("it has another calling convention")
        } else if call.has_bundles() {
            Some("it has operand bundles")
        } else {
            self.facts(call.caller()).obstacle
        }
    }

    fn facts(&mut self, function: Function<'m>) -> Facts {
        let module = self.module;
        *self.functions.entry(function).or_insert_with(|| Facts::of(module, function))
    }

    /// Replaces the call.
    fn put_in_place(
        &mut self,
        call: Call<'m>,
        operation: Operation,
        value: Type<'m>,
        words: Value<'m>,
    ) {
        let module = self.module;
        let builder = Builder::before(module, call);
        let mut args = call.args();
        if let Some(sent) = args.last_mut() {
            *sent = extended(&builder, module, call, *sent);
        }
        args.push(builder.load_shared(Type::size(module), words));
        args.push(call.callee());
        let params: Vec<Type<'m>> = args.iter().map(|arg| arg.ty()).collect();
        let mut results = vec![value];
        results.extend(&params);
        let ty = Type::function(Type::literal(module, &results), &params);
        let function = call.caller();
        let conditions = Conditions {
            red_zone: function.attribute(AttributePlace::Function, "noredzone").is_none(),
            marked_targets: module.flag("cf-protection-branch").is_some_and(|on| on != 0),
            base_pointer: self.facts(function).grows || INLINED_LATER,
        };
        let assembly = self.target.assembly(operation, conditions).value(ty);
        let switch = builder.call(ty, assembly, &args, None);
        call.replace(Some(builder.field(switch.value(), 0)));
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
    /// Whether its frame grows while it runs.
    grows: bool,
}

impl Facts {
    fn of<'m>(module: Module<'m>, function: Function<'m>) -> Self {
        let instructions = function.instructions();
        let twice = |call: Call<'m>| call.has_attribute(AttributePlace::Function, "returns_twice");
        let calls_itself = |call: Call<'m>| call.callee() == function.value();
        let has = |name| function.attribute(AttributePlace::Function, name).is_some();
        let obstacle = if function.has_personality() {
            // Its tables have entries for calls only.
            Some("the function handles exceptions")
        } else if function.has_collector() {
            Some("the function has a garbage collector")
        } else if let Some((_, why)) = KEPT_IN.iter().find(|(name, _)| has(name)) {
            Some(*why)
        } else if instructions.iter().filter_map(|i| i.call()).any(twice) {
            // It finds registers as they were at a call.
            Some("the function calls what returns twice")
        } else if instructions.iter().filter_map(|i| i.call()).any(calls_itself) {
            // A function with a switch in place saves all registers that are its caller's, in each
            // of its frames, and all of them travel with a slice.
            Some("the function is recursive, and its frames would be larger")
        } else {
            None
        };
        let grows = instructions.iter().any(|i| i.is_alloca() && i.variable_size(module).is_none());
        Facts { obstacle, grows }
    }
}
