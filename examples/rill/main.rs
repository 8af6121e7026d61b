//! Rill, a small language with generators and green threads. `docs/tutorial.md` builds it step by
//! step.
//!
//! `cargo run --example rill` starts a prompt, `cargo run --example rill -- FILE` runs a file, and
//! `-- --ir FILE` shows the IR that it is compiled to.

use std::io::{self, BufRead, IsTerminal, Write};
use std::{env, error::Error, fs, process::ExitCode};

mod ast;
mod codegen;
mod lexer;
mod parser;
mod session;
mod source;

use session::{Session, Show};
use source::Note;

/// Starts the prompt, or runs a file.
pub fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => prompt(),
        ["--ir", file] => run(file, Show::Ir),
        [file] if !file.starts_with('-') => run(file, Show::Nothing),
        _ => Err("usage: rill [[--ir] FILE]".into()),
    };
    if let Err(error) = &done {
        eprintln!("error: {error}");
    }
    ExitCode::from(u8::from(done.is_err()))
}

fn run(file: &str, show: Show) -> Result<(), Box<dyn Error>> {
    let text = fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    Session::new()?.run(file, &text, show)
}

/// Runs what is typed, input by input. Nothing that a program does ends it.
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
        if let Err(error) = session.run(&format!("input {count}"), &text, Show::Value) {
            // An empty line ends what was not finished.
            if !line.is_empty() && error.downcast_ref().is_some_and(|n: &Note| n.unfinished) {
                continue;
            }
            writeln!(io::stdout(), "error: {error}")?;
        }
        text.clear();
        count += 1;
    }
}
