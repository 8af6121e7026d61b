//! The slow path of a switch in place as a call after the assembly.
//!
//! A function on the slow path may throw. LLVM can invoke assembly, but it may keep a value that a
//! handler needs in a register until the end of the assembly and move it to its place only then,
//! where an exception never gets to. So in a function with handlers nothing throws inside of the
//! assembly. Its outputs say which function is to be called with which arguments, if any, and a
//! plain call or invoke after the assembly makes that call.

use stackswitch_ir::{AttributePlace, Builder, Call, Module, Type, TypeKind, Value};

use crate::cpu::{Operands, SlowCall};

/// The value that a switch carries, as wide as a pointer: so it is passed to the function that is
/// called after the assembly.
pub(super) fn widened<'m>(
    builder: &Builder<'m>,
    module: Module<'m>,
    value: Value<'m>,
) -> Value<'m> {
    match value.ty().kind() {
        TypeKind::Integer(_) => builder.widen(value, Type::size(module)),
        _ => value,
    }
}

/// Replaces `call`, a call or an invoke of the runtime, by the result of `switch`, the assembly
/// right before it, or by the call that its outputs ask for.
pub(super) fn add<'m>(module: Module<'m>, call: Call<'m>, switch: Call<'m>, operands: Operands) {
    let builder = Builder::before(module, call);
    let output = |index| builder.field(switch.value(), index);
    let SlowCall { function, arguments } = operands.slow_call();
    let result = output(Operands::RESULT);
    let arguments = arguments.map(output);
    let function = output(function);
    let is_asked_for = builder.is_not_null(function);
    let ty = Type::function(call.function_type().result(), &arguments.map(|arg| arg.ty()));
    let slow = builder.call_like(call, ty, function, &arguments);
    if call.has_attribute(AttributePlace::Function, "nounwind") {
        slow.add_attribute(module, "nounwind");
    }
    call.replace_and_name(Some(slow.value()));
    slow.make_conditional(is_asked_for, result);
}
