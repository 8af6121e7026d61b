//! Errors, warnings and remarks of the passes, as values.

use std::fmt;

use stackswitch_abi::intrinsics::Intrinsic;
pub use stackswitch_ir::Location;

/// How serious a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The module is wrong and is not compiled.
    Error,
    /// The module is compiled, and probably does something else than its author meant.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Severity::Error => f.write_str("error"),
            Severity::Warning => f.write_str("warning"),
        }
    }
}

/// Another place in the module that a diagnostic refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The function of that place.
    pub function: String,
    /// The instruction as LLVM prints it, on one line.
    pub instruction: String,
    /// Where the source says so, if the module has debug information.
    pub location: Option<Location>,
    /// What happens there.
    pub message: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        let Note { function, instruction, message, .. } = self;
        write!(f, "in function '{function}', instruction '{instruction}': {message}")
    }
}

/// One finding: what is wrong, where, and what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How serious it is.
    pub severity: Severity,
    /// The function with the mistake: the caller of an operation, or a wrong declaration.
    pub function: String,
    /// The instruction as LLVM prints it, on one line; `None` for a declaration.
    pub instruction: Option<String>,
    /// Where the source says so, if the module has debug information.
    pub location: Option<Location>,
    /// What is wrong and what was expected.
    pub message: String,
    /// A suggestion how to mend it, if there is one.
    pub hint: Option<String>,
    /// The other places that it refers to.
    pub notes: Vec<Note>,
}

impl Diagnostic {
    /// The text without location, severity and notes, for programs that print those themselves.
    pub fn text(&self) -> String {
        let mut text = format!("in function '{}'", self.function);
        if let Some(instruction) = &self.instruction {
            text.push_str(&format!(", instruction '{}'", instruction));
        }
        text.push_str(": ");
        text.push_str(&self.message);
        if let Some(hint) = &self.hint {
            text.push_str("; hint: ");
            text.push_str(hint);
        }
        text
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        write!(f, "{}: {}", self.severity, self.text())?;
        self.notes.iter().try_for_each(|note| write!(f, "; note: {note}"))
    }
}

/// A decision of a pass about one instruction: what it did, or why it did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The pass that decided, such as `stackswitch-opt`.
    pub pass: &'static str,
    /// The decision in one word, such as `DirectCall`.
    pub name: &'static str,
    /// Whether it was done.
    pub taken: bool,
    /// The intrinsic that the instruction calls, by its own or by the runtime's name; `None` for other
    /// instructions.
    pub operation: Option<&'static Intrinsic>,
    /// The function of the instruction.
    pub function: String,
    /// The instruction as LLVM printed it before the decision, on one line.
    pub instruction: String,
    /// Where the source says so, if the module has debug information.
    pub location: Option<Location>,
    /// The decision for people, with its reason.
    pub text: String,
    /// The number that [`explain`](crate::explain) has given the instruction, if it runs.
    pub(crate) number: Option<u64>,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        let Remark { function, instruction, text, .. } = self;
        write!(f, "remark: in function '{function}', instruction '{instruction}': {text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_with_everything() {
        let mut diagnostic = Diagnostic {
            severity: Severity::Error,
            function: "f".into(),
            instruction: Some("%x = call ptr @g()".into()),
            location: Some(Location {
                file: "a.c".into(),
                directory: String::new(),
                line: 3,
                column: 7,
            }),
            message: "wrong; expected right".into(),
            hint: Some("do right".into()),
            notes: Vec::new(),
        };
        assert_eq!(
            diagnostic.to_string(),
            "a.c:3:7: error: in function 'f', instruction '%x = call ptr @g()': \
             wrong; expected right; hint: do right"
        );
        diagnostic.location = None;
        diagnostic.instruction = None;
        diagnostic.hint = None;
        assert_eq!(diagnostic.to_string(), "error: in function 'f': wrong; expected right");
        diagnostic.severity = Severity::Warning;
        diagnostic.notes.push(Note {
            function: "h".into(),
            instruction: "ret void".into(),
            location: Some(Location {
                file: "a.c".into(),
                directory: String::new(),
                line: 9,
                column: 1,
            }),
            message: "here too".into(),
        });
        assert_eq!(
            diagnostic.to_string(),
            "warning: in function 'f': wrong; expected right; \
             note: a.c:9:1: in function 'h', instruction 'ret void': here too"
        );
    }
}
