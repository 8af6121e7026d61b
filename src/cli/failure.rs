//! The tool's own failures: what they say and the exit status they have.

use std::{
    io::{ErrorKind, Write},
    path::Path,
    process::ExitCode,
};

use stackswitch::{diagnostics::Diagnostic, jit, passes, reader};

// As sysexits.h numbers them.
/// The command was used wrongly.
pub(super) const EX_USAGE: u8 = 64;
/// The input is wrong: broken IR, wrong intrinsics, a missing entry.
const EX_DATAERR: u8 = 65;
/// An input file does not exist or cannot be read.
const EX_NOINPUT: u8 = 66;
/// A runtime error in the program, or LLVM failed.
pub(super) const EX_SOFTWARE: u8 = 70;
/// An output file cannot be made.
const EX_CANTCREAT: u8 = 73;
/// Writing failed.
const EX_IOERR: u8 = 74;

/// An exit status with its message, or messages where several things are wrong.
pub(super) struct Failure {
    status: u8,
    messages: Vec<Message>,
}

struct Message {
    text: String,
    /// Whether the text says which file it is about.
    names_file: bool,
}

impl Failure {
    fn new(status: u8, message: impl Into<String>) -> Self {
        Self { status, messages: vec![Message { text: message.into(), names_file: true }] }
    }

    /// A fault of the module, which the message does not name.
    fn of_module(message: impl Into<String>) -> Self {
        Self {
            status: EX_DATAERR,
            messages: vec![Message { text: message.into(), names_file: false }],
        }
    }

    /// Names the file in the messages that do not say what they are about.
    pub(super) fn in_file(mut self, file: &Path) -> Self {
        for message in self.messages.iter_mut().filter(|m| !m.names_file) {
            message.text = format!("{}: {}", file.display(), message.text);
            message.names_file = true;
        }
        self
    }

    /// A wrong use that the argument parser cannot see.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::new(EX_USAGE, message)
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

    /// Says on stderr what failed, and gives the exit status.
    pub(super) fn report(self) -> ExitCode {
        for message in &self.messages {
            report(&message.text);
        }
        ExitCode::from(self.status)
    }
}

impl From<reader::Error> for Failure {
    fn from(error: reader::Error) -> Self {
        let status =
            if matches!(error, reader::Error::Io { .. }) { EX_NOINPUT } else { EX_DATAERR };
        Self::new(status, error.to_string())
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
            passes::Error::Llvm(_) => Self::of_module(error.to_string()),
        }
    }
}

impl From<jit::Error> for Failure {
    fn from(error: jit::Error) -> Self {
        let status = match error {
            jit::Error::Module(error) => return error.into(),
            jit::Error::Passes(error) => return error.into(),
            jit::Error::MissingSymbol(_) | jit::Error::NotMain(_) | jit::Error::Code(_) => {
                return Self::of_module(error.to_string());
            }
            jit::Error::Target { .. } | jit::Error::Duplicate { .. } => EX_DATAERR,
            jit::Error::ZeroByte(_) => EX_USAGE,
            jit::Error::PerfMap { .. } => EX_CANTCREAT,
            _ => EX_SOFTWARE,
        };
        Self::new(status, error.to_string())
    }
}

impl From<&Diagnostic> for Message {
    fn from(diagnostic: &Diagnostic) -> Self {
        match &diagnostic.location {
            Some(place) => {
                Self { text: format!("{place}: {}", diagnostic.text()), names_file: true }
            }
            None => Self { text: diagnostic.text(), names_file: false },
        }
    }
}

/// Prints an error. Output of the program so far comes first.
pub(super) fn report(message: &str) {
    say("error", message);
}

/// Prints a warning.
pub(super) fn warn(message: &str) {
    say("warning", message);
}

fn say(what: &str, message: &str) {
    flush_stdio();
    // Nothing is left to tell it to, if stderr is closed.
    let _ = writeln!(std::io::stderr(), "stackswitch: {what}: {message}");
}

/// Writes out what a program left in the buffers of C's stdio, which it shares with us.
pub(super) fn flush_stdio() {
    // SAFETY: null flushes every output stream.
    unsafe { libc::fflush(std::ptr::null_mut()) };
}
