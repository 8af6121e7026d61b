//! Rill, a small language with generators and green threads. `docs/tutorial.md` builds it step by
//! step.
//!
//! `cargo run --example rill` starts a prompt, `cargo run --example rill -- FILE` runs a file.

use std::io::{self, BufRead, IsTerminal, Write};
use std::{env, error::Error, fs, process::ExitCode};

pub(crate) mod codegen;
pub(crate) mod lexer;
pub(crate) mod parser;
pub(crate) mod session;

use lexer::Note;
use session::Session;

/// Starts the prompt, or runs a file.
pub fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let done = match &arguments[..] {
        [] => prompt(),
        [file] => run(file),
        _ => Err("usage: rill [FILE]".into()),
    };
    if let Err(error) = &done {
        eprintln!("error: {error}");
    }
    ExitCode::from(u8::from(done.is_err()))
}

fn run(file: &str) -> Result<(), Box<dyn Error>> {
    let text = fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    Session::new()?.run(file, &text, false)
}

/// Runs what is typed, input by input. No error of a program ends the prompt.
fn prompt() -> Result<(), Box<dyn Error>> {
    let (mut session, mut text, mut count) = (Session::new()?, String::new(), 1);
    let mut lines = io::stdin().lock().lines();
    loop {
        if io::stdin().is_terminal() {
            write!(io::stdout(), "{}", if text.is_empty() { "> " } else { "... " })?;
            io::stdout().flush()?;
        }
        let Some(line) = lines.next().transpose()? else { return Ok(()) };
        text += &line;
        text.push('\n');
        if let Err(error) = session.run(&format!("input {count}"), &text, true) {
            // An empty line ends an unfinished text.
            if !line.is_empty() && error.downcast_ref().is_some_and(|n: &Note| n.unfinished) {
                continue;
            }
            writeln!(io::stdout(), "error: {error}")?;
        }
        text.clear();
        count += 1;
    }
}
