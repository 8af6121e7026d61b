//! `stackswitch-verify`: reports each wrong use of an intrinsic as an error with its place and a hint.
//!
//! Calls of the runtime's names are checked as the intrinsics, if the module only declares these names. A
//! module that defines them is the runtime itself. Each kind of check is a module of its own.

mod finding;
mod handle;
mod lint;
mod mixed;
mod operands;
mod signature;
mod symbols;
mod value_type;

pub(crate) use finding::{Finding, one_line, sort as sort_findings};
pub(crate) use handle::{HandleUses, Index, index, uses as handle_uses};
pub use signature::expected as expected_type;
pub(crate) use signature::wide as wide_type;

use crate::carrier::Carrier;
use crate::diagnostics::Diagnostic;
use stackswitch_abi::intrinsics::{
    self, Form, INTRINSIC_PREFIX, Intrinsic, NameError, ParamKind, RUNTIME_PREFIX, TABLE, Typed,
};
use stackswitch_ir::{Call, CallKind, Function, Module, Type, Value};

/// The flag of a module that has been lowered, so that what was wrong with it has been said. What is
/// there now may have been optimised: it may hold calls that look wrong where control never gets to,
/// and others whose function is one that only converted values fit.
pub(crate) const LOWERED_FLAG: &str = "stackswitch-lowered";

/// A correct call of an intrinsic or of the runtime function that it stands for.
#[derive(Clone, Debug)]
pub(crate) struct Site<'m> {
    /// The call.
    pub(crate) call: Call<'m>,
    /// What it means.
    pub(crate) intrinsic: &'static Intrinsic,
    /// How it is written.
    pub(crate) spelling: Spelling,
    /// The type of the value that it carries, for an overloaded intrinsic.
    pub(crate) value_type: Option<Type<'m>>,
}

impl<'m> Site<'m> {
    /// The runtime function that the call becomes, or is.
    pub(crate) fn form(&self) -> Form {
        match (self.spelling, self.value_type) {
            (Spelling::Runtime(form), _) => form,
            (Spelling::Intrinsic, None) => Form::Typed(Typed::Ptr),
            (Spelling::Intrinsic, Some(ty)) => Carrier::of(ty).form(),
        }
    }

    /// The function operand, where there is one and it is known.
    pub(crate) fn body(&self) -> Option<Function<'m>> {
        self.body_operand()?.as_function()
    }

    /// The function operand, where it is known with the body that will run.
    pub(crate) fn exact_body(&self) -> Option<Function<'m>> {
        self.body_operand()?.as_exact_function()
    }

    /// The function operand, where a copy of the body that is known may run in its stead.
    pub(crate) fn copyable_body(&self) -> Option<Function<'m>> {
        self.body_operand()?.as_copyable_function()
    }

    fn body_operand(&self) -> Option<Value<'m>> {
        self.call.args().get(self.intrinsic.function_position()?).copied()
    }

    /// The operand of a kind. `None` if the intrinsic has none, or if the call passes its value
    /// through memory, which moves the operands from the value on.
    pub(crate) fn operand(&self, kind: ParamKind) -> Option<Value<'m>> {
        let index = self.intrinsic.position(kind)?;
        let value = self.intrinsic.position(ParamKind::Value);
        let moved = self.is_wide() && value.is_some_and(|value| value <= index);
        if moved { None } else { self.call.args().get(index).copied() }
    }

    /// The context that the operation works on, if its first operand is one.
    pub(crate) fn context(&self) -> Option<Value<'m>> {
        self.intrinsic.works_on_context().then(|| self.call.args().first().copied())?
    }

    /// Whether the call passes its value through memory.
    pub(crate) fn is_wide(&self) -> bool {
        self.spelling == Spelling::Runtime(Form::Wide)
    }

    /// Whether the operation makes a context with a default base.
    pub(crate) fn has_default_base(&self) -> bool {
        self.operand(ParamKind::OptionalBase).is_some_and(|base| base.origin().is_null())
    }
}

/// How a call names the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// `llvm.stackswitch.*`
    Intrinsic,
    /// `stackswitch_*`
    Runtime(Form),
}

/// What a module holds.
#[derive(Debug, Default)]
pub(crate) struct Analysis<'m> {
    /// The calls that are right, by function called and then in the order of the module.
    pub(crate) sites: Vec<Site<'m>>,
    /// In a module that has been lowered, calls of the runtime that look wrong. All that is known of
    /// them is that they may switch.
    pub(crate) doubtful: Vec<Call<'m>>,
    /// What is wrong, in the order of the module.
    pub(crate) findings: Vec<Finding<'m>>,
}

/// Checks a module without changing it and returns what is wrong, and what is doubtful as warnings;
/// nothing if all is well.
pub fn verify(module: &inkwell::module::Module<'_>) -> Vec<Diagnostic> {
    // SAFETY: the module lives as long as the borrow; inkwell's modules are not shared between
    // threads, and nothing changes it before this returns.
    let module = unsafe { Module::from_raw(module.as_mut_ptr()) };
    examine(module).into_iter().map(|f| f.diagnostic).collect()
}

/// All that there is to say of a module as it was written. Optimised code is not looked at so
/// closely: it may hold a wrong switch where control never gets to.
pub(crate) fn examine(module: Module<'_>) -> Vec<Finding<'_>> {
    let Analysis { sites, mut findings, .. } = analyse(module);
    if findings.is_empty() && !sites.is_empty() && !is_lowered(module) {
        let index = handle::index(&sites);
        findings.extend(mixed::check(&sites, &index));
        findings.extend(lint::check(&sites, &index));
        finding::sort(module, &mut findings);
    }
    findings
}

fn is_lowered(module: Module<'_>) -> bool {
    module.flag(LOWERED_FLAG) == Some(1)
}

/// Checks each call of a module by itself and lists the calls. In a module that has been lowered a call
/// of the runtime that looks wrong is no mistake, but nothing is known of it.
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
    symbols::check(module, &mut analysis);
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
        // A declaration alone is checked too: the mistake is there already.
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

/// The type that a typed symbol carries.
pub(crate) fn typed_value(module: Module<'_>, typed: Typed) -> Option<Type<'_>> {
    match typed {
        Typed::Ptr => Some(Type::pointer(module, 0)),
        Typed::I8 => Type::integer(module, 8),
        Typed::I16 => Type::integer(module, 16),
        Typed::I32 => Type::integer(module, 32),
        Typed::I64 => Type::integer(module, 64),
        Typed::F32 => Type::float(module, "f32"),
        Typed::F64 => Type::float(module, "f64"),
    }
}

/// What is wrong with a call or a declaration, before it is known where that is reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    message: String,
    hint: Option<String>,
}

impl Problem {
    fn new(message: impl Into<String>) -> Self {
        Problem { message: message.into(), hint: None }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// All checks of one call whose `T` is known.
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

/// Message and hint for a name that is not right.
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
