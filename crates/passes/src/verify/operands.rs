//! Checks the constant operands and the function operands of a call.

use super::problem::Problem;
use stackswitch_abi::intrinsics::{Entry, Intrinsic, MAX_VALUE_SIZE, MIN_STACK, ParamKind};
use stackswitch_ir::{AttributePlace, Call, Function, Module, Type, Value, mangle};

/// Parameter attributes that only direct callers can honour.
const UNCALLABLE: [&str; 4] = ["sret", "inalloca", "preallocated", "swifterror"];

/// Checks the arguments of a call whose type is right.
pub(super) fn check<'m>(
    module: Module<'m>,
    name: &str,
    intrinsic: &Intrinsic,
    value_type: Option<Type<'m>>,
    call: Call<'m>,
) -> Result<(), Problem> {
    let args = call.args();
    let stack = intrinsic.params.iter().position(|p| p.kind == ParamKind::Stack);
    for (param, &arg) in intrinsic.params.iter().zip(&args) {
        if param.kind.must_not_be_null() {
            required(name, param.name, arg)?;
        }
        match param.kind {
            ParamKind::Function(entry) => {
                if let Some(function) = arg.as_function() {
                    entry_type(module, name, param.name, entry, value_type, function)?;
                }
            }
            ParamKind::StackSize => {
                if let Some(stack) = stack.and_then(|i| args.get(i)) {
                    stack_size(name, *stack, arg)?;
                }
            }
            ParamKind::Context
            | ParamKind::OptionalContext
            | ParamKind::Link
            | ParamKind::Capture
            | ParamKind::Base
            | ParamKind::OptionalBase
            | ParamKind::Stack
            | ParamKind::Size
            | ParamKind::Argument
            | ParamKind::Value => {}
        }
    }
    Ok(())
}

/// Checks the arguments of a call that passes its value through memory.
pub(super) fn check_wide(name: &str, intrinsic: &Intrinsic, call: Call<'_>) -> Result<(), Problem> {
    let mut args = call.args().into_iter();
    for param in intrinsic.params {
        let Some(arg) = args.next() else { break };
        if param.kind == ParamKind::Value {
            let size = args.next().and_then(Value::as_integer);
            if let Some(bytes) = size.filter(|&bytes| bytes > MAX_VALUE_SIZE) {
                return Err(Problem::new(format!(
                    "argument 'size' of '{name}' is {bytes}; expected at most {MAX_VALUE_SIZE}"
                )));
            }
            if size != Some(0) {
                required(name, param.name, arg)?;
            }
        } else if param.kind.must_not_be_null() {
            required(name, param.name, arg)?;
        }
    }
    // What is left starts the body.
    args.try_for_each(|entry| required(name, "entry", entry))
}

/// Refuses constants that can only fail. Poison is not one that anybody writes: LLVM leaves it where
/// control never gets to, and some run passes of its before these.
fn required(name: &str, param: &str, arg: Value<'_>) -> Result<(), Problem> {
    let what = if arg.is_null() {
        "null"
    } else if arg.is_undefined() {
        "undefined"
    } else {
        return Ok(());
    };
    let expected = match param {
        "fn" | "entry" => "a function",
        _ => "a pointer to a live object",
    };
    Err(Problem::new(format!("argument '{param}' of '{name}' is {what}; expected {expected}")))
}

/// Refuses stacks that the runtime would refuse, where both operands are known.
fn stack_size(name: &str, stack: Value<'_>, size: Value<'_>) -> Result<(), Problem> {
    match size.as_integer() {
        // Whether any other pointer is null (a sliced context) is only known when it runs.
        Some(bytes) if bytes < MIN_STACK && stack.is_variable_address() => Err(Problem::new(
            format!("the stack given to '{name}' has {bytes} bytes; expected at least {MIN_STACK}"),
        )
        .hint("pass a null stack for a context that is sliced from its base")),
        _ => Ok(()),
    }
}

/// Checks the type of a function that will be started by a switch.
fn entry_type<'m>(
    module: Module<'m>,
    name: &str,
    param: &str,
    entry: Entry,
    value_type: Option<Type<'m>>,
    function: Function<'m>,
) -> Result<(), Problem> {
    let pointer = Type::pointer(module, 0);
    let value = value_type.unwrap_or(pointer);
    let expected = match entry {
        Entry::Posix => Type::function(Type::void(module), &[pointer]),
        Entry::Body => Type::function(value, &[pointer, value]),
        Entry::OnTop => Type::function(value, &[value]),
    };
    let found = function.ty();
    let called = function.name();
    if found != expected {
        let problem = Problem::new(format!(
            "argument '{param}' of '{name}' is '@{called}' of type '{found}'; expected '{expected}'"
        ));
        // The most likely slip: the right function under another overload.
        let other = mangle::mangle(found.result());
        return Err(match (entry, other) {
            (Entry::Body | Entry::OnTop, Some(suffix))
                if found.params().len() == expected.params().len() =>
            {
                problem.hint(format!("the overload for its result has the suffix '.{suffix}'"))
            }
            _ => problem,
        });
    }
    for i in 0..expected.params().len() as u32 {
        for attribute in UNCALLABLE {
            if function.attribute(AttributePlace::Param(i), attribute).is_some() {
                return Err(Problem::new(format!(
                    "argument '{param}' of '{name}' is '@{called}', whose parameter {} is '{attribute}'; expected one that is passed directly",
                    i + 1
                )));
            }
        }
    }
    Ok(())
}
