//! Finds the type `T` of an overloaded call, and checks that a switch can carry it.

use super::problem::Problem;
use stackswitch_abi::intrinsics::{Intrinsic, MAX_VALUE_SIZE, ParamKind, Returns};
use stackswitch_ir::{Call, Function, Module, Type, Value, mangle};

/// The `T` of a call; `None` for an intrinsic that is not overloaded.
pub(super) fn of_call<'m>(
    module: Module<'m>,
    intrinsic: &Intrinsic,
    suffix: Option<&str>,
    call: Call<'m>,
) -> Result<Option<Type<'m>>, Problem> {
    let function = intrinsic
        .params
        .iter()
        .position(|p| matches!(p.kind, ParamKind::Function(_)))
        .and_then(|i| call.args().get(i).copied())
        .and_then(Value::as_function);
    resolve(module, intrinsic, suffix, call.function_type(), function)
}

/// The `T` of a declaration that nothing calls.
pub(super) fn of_declaration<'m>(
    module: Module<'m>,
    intrinsic: &Intrinsic,
    suffix: Option<&str>,
    declaration: Function<'m>,
) -> Result<Option<Type<'m>>, Problem> {
    resolve(module, intrinsic, suffix, declaration.ty(), None)
}

fn resolve<'m>(
    module: Module<'m>,
    intrinsic: &Intrinsic,
    suffix: Option<&str>,
    found: Type<'m>,
    function: Option<Function<'m>>,
) -> Result<Option<Type<'m>>, Problem> {
    if !intrinsic.overloaded {
        return Ok(None);
    }
    let Some(suffix) = suffix else {
        return Ok(Some(Type::pointer(module, 0)));
    };
    // A type in use goes first: a suffix alone does not say whether a structure is packed.
    let used = in_signature(intrinsic, found)
        .into_iter()
        .chain(function.map(|f| f.ty().result()))
        .find(|&ty| mangle::is_suffix_of(suffix, ty));
    match used.or_else(|| mangle::demangle(module, suffix)) {
        Some(ty) => carriable(module, ty).map(Some),
        None => Err(unknown_suffix(intrinsic, suffix, in_signature(intrinsic, found))),
    }
}

/// The type where the signature has `T`, looked for in the parameters first.
fn in_signature<'m>(intrinsic: &Intrinsic, found: Type<'m>) -> Option<Type<'m>> {
    intrinsic
        .params
        .iter()
        .position(|p| p.kind == ParamKind::Value)
        .and_then(|i| found.params().get(i).copied())
        .or_else(|| (intrinsic.returns == Returns::Value).then(|| found.result()))
}

/// Refuses what does not fit through a switch.
fn carriable<'m>(module: Module<'m>, ty: Type<'m>) -> Result<Type<'m>, Problem> {
    if !ty.is_storable() {
        return Err(Problem::new(format!(
            "a value of type '{ty}' cannot be carried by a switch; expected a first-class type of a size known at compile time"
        )));
    }
    let size = ty.alloc_size(module);
    if size > MAX_VALUE_SIZE {
        return Err(Problem::new(format!(
            "a value of type '{ty}' has {size} bytes; expected at most {MAX_VALUE_SIZE}"
        ))
        .hint("pass a pointer to it"));
    }
    Ok(ty)
}

fn unknown_suffix(intrinsic: &Intrinsic, suffix: &str, used: Option<Type<'_>>) -> Problem {
    let problem = Problem::new(format!(
        "the suffix '.{suffix}' of '{}' names no type; expected a type as LLVM mangles it, such as '.i64' or '.p0'",
        intrinsic.full_name()
    ));
    let right = match suffix {
        "double" => Some("f64".to_owned()),
        "float" => Some("f32".to_owned()),
        "half" => Some("f16".to_owned()),
        "bfloat" => Some("bf16".to_owned()),
        "ptr" | "pointer" => Some("p0".to_owned()),
        "bool" => Some("i1".to_owned()),
        _ => used.and_then(mangle::mangle),
    };
    match right {
        Some(right) => problem.hint(format!("write '.{right}'")),
        None => problem,
    }
}
