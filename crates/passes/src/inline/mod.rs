//! `stackswitch-inline`: puts the fast path of a switch in the place of a call of the runtime.
//!
//! The fast path is a few instructions of inline assembly, which `crate::cpu` has for each CPU. The
//! compiler then saves what is live at that place and nothing else. If the fast path does not apply,
//! the assembly calls the runtime's function. On a CPU without a switch in place, calls stay.

mod eligibility;
mod returns;
mod slow_call;
mod thread_mark;

use std::collections::{HashMap, HashSet};

use stackswitch_abi::intrinsics::{FastPath, Form, Intrinsic, TABLE, Typed};
use stackswitch_ir::{AttributePlace, Builder, Call, Function, Module, Type, TypeKind, Value};

use crate::cpu::{self, Conditions, InPlace, ObjectPlace, Operand, Operands, Operation, Registers};
use crate::remark::Remark;
use crate::verify;
use eligibility::{FunctionFacts, INLINED_LATER, SWAP_UCONTEXT};
use thread_mark::{MarkSource, SwapSite};

/// The runtime's variable that holds the distance of the thread words from the thread pointer. The
/// number at the end of the name counts the layouts that this pass relies on.
pub const WORDS: &str = "stackswitch_resident_v3";

/// The runtime's variable that holds the distance of the mark of the thread's plain captures from
/// the thread pointer. The number is as in [`WORDS`].
pub const PLAIN: &str = "stackswitch_plain_v3";

/// The module flag that switches the pass off, if it is 0.
pub const FLAG: &str = "stackswitch-inline";

/// The module flag that says that the code will run in this process, if it is 1.
pub(crate) const RUNS_HERE: &str = "stackswitch-runs-here";

/// The name of the remark at each switch that is put in place, and at each that stays a call.
pub(crate) const REMARK: &str = "SwitchInPlace";

/// The types of values that travel in a general register.
const FORMS: [Typed; 5] = [Typed::Ptr, Typed::I8, Typed::I16, Typed::I32, Typed::I64];

/// The prefix of the names of functions that our passes make.
const OUR_OWN: &[u8] = b"stackswitch.";

/// The operation in place that an intrinsic has, if it has one.
fn operation_of(intrinsic: &Intrinsic) -> Option<Operation> {
    Some(match intrinsic.properties.fast_path? {
        FastPath::Swap => Operation::Swap,
        FastPath::Resume => Operation::Resume,
        FastPath::Suspend => Operation::Suspend,
        FastPath::SwapContext => Operation::SwapContext(ObjectPlace::OwnMemory),
    })
}

/// Puts switches in place. Returns the functions that may have changed; if none has, the list is
/// empty.
pub(crate) fn inline<'m>(module: Module<'m>, report: &dyn Fn(&Remark<'m>)) -> Vec<Function<'m>> {
    let Some(in_place) = cpu::of(module).and_then(|cpu| (cpu.in_place)(module)) else {
        return Vec::new();
    };
    if module.flag(FLAG) == Some(0) {
        return Vec::new();
    }
    let mut pass = Pass {
        module,
        in_place,
        marked_targets: module.flag("cf-protection-branch").is_some_and(|on| on != 0),
        registers: match module.flag(RUNS_HERE) {
            Some(1) => (in_place.registers_here)(),
            _ => Registers::ALL,
        },
        functions: HashMap::new(),
        assemblies: HashMap::new(),
        swaps: Vec::new(),
    };
    if !pass.replace_all(report) {
        return Vec::new();
    }
    let mut changed = HashSet::new();
    if !pass.swaps.is_empty()
        && let Some(variable) = pass.external_words(Operation::SwapContext(ObjectPlace::Ucontext))
    {
        let switches = pass.swaps.iter().map(|site| site.switch).collect();
        thread_mark::supply(module, &MarkSource { in_place, variable }, pass.swaps);
        if !pass.marked_targets {
            changed.extend(returns::jump_back(module, in_place.jump_return, &switches));
        }
    }
    changed.extend(pass.functions.into_keys());
    changed.into_iter().collect()
}

/// The work on one module.
struct Pass<'m> {
    module: Module<'m>,
    in_place: InPlace,
    /// Whether indirect jumps may only go to marked instructions.
    marked_targets: bool,
    /// The registers that the CPU may have.
    registers: Registers,
    functions: HashMap<Function<'m>, FunctionFacts>,
    /// The assembly of each kind of switch. A module has many switches of few kinds.
    assemblies: HashMap<(Operation, Conditions, Type<'m>), Value<'m>>,
    /// Each `swapcontext` in place; it has no mark yet.
    swaps: Vec<SwapSite<'m>>,
}

impl<'m> Pass<'m> {
    /// Replaces the calls of all functions of the runtime that have a switch in place. Returns
    /// whether it replaced any.
    fn replace_all(&mut self, report: &dyn Fn(&Remark<'m>)) -> bool {
        let module = self.module;
        let mut changed = false;
        for intrinsic in TABLE {
            let Some(operation) = operation_of(intrinsic) else { continue };
            // An operation without values has the form of a pointer.
            let forms = if operation.returns_twice() { &FORMS[..1] } else { &FORMS };
            for &typed in forms {
                let Some(value) = verify::typed_value(module, typed) else { continue };
                let symbol = intrinsic.symbol(Form::Typed(typed)).to_string();
                let ty = verify::expected_type(module, intrinsic, value);
                changed |= self.replace_calls(&symbol, ty, operation, report);
            }
        }
        let pointer = Type::pointer(module, 0);
        let ty = Type::function(Type::int32(module), &[pointer, pointer]);
        let in_ucontext = Operation::SwapContext(ObjectPlace::Ucontext);
        self.replace_calls(SWAP_UCONTEXT, ty, in_ucontext, report) | changed
    }

    /// Replaces the calls of one function of the runtime. Returns whether it replaced any.
    fn replace_calls(
        &mut self,
        symbol: &str,
        ty: Type<'m>,
        operation: Operation,
        report: &dyn Fn(&Remark<'m>),
    ) -> bool {
        // A module that defines the function is the runtime itself.
        let runtime = self.module.function(symbol).filter(|f| f.is_declaration());
        let calls = runtime.map(|runtime| runtime.uses().0).unwrap_or_default();
        let mut changed = false;
        for call in calls.into_iter().filter(|call| call.function_type() == ty) {
            changed |= self.replace_or_explain(call, operation, report);
        }
        changed
    }

    /// Replaces a call, or reports why not. Returns whether it replaced it.
    fn replace_or_explain(
        &mut self,
        call: Call<'m>,
        operation: Operation,
        report: &dyn Fn(&Remark<'m>),
    ) -> bool {
        let remark = |taken, text| Remark { at: call.instruction(), taken, name: REMARK, text };
        let facts = self.facts(call.caller());
        let words = match eligibility::obstacle(call, operation, &facts) {
            None => self.external_words(operation).ok_or("a name of the runtime's is taken"),
            Some(why) => Err(why),
        };
        match words {
            Ok(words) => {
                report(&remark(true, "the switch is in place".to_owned()));
                self.replace(call, operation, words);
                true
            }
            Err(why) => {
                // Users did not write the functions that our passes make.
                if !call.caller().name_bytes().starts_with(OUR_OWN) {
                    report(&remark(false, format!("the switch is a call: {why}")));
                }
                false
            }
        }
    }

    /// The runtime's variable that holds where the thread words are, or where the mark is.
    fn external_words(&self, operation: Operation) -> Option<Value<'m>> {
        let name = if operation.returns_twice() { PLAIN } else { WORDS };
        self.module.external_variable(name, Type::size(self.module))
    }

    fn facts(&mut self, function: Function<'m>) -> FunctionFacts {
        let module = self.module;
        *self.functions.entry(function).or_insert_with(|| FunctionFacts::of(module, function))
    }

    /// The assembly of a kind of switch, as a callee of type `ty`.
    fn assembly(
        &mut self,
        operation: Operation,
        conditions: Conditions,
        ty: Type<'m>,
    ) -> Value<'m> {
        let made = self.assemblies.entry((operation, conditions, ty));
        *made.or_insert_with(|| (self.in_place.assembly)(operation, conditions).value(ty))
    }

    /// The conditions of a switch in a function.
    fn conditions(&mut self, function: Function<'m>, operation: Operation) -> Conditions {
        let facts = self.facts(function);
        let may_throw_here = facts.handles_exceptions || facts.joins_others;
        Conditions {
            red_zone: function.attribute(AttributePlace::Function, "noredzone").is_none(),
            marked_targets: self.marked_targets,
            base_pointer: facts.grows || INLINED_LATER,
            slow_call: !operation.returns_twice() && may_throw_here,
            unwind_tables: function.attribute(AttributePlace::Function, "uwtable").is_some(),
            knows_resumed: false,
            registers: match facts.has_rare_values {
                true => self.registers,
                false => self.registers.without_rare(),
            },
        }
    }

    /// Replaces a call by the switch in place.
    fn replace(&mut self, call: Call<'m>, operation: Operation, words: Value<'m>) {
        let module = self.module;
        let conditions = self.conditions(call.caller(), operation);
        let operands = Operands::of(operation, conditions);
        let builder = Builder::before(module, call);
        let inputs = self.inputs(&builder, call, operation, conditions, words);
        let params: Vec<Type<'m>> = inputs.iter().map(|input| input.ty()).collect();
        let mut results = vec![call.function_type().result()];
        if operands.has_extra_output() {
            results.push(Type::size(module));
        }
        results.extend(&params);
        let ty = Type::function(Type::literal(module, &results), &params);
        let assembly = self.assembly(operation, conditions, ty);
        let switch = builder.call(ty, assembly, &inputs, None);
        if operation.returns_twice() {
            switch.add_attribute(module, "returns_twice");
            let knowing = Conditions { knows_resumed: true, ..conditions };
            let knowing_resumed = self.assembly(operation, knowing, ty);
            self.swaps.push(SwapSite { switch, operands, knowing_resumed });
        }
        if conditions.slow_call {
            slow_call::add(module, call, switch, operands);
        } else {
            let result = builder.field(switch.value(), Operands::RESULT);
            call.replace_and_name(Some(result));
        }
    }

    /// The inputs of the assembly that replaces a call.
    fn inputs(
        &self,
        builder: &Builder<'m>,
        call: Call<'m>,
        operation: Operation,
        conditions: Conditions,
        words: Value<'m>,
    ) -> Vec<Value<'m>> {
        let module = self.module;
        let args = call.args();
        let object = |arg| match operation {
            Operation::SwapContext(ObjectPlace::Ucontext) => {
                builder.offset(arg, self.in_place.object_in_ucontext)
            }
            _ => arg,
        };
        let input = |operand| match operand {
            Operand::Captured => object(args[0]),
            Operand::Target if operation.returns_twice() => object(args[1]),
            Operand::Target => args[0],
            Operand::Value => {
                let value = extended(builder, module, call, args[args.len() - 1]);
                match conditions.slow_call {
                    true => slow_call::widened(builder, module, value),
                    false => value,
                }
            }
            Operand::ThreadWords => builder.load_shared(Type::size(module), words),
            // They are supplied once all switches are in place.
            Operand::Mark => thread_mark::no_mark(module),
            Operand::Resumed => Value::null(Type::pointer(module, 0)),
            Operand::SlowPath => call.callee(),
        };
        Operands::of(operation, conditions).inputs().iter().copied().map(input).collect()
    }
}

/// The value that a call passes last. A small integer is extended to 32 bits, as C passes it.
fn extended<'m>(
    builder: &Builder<'m>,
    module: Module<'m>,
    call: Call<'m>,
    value: Value<'m>,
) -> Value<'m> {
    let int = Type::int32(module);
    let is_small = matches!(value.ty().kind(), TypeKind::Integer(bits) if bits < 32);
    if !is_small {
        return value;
    }
    let place = AttributePlace::Param(call.args().len() as u32 - 1);
    if call.has_attribute(place, "zeroext") {
        builder.widen(value, int)
    } else {
        builder.widen_signed(value, int)
    }
}
