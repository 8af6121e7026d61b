//! The command's own failures: their messages and their exit statuses. Warnings are printed here too.

use std::{
    borrow::Cow,
    io::{ErrorKind, Write},
    path::Path,
    process::ExitCode,
};

use stackswitch::{
    diagnostics::{Diagnostic, Location, Note},
    jit, passes, reader,
};

use super::{
    colour::{ERROR, FRAME, HINT, WARNING},
    demangle::demangled,
    excerpt::SourcePosition,
};

// As sysexits.h numbers them.
/// The command was used wrongly.
const EX_USAGE: u8 = 64;
/// The input is wrong: broken IR, wrong intrinsics, a missing entry.
const EX_DATAERR: u8 = 65;
/// An input file does not exist or cannot be read.
const EX_NOINPUT: u8 = 66;
/// Something that is needed, as clang for C, is not installed.
pub(super) const EX_UNAVAILABLE: u8 = 69;
/// A runtime error in the program, or LLVM failed.
pub(super) const EX_SOFTWARE: u8 = 70;
/// An output file cannot be made.
const EX_CANTCREAT: u8 = 73;
/// Writing failed.
const EX_IOERR: u8 = 74;

/// An exit status with its message, or messages where several things are wrong.
#[derive(Debug)]
pub(super) struct Failure {
    status: u8,
    messages: Vec<Message>,
}

/// What is wrong, where, and what to do about it.
#[derive(Debug)]
struct Message {
    text: String,
    /// Whether the text says which file it is about.
    names_file: bool,
    /// The line of the source that it is about.
    excerpt: Option<String>,
    notes: Vec<String>,
    hint: Option<String>,
}

impl Message {
    fn new(text: impl Into<String>) -> Self {
        let (excerpt, notes, hint) = (None, Vec::new(), None);
        Self { text: text.into(), names_file: true, excerpt, notes, hint }
    }

    fn of_module(text: impl Into<String>) -> Self {
        Self { names_file: false, ..Self::new(text) }
    }

    /// Names the file, if the text does not.
    fn in_file(mut self, file: &Path) -> Self {
        if !self.names_file {
            self.text = format!("{}: {}", file.display(), self.text);
            self.names_file = true;
        }
        self
    }

    /// Its lines: the text, the line of the source, notes, the hint.
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.text.clone()];
        lines.extend(self.excerpt.clone());
        lines.extend(self.notes.iter().map(|note| format!("  {FRAME}note{FRAME:#}: {note}")));
        lines.extend(self.hint.iter().map(|hint| format!("  {HINT}hint{HINT:#}: {hint}")));
        lines
    }
}

impl Failure {
    fn new(status: u8, message: impl Into<String>) -> Self {
        Self { status, messages: vec![Message::new(message)] }
    }

    /// A fault of a module. The message does not name the module.
    fn of_module(message: impl Into<String>) -> Self {
        Self { status: EX_DATAERR, messages: vec![Message::of_module(message)] }
    }

    /// Names the file in the messages that do not name one.
    pub(super) fn in_file(mut self, file: &Path) -> Self {
        self.messages = self.messages.into_iter().map(|message| message.in_file(file)).collect();
        self
    }

    /// Says what to do about it.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Some(last) = self.messages.last_mut() {
            last.hint = Some(hint.into());
        }
        self
    }

    /// A wrong use that the argument parser does not notice.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::new(EX_USAGE, message)
    }

    /// An input that is not what it should be.
    pub(super) fn data(message: impl Into<String>) -> Self {
        Self::new(EX_DATAERR, message)
    }

    /// Something that is needed is not installed.
    pub(super) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(EX_UNAVAILABLE, message)
    }

    /// The input could not be read.
    pub(super) fn input(path: &Path, error: &std::io::Error) -> Self {
        Self::new(EX_NOINPUT, format!("{}: {error}", path.display()))
    }

    /// The output could not be written.
    pub(super) fn output(path: &Path, error: &std::io::Error) -> Self {
        let cannot_make = matches!(
            error.kind(),
            ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::IsADirectory
        );
        let status = if cannot_make { EX_CANTCREAT } else { EX_IOERR };
        Self::new(status, format!("{}: {error}", path.display()))
    }

    /// Prints the messages on stderr; returns the exit status.
    pub(super) fn report(self) -> ExitCode {
        for message in &self.messages {
            report(&message.lines().join("\n"));
        }
        ExitCode::from(self.status)
    }
}

impl From<reader::Error> for Failure {
    fn from(error: reader::Error) -> Self {
        let mut message = Message::new(error.to_string());
        let status = match error {
            reader::Error::Io { .. } => EX_NOINPUT,
            reader::Error::Parse { file, line, column, .. } if line > 0 => {
                message.excerpt =
                    SourcePosition { file: Cow::Borrowed(file.as_ref()), line, column }.show();
                EX_DATAERR
            }
            _ => EX_DATAERR,
        };
        Self { status, messages: vec![message] }
    }
}

impl From<passes::Error> for Failure {
    fn from(error: passes::Error) -> Self {
        match error {
            passes::Error::Rejected(diagnostics) => Self {
                status: EX_DATAERR,
                messages: diagnostics.iter().map(Message::from).collect(),
            },
            // The only pipeline that is not ours is the user's.
            passes::Error::Pipeline(_) => Self::usage(error.to_string()),
            _ => Self::of_module(error.to_string()),
        }
    }
}

impl From<jit::Error> for Failure {
    fn from(error: jit::Error) -> Self {
        let status = match error {
            jit::Error::Module(error) => return error.into(),
            jit::Error::Passes(error) => return error.into(),
            jit::Error::MissingSymbol(_) => {
                return Self::of_module(error.to_string())
                    .hint("several files are linked: name those that define it too");
            }
            jit::Error::NotMain(_) | jit::Error::Code(_) => {
                return Self::of_module(error.to_string());
            }
            jit::Error::Duplicate { .. } => EX_DATAERR,
            jit::Error::Target { .. } => {
                return Self::new(EX_DATAERR, error.to_string())
                    .hint("a program for another machine is compiled by clang with the plugin");
            }
            jit::Error::ZeroByte(_) => EX_USAGE,
            jit::Error::PerfMap { .. } => EX_CANTCREAT,
            _ => EX_SOFTWARE,
        };
        Self::new(status, error.to_string())
    }
}

impl From<&Diagnostic> for Message {
    fn from(diagnostic: &Diagnostic) -> Self {
        let excerpt = diagnostic.location.as_ref().and_then(excerpt);
        // The hint has a line of its own here. Who sees the line of the source need not see the
        // instruction that was made from it.
        let instruction = diagnostic.instruction.clone().filter(|_| excerpt.is_none());
        let text = Diagnostic { hint: None, instruction, ..diagnostic.clone() }.text();
        let mut message = match &diagnostic.location {
            Some(location) => Self::new(format!("{location}: {text}")),
            None => Self::of_module(text),
        };
        message.excerpt = excerpt;
        message.notes = diagnostic.notes.iter().map(note).collect();
        message.hint.clone_from(&diagnostic.hint);
        message
    }
}

/// The line of the source at a location, if it can be read.
fn excerpt(location: &Location) -> Option<String> {
    SourcePosition::named(location).show()
}

/// A note of a diagnostic, with the line of the source or else the instruction.
fn note(note: &Note) -> String {
    let located = note.location.as_ref().and_then(|location| Some((location, excerpt(location)?)));
    match located {
        Some((location, excerpt)) => {
            let Note { function, message, .. } = note;
            format!("{location}: in function '{function}': {message}\n{excerpt}")
        }
        None => note.to_string(),
    }
}

/// Prints a warning of the passes about a file.
pub(super) fn warn_of(diagnostic: &Diagnostic, file: &Path) {
    warn(&Message::from(diagnostic).in_file(file).lines().join("\n"));
}

/// Prints an error. Output of the program so far comes first.
pub(super) fn report(message: &str) {
    print(&format!("{ERROR}error{ERROR:#}"), message);
}

/// Prints a warning.
pub(super) fn warn(message: &str) {
    print(&format!("{WARNING}warning{WARNING:#}"), message);
}

fn print(severity: &str, message: &str) {
    flush_stdio();
    // If stderr is closed, there is nowhere to report that.
    let _ = writeln!(anstream::stderr(), "stackswitch: {severity}: {}", demangled(message));
}

/// Flushes the buffers of C's stdio: a program in this process writes to the same ones.
pub(super) fn flush_stdio() {
    // SAFETY: null flushes every output stream.
    unsafe { libc::fflush(std::ptr::null_mut()) };
}
