//! Checks that a call has the type that the table gives its intrinsic.

use super::problem::Problem;
use stackswitch_abi::intrinsics::{Intrinsic, ParamKind, Returns};
use stackswitch_ir::{Call, Module, Type};

/// Compares a function type with the table's, for a known `T`.
pub(super) fn check<'m>(
    module: Module<'m>,
    name: &str,
    intrinsic: &Intrinsic,
    value_type: Option<Type<'m>>,
    found: Type<'m>,
) -> Result<(), Problem> {
    let value = value_type.unwrap_or_else(|| Type::pointer(module, 0));
    let names: Vec<&str> = intrinsic.params.iter().map(|p| p.name).collect();
    compare(name, &names, expected(module, intrinsic, value), found)
}

/// Compares the type of a call with that of the runtime function that takes values through memory.
pub(super) fn check_wide<'m>(
    module: Module<'m>,
    name: &str,
    intrinsic: &Intrinsic,
    call: Call<'m>,
) -> Result<(), Problem> {
    let mut names = Vec::new();
    for param in intrinsic.params {
        names.push(param.name);
        if param.kind == ParamKind::Value {
            names.push("size");
        }
    }
    names.extend(intrinsic.entry().map(|_| "entry"));
    compare(name, &names, wide(module, intrinsic), call.function_type())
}

/// The intrinsics and the runtime use C's calling convention.
pub(super) fn check_convention(name: &str, call: Call<'_>) -> Result<(), Problem> {
    match call.calling_convention() {
        0 => Ok(()),
        other => Err(Problem::new(format!(
            "'{name}' is called with calling convention {other}; expected C's (ccc)"
        ))),
    }
}

/// The type of an intrinsic, and of its typed runtime function, for `T = value`.
pub fn expected<'m>(module: Module<'m>, intrinsic: &Intrinsic, value: Type<'m>) -> Type<'m> {
    let params: Vec<Type<'m>> =
        intrinsic.params.iter().map(|p| param_type(module, p.kind, value)).collect();
    Type::function(result_type(module, intrinsic, value), &params)
}

/// The type of the runtime function that takes values through memory: the address and the size
/// stand for the value, and the function that starts the body comes last.
pub(crate) fn wide<'m>(module: Module<'m>, intrinsic: &Intrinsic) -> Type<'m> {
    let pointer = Type::pointer(module, 0);
    let mut params = Vec::new();
    for param in intrinsic.params {
        params.push(param_type(module, param.kind, pointer));
        if param.kind == ParamKind::Value {
            params.push(Type::size(module));
        }
    }
    params.extend(intrinsic.entry().map(|_| pointer));
    let result = match intrinsic.returns {
        Returns::Value => Type::void(module),
        _ => result_type(module, intrinsic, pointer),
    };
    Type::function(result, &params)
}

fn param_type<'m>(module: Module<'m>, kind: ParamKind, value: Type<'m>) -> Type<'m> {
    match kind {
        ParamKind::StackSize | ParamKind::Size => Type::size(module),
        ParamKind::Value => value,
        ParamKind::Context
        | ParamKind::OptionalContext
        | ParamKind::Link
        | ParamKind::Capture
        | ParamKind::Base
        | ParamKind::OptionalBase
        | ParamKind::Stack
        | ParamKind::Function(_)
        | ParamKind::Argument => Type::pointer(module, 0),
    }
}

fn result_type<'m>(module: Module<'m>, intrinsic: &Intrinsic, value: Type<'m>) -> Type<'m> {
    match intrinsic.returns {
        Returns::Void => Type::void(module),
        Returns::Int => Type::int32(module),
        Returns::Size => Type::size(module),
        Returns::Pointer => Type::pointer(module, 0),
        Returns::Value => value,
    }
}

/// Names the first difference between two function types.
fn compare(name: &str, names: &[&str], expected: Type<'_>, found: Type<'_>) -> Result<(), Problem> {
    if expected == found {
        return Ok(());
    }
    let (want, have) = (expected.params(), found.params());
    let what = if found.is_variadic() {
        "it takes no variable arguments".to_owned()
    } else if want.len() != have.len() {
        format!("it takes {} argument(s), not {}", want.len(), have.len())
    } else if expected.result() != found.result() {
        format!("its result is '{}', not '{}'", expected.result(), found.result())
    } else {
        let different = want.iter().zip(&have).enumerate().find(|(_, (w, h))| w != h);
        match different {
            Some((i, (want, have))) => {
                format!("argument {} ('{}') is '{want}', not '{have}'", i + 1, names[i])
            }
            None => "the types differ".to_owned(),
        }
    };
    Err(Problem::new(format!(
        "'{name}' has the wrong type '{found}'; expected '{expected}': {what}"
    )))
}
