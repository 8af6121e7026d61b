//! What the passes have to say about a module.

use std::fmt;

use stackswitch_abi::intrinsics::Intrinsic;
pub use stackswitch_ir::Location;

/// How grave a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The module is wrong and is not compiled.
    Error,
    /// The module is compiled, and will hardly do what is meant.
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

/// Another place that a diagnostic is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The function that it is in.
    pub function: String,
    /// The instruction as LLVM prints it, on one line.
    pub instruction: String,
    /// Where the source says so, if the module has debug information.
    pub location: Option<Location>,
    /// What is there.
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
    /// How grave it is.
    pub severity: Severity,
    /// The function that it is about: the caller, or a declaration that is wrong in itself.
    pub function: String,
    /// The instruction as LLVM prints it, on one line; `None` where it is about a declaration.
    pub instruction: Option<String>,
    /// Where the source says so, if the module has debug information.
    pub location: Option<Location>,
    /// What is wrong and what was expected.
    pub message: String,
    /// What to do about it, where there is something to suggest.
    pub hint: Option<String>,
    /// The other places that it is about.
    pub notes: Vec<Note>,
}

impl Diagnostic {
    /// The line without location, severity and notes, for hosts that print those themselves.
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
    /// What the instruction calls, in the table of intrinsics; `None` where it calls none of them.
    pub operation: Option<&'static Intrinsic>,
    /// The function that the instruction is in.
    pub function: String,
    /// The instruction as LLVM prints it, on one line, from before the decision.
    pub instruction: String,
    /// Where the source says so, if the module has debug information.
    pub location: Option<Location>,
    /// The decision for people, with its reason.
    pub text: String,
    /// The number that the instruction is marked with, if somebody asked for that.
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
            location: Some(Location { file: "a.c".into(), line: 3, column: 7 }),
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
            location: Some(Location { file: "a.c".into(), line: 9, column: 1 }),
            message: "here too".into(),
        });
        assert_eq!(
            diagnostic.to_string(),
            "warning: in function 'f': wrong; expected right; \
             note: a.c:9:1: in function 'h', instruction 'ret void': here too"
        );
    }
}
