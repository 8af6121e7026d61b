//! Where things stand in a text, and messages that point there.

use std::{fmt, rc::Rc};

/// A text and what messages call it.
#[derive(Debug)]
pub struct Source {
    pub name: String,
    pub text: String,
}

/// A few characters of one line. Lines and columns count from 1.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub line: usize,
    pub column: usize,
    pub length: usize,
}

/// A message about a place.
#[derive(Clone, Debug, thiserror::Error)]
pub struct Note {
    pub place: (Rc<Source>, Span),
    pub message: String,
    /// Whether the text only ends too early: then a prompt asks for more.
    pub unfinished: bool,
}

impl Note {
    pub fn new(source: &Rc<Source>, span: Span, message: impl Into<String>) -> Self {
        Note { place: (source.clone(), span), message: message.into(), unfinished: false }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (source, Span { line, column, length }) = &self.place;
        let text = source.text.lines().nth(line - 1).unwrap_or_default();
        // A tab stays one, so that the mark stands where it should.
        let before = text.chars().take(column - 1).map(|c| if c == '\t' { c } else { ' ' });
        let (before, mark) = (before.collect::<String>(), "^".repeat(*length));
        let margin = " ".repeat(line.to_string().len());
        writeln!(f, "{}\n{margin}--> {}:{line}:{column}", self.message, source.name)?;
        write!(f, "{line} | {text}\n{margin} | {before}{mark}")
    }
}
