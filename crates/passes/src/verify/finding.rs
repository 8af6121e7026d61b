//! A finding: an error or a warning, together with the IR that it is about.

use crate::diagnostics::{Diagnostic, Note, Severity};
use stackswitch_ir::{Call, Function, Instruction, Module, Value};

/// A diagnostic, with the instruction or function that it points at.
#[derive(Clone, Debug)]
pub(crate) struct Finding<'m> {
    /// The text and its location.
    pub(crate) diagnostic: Diagnostic,
    /// The instruction or the function.
    pub(crate) value: Value<'m>,
}

impl<'m> Finding<'m> {
    /// An error in a call.
    pub(crate) fn at_call(call: Call<'m>, message: String, hint: Option<String>) -> Self {
        Finding {
            diagnostic: Diagnostic {
                severity: Severity::Error,
                function: call.caller().name(),
                instruction: Some(one_line(&call.value().print())),
                location: call.location(),
                message,
                hint,
                notes: Vec::new(),
            },
            value: call.value(),
        }
    }

    /// Whether the module cannot be compiled.
    pub(crate) fn is_error(&self) -> bool {
        self.diagnostic.severity == Severity::Error
    }

    /// A warning about an instruction.
    pub(crate) fn warning(at: Instruction<'m>, message: String, hint: String) -> Self {
        Finding {
            diagnostic: Diagnostic {
                severity: Severity::Warning,
                function: at.function().name(),
                instruction: Some(one_line(&at.value().print())),
                location: at.location(),
                message,
                hint: Some(hint),
                notes: Vec::new(),
            },
            value: at.value(),
        }
    }

    /// Adds another place that it refers to.
    pub(crate) fn note(mut self, at: Instruction<'m>, message: impl Into<String>) -> Self {
        self.diagnostic.notes.push(Note {
            function: at.function().name(),
            instruction: one_line(&at.value().print()),
            location: at.location(),
            message: message.into(),
        });
        self
    }

    /// An error in a declaration.
    pub(crate) fn at_function(
        function: Function<'m>,
        message: String,
        hint: Option<String>,
    ) -> Self {
        Finding {
            diagnostic: Diagnostic {
                severity: Severity::Error,
                function: function.name(),
                instruction: None,
                location: None,
                message,
                hint,
                notes: Vec::new(),
            },
            value: function.value(),
        }
    }
}

/// Sorts findings by the order of the module, which is mostly the order of the source.
pub(crate) fn sort<'m>(module: Module<'m>, findings: &mut [Finding<'m>]) {
    if findings.len() > 1 {
        let positions = module.positions();
        findings.sort_by_key(|f| positions.get(&f.value).copied());
    }
}

/// Joins the lines of an instruction: LLVM prints invokes over several lines, and a diagnostic has one.
pub(crate) fn one_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ").trim().to_owned()
}
