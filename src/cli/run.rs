//! `stackswitch run`.

use std::{ffi::OsString, path::PathBuf, process::ExitCode, time::Instant};

use stackswitch::jit::{self, Jit, OptLevel};

use super::{
    failure::{EX_SOFTWARE, Failure, flush_stdio, report, warn},
    stats,
};

#[derive(clap::Args)]
pub(super) struct Args {
    /// The module: LLVM IR as text or bitcode
    pub(super) file: PathBuf,
    /// The function to call, as C's main
    #[arg(long, value_name = "NAME", default_value = "main")]
    entry: String,
    /// How much to optimise: 0, 1, 2 or 3
    #[arg(short = 'O', value_name = "LEVEL", default_value = "2", value_parser = level)]
    level: OptLevel,
    /// Call the runtime for every switch, instead of having the usual one in place
    #[arg(long)]
    no_inline: bool,
    /// Give every context a stack, also where its frame could be its creator's
    #[arg(long)]
    no_stackless: bool,
    /// Print what the runtime did, on stderr, after the run
    #[arg(long)]
    stats: bool,
    /// Arguments of the program
    #[arg(last = true, value_name = "ARG")]
    args: Vec<OsString>,
}

fn level(text: &str) -> Result<OptLevel, String> {
    match text {
        "0" => Ok(OptLevel::O0),
        "1" => Ok(OptLevel::O1),
        "2" => Ok(OptLevel::O2),
        "3" => Ok(OptLevel::O3),
        _ => Err("it is 0, 1, 2 or 3".to_owned()),
    }
}

/// Runs the program. Its exit status is the low byte of what its entry returns, as for a process.
pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let jit = Jit::builder()
        .opt_level(args.level)
        .inline_switches(!args.no_inline)
        .stackless(!args.no_stackless)
        .build()?;
    let added = jit.add_file(&args.file);
    for warning in jit.take_warnings() {
        warn(&warning);
    }
    added?;
    // Compile first: the time that is measured is the program's own.
    jit.address(&args.entry)?;
    let argv: Vec<OsString> =
        std::iter::once(args.file.clone().into_os_string()).chain(args.args.clone()).collect();
    jit::on_uncaught_fault(|fault| {
        report(&fault.to_string());
        std::process::exit(EX_SOFTWARE.into())
    });
    as_a_program_expects();
    let start = Instant::now();
    // SAFETY: the user asks to run the program, with all that a program can do.
    let result = unsafe { jit.run_main(&args.entry, &argv) };
    let time = start.elapsed();
    flush_stdio();
    if args.stats {
        stats::print(time);
    }
    let [low, ..] = result?.to_le_bytes();
    Ok(ExitCode::from(low))
}

/// Rust's own start-up ignores SIGPIPE; a C program expects to be ended by it.
fn as_a_program_expects() {
    // SAFETY: the default action is a valid one.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
}
