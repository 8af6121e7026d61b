//! `stackswitch-inline`: the resident switch in place of a call of the runtime.
//!
//! Where nothing has to be copied a switch is a few instructions, which then save what is live at
//! that place and nothing else. All else is left to the runtime's function, which they call. What
//! they are is the target's part, in a module of its own; on other targets calls stay.

pub(crate) mod x86_64;

use std::collections::HashMap;

use crate::intrinsics::{Form, Intrinsic, TABLE, Typed};
use crate::ir::{
    Assembly, AttributePlace, Builder, Call, CallKind, Function, Module, Type, TypeKind, Value,
};
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

/// Attributes of functions whose calls stay. Instrumented code goes with a runtime that has no fast
/// path.
const KEPT_IN: [&str; 10] = [
    "optnone",
    "naked",
    "minsize",
    "optsize",
    "sanitize_address",
    "sanitize_hwaddress",
    "sanitize_memory",
    "sanitize_thread",
    "sanitize_realtime",
    "sanitize_memtag",
];

/// Puts switches in place and returns whether anything changed.
pub(crate) fn inline(module: Module<'_>) -> bool {
    let Some(target) = Target::of(module) else { return false };
    if module.flag(FLAG) == Some(0) {
        return false;
    }
    let mut inlining =
        Inlining { module, target, suitable: HashMap::new(), dynamic: HashMap::new() };
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
                if call.function_type() == ty && inlining.can_be_in_place(call) {
                    changed |= inlining.put_in_place(call, operation, value);
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
    /// Whether switches can be in place in a function.
    suitable: HashMap<Function<'m>, bool>,
    /// Whether a function's frame grows while it runs.
    dynamic: HashMap<Function<'m>, bool>,
}

impl<'m> Inlining<'m> {
    fn can_be_in_place(&mut self, call: Call<'m>) -> bool {
        let function = call.caller();
        call.kind() == CallKind::Call
            && call.calling_convention() == 0
            && !call.is_must_tail()
            && !call.has_bundles()
            && *self.suitable.entry(function).or_insert_with(|| is_suitable(function))
    }

    /// Replaces the call. False where the module has another use for the runtime's name.
    fn put_in_place(&mut self, call: Call<'m>, operation: Operation, value: Type<'m>) -> bool {
        let module = self.module;
        let Some(i64) = Type::integer(module, 64) else { return false };
        let Some(words) = module.external_variable(WORDS, i64) else { return false };
        let builder = Builder::before(module, call);
        let mut args = call.args();
        if let Some(sent) = args.last_mut() {
            *sent = extended(&builder, module, call, *sent);
        }
        args.push(builder.load_shared(i64, words));
        args.push(call.callee());
        let params: Vec<Type<'m>> = args.iter().map(|arg| arg.ty()).collect();
        let mut results = vec![value];
        results.extend(&params);
        let ty = Type::function(Type::literal(module, &results), &params);
        let function = call.caller();
        let dynamic =
            *self.dynamic.entry(function).or_insert_with(|| function.has_dynamic_allocas());
        let conditions = Conditions {
            red_zone: function.attribute(AttributePlace::Function, "noredzone").is_none(),
            marked_targets: module.flag("cf-protection-branch").is_some_and(|on| on != 0),
            base_pointer: dynamic || INLINED_LATER,
        };
        let assembly = self.target.assembly(operation, conditions).value(ty);
        let switch = builder.call(ty, assembly, &args, None);
        call.replace(Some(builder.field(switch.value(), 0)));
        true
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

/// Whether switches can be in place in a function. Handlers of exceptions find no entry for
/// instructions that are not a call in their tables, nor do garbage collectors; what returns twice
/// finds registers as they were at a call.
fn is_suitable(function: Function<'_>) -> bool {
    !function.has_personality()
        && !function.has_collector()
        && !KEPT_IN.iter().any(|name| function.attribute(AttributePlace::Function, name).is_some())
        && !function.any_call(|call| call.has_attribute(AttributePlace::Function, "returns_twice"))
}
