//! The slow way of a switch in place as a call of its own, behind the assembly.
//!
//! What a function throws goes through LLVM's tables of handlers, which know calls. LLVM has invokes
//! of assembly too, but keeps values in registers that the handler finds elsewhere: it may move
//! them between the end of the assembly and that of the invoke. So where a handler may be around a
//! switch nothing in the assembly throws. It ends with the function that is to be called, if one
//! is: that of the runtime, or the one that shall run on top of the context when it goes on.

use stackswitch_ir::{AttributePlace, Builder, Call, Module, Type, TypeKind, Value};

/// A value as it comes back where it is an argument of that function: as wide as a pointer.
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

/// Replaces a call or an invoke of the runtime by what a switch in place right before it has for
/// outputs: its result, or else a call or an invoke of what it asks for.
pub(super) fn add<'m>(module: Module<'m>, call: Call<'m>, switch: Call<'m>) {
    let builder = Builder::before(module, call);
    let output = |index| builder.field(switch.value(), index);
    let (result, args, function) = (output(0), [output(1), output(2)], output(4));
    let is_asked_for = builder.is_not_null(function);
    let ty = Type::function(call.function_type().result(), &args.map(|arg| arg.ty()));
    let slow = builder.call_like(call, ty, function, &args);
    if call.has_attribute(AttributePlace::Function, "nounwind") {
        slow.add_attribute(module, "nounwind");
    }
    call.replace_and_name(Some(slow.value()));
    slow.make_conditional(is_asked_for, result);
}
