//! Finds the calls of intrinsics in a module, and checks each by itself.

use stackswitch_abi::intrinsics::{
    self, Form, INTRINSIC_PREFIX, Intrinsic, NameError, RUNTIME_PREFIX, TABLE, Typed,
};
use stackswitch_ir::{Call, CallKind, Function, Module, Type};

use super::finding::{self, Finding};
use super::problem::Problem;
use super::site::{Site, Spelling, typed_value};
use super::{operands, signature, symbols, value_type};

/// The module flag of a module that has been lowered. Its mistakes were reported then. Since then it
/// may have been optimised: it may hold wrong calls that control never gets to, and calls whose
/// function fits converted values only.
pub(crate) const LOWERED_FLAG: &str = "stackswitch-lowered";

/// The calls of intrinsics in a module.
#[derive(Debug, Default)]
pub(crate) struct Analysis<'m> {
    /// The correct calls, by callee and then in the order of the module.
    pub(crate) sites: Vec<Site<'m>>,
    /// In a module that has been lowered: calls of the runtime that look wrong. They may switch;
    /// nothing else is known about them.
    pub(crate) doubtful: Vec<Call<'m>>,
    /// The mistakes, in the order of the module.
    pub(crate) findings: Vec<Finding<'m>>,
}

/// Whether a module has been lowered.
pub(super) fn is_lowered(module: Module<'_>) -> bool {
    module.flag(LOWERED_FLAG) == Some(1)
}

/// Checks each call of a module by itself, and lists the calls. In a module that has been lowered, a
/// call of the runtime that looks wrong is not a mistake.
pub(crate) fn analyse(module: Module<'_>) -> Analysis<'_> {
    let mut analysis = Analysis::default();
    for callee in module.functions_with_prefix(INTRINSIC_PREFIX) {
        intrinsic(module, callee, &mut analysis);
    }
    for callee in module.functions_with_prefix(RUNTIME_PREFIX) {
        if callee.is_declaration()
            && let Some((intrinsic, form)) = intrinsics::parse_symbol(&callee.name())
        {
            runtime_name(module, callee, intrinsic, form, &mut analysis);
        }
    }
    let taken = symbols::check(module, &analysis.sites);
    analysis.findings.extend(taken);
    finding::sort(module, &mut analysis.findings);
    analysis
}

/// Checks one function called `llvm.stackswitch.*` and its callers.
fn intrinsic<'m>(module: Module<'m>, callee: Function<'m>, analysis: &mut Analysis<'m>) {
    let name = callee.name();
    let (calls, otherwise_used) = callee.uses();
    let (intrinsic, suffix) = match intrinsics::parse_name(&name) {
        Ok(parsed) => parsed,
        Err(error) => {
            let (message, hint) = explain(&name, &error);
            return everywhere(callee, &calls, &message, Some(hint), analysis);
        }
    };
    if !callee.is_declaration() {
        let message = format!("'{name}' is an intrinsic and has no body; expected a declaration");
        return analysis.findings.push(Finding::at_function(callee, message, None));
    }
    if otherwise_used {
        let message = format!("the address of '{name}' is taken; expected only calls of it");
        let hint = runtime_hint(intrinsic, "take the address of the runtime's function");
        analysis.findings.push(Finding::at_function(callee, message, Some(hint)));
    }
    if calls.is_empty() {
        // A declaration that nothing calls can be wrong too.
        if let Err(problem) = value_type::of_declaration(module, intrinsic, suffix, callee)
            .and_then(|t| signature::check(module, &name, intrinsic, t, callee.ty()))
        {
            analysis.findings.push(Finding::at_function(callee, problem.message, problem.hint));
        }
    }
    for call in calls {
        if call.kind() == CallKind::Terminator {
            let message = format!("'{name}' cannot be invoked; expected a call");
            let hint = runtime_hint(intrinsic, "invoke the runtime's function");
            analysis.findings.push(Finding::at_call(call, message, Some(hint)));
            continue;
        }
        let checked = value_type::of_call(module, intrinsic, suffix, call)
            .and_then(|t| check(module, &name, intrinsic, t, call).map(|()| t));
        match checked {
            Ok(value_type) => analysis.sites.push(Site {
                call,
                intrinsic,
                spelling: Spelling::Intrinsic,
                value_type,
            }),
            Err(problem) => {
                analysis.findings.push(Finding::at_call(call, problem.message, problem.hint));
            }
        }
    }
}

/// Checks one declared function of the runtime and its callers.
fn runtime_name<'m>(
    module: Module<'m>,
    callee: Function<'m>,
    intrinsic: &'static Intrinsic,
    form: Form,
    analysis: &mut Analysis<'m>,
) {
    let name = callee.name();
    let typed = match form {
        Form::Typed(typed) if intrinsic.overloaded => Some(typed),
        _ => None,
    };
    let value_type = typed.and_then(|typed| typed_value(module, typed));
    let lowered = is_lowered(module);
    for call in callee.uses().0 {
        let checked = if form == Form::Wide {
            signature::check_wide(module, &name, intrinsic, call)
                .and_then(|()| signature::check_convention(&name, call))
                .and_then(|()| operands::check_wide(&name, intrinsic, call))
        } else {
            check(module, &name, intrinsic, value_type, call)
        };
        match checked {
            Ok(()) => analysis.sites.push(Site {
                call,
                intrinsic,
                spelling: Spelling::Runtime(form),
                value_type,
            }),
            Err(_) if lowered => analysis.doubtful.push(call),
            Err(problem) => {
                analysis.findings.push(Finding::at_call(call, problem.message, problem.hint));
            }
        }
    }
}

/// All checks of one call whose value type is known.
fn check<'m>(
    module: Module<'m>,
    name: &str,
    intrinsic: &Intrinsic,
    value_type: Option<Type<'m>>,
    call: Call<'m>,
) -> Result<(), Problem> {
    signature::check(module, name, intrinsic, value_type, call.function_type())?;
    signature::check_convention(name, call)?;
    operands::check(module, name, intrinsic, value_type, call)
}

/// Reports a mistake in a name at each call, or at the declaration if there is none.
fn everywhere<'m>(
    callee: Function<'m>,
    calls: &[Call<'m>],
    message: &str,
    hint: Option<String>,
    analysis: &mut Analysis<'m>,
) {
    if calls.is_empty() {
        analysis.findings.push(Finding::at_function(callee, message.to_owned(), hint));
        return;
    }
    for &call in calls {
        analysis.findings.push(Finding::at_call(call, message.to_owned(), hint.clone()));
    }
}

/// Message and hint for a name that is not an intrinsic's.
fn explain(name: &str, error: &NameError) -> (String, String) {
    match error {
        NameError::Unknown => (
            format!("unknown intrinsic '{name}'; expected a name of the language reference"),
            format!("the nearest name is '{INTRINSIC_PREFIX}{}'", nearest_name(name)),
        ),
        NameError::NotOverloaded { intrinsic } => (
            format!(
                "'{name}' has a suffix, but '{}' is not overloaded; expected no suffix",
                intrinsic.full_name()
            ),
            format!("call '{}'", intrinsic.full_name()),
        ),
    }
}

/// The existing name that takes the fewest edits to reach, without the prefix.
fn nearest_name(name: &str) -> &'static str {
    let name = name.strip_prefix(INTRINSIC_PREFIX).unwrap_or(name);
    let distance = |candidate: &&str| strsim::levenshtein(name, candidate);
    TABLE.iter().map(|i| i.name).min_by_key(distance).unwrap_or_default()
}

/// A hint that names the runtime's function for an intrinsic.
fn runtime_hint(intrinsic: &Intrinsic, what: &str) -> String {
    format!("{what}, '@{}'", intrinsic.symbol(Form::Typed(Typed::Ptr)))
}
