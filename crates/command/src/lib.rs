//! The command `stackswitch`: its subcommands, arguments and exit statuses. [`run`] is all of it.

mod bench;
mod colour;
mod demangle;
mod doctor;
mod excerpt;
mod explain;
mod failure;
mod inputs;
mod libraries;
mod llvm;
mod manual;
mod opt;
mod output;
mod programs;
mod run;
mod stats;
mod trace;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::LazyLock;

use clap::{ColorChoice, CommandFactory, Parser, Subcommand, error::ErrorKind};

use failure::Failure;
use stackswitch_ir::LLVM_VERSION;

const AFTER_HELP: &str = "\
Examples:
  stackswitch run program.ll
  stackswitch opt -S program.ll
  stackswitch doctor
  stackswitch explain program.ll

Exit status:
  0   success; for `run` what the program returns
  64  wrong arguments
  65  wrong input: broken IR, wrong use of an intrinsic, a missing entry
  66  an input file cannot be read
  69  something that is needed is not installed; a problem found by `doctor`
  70  a runtime error in the program, or LLVM gave up
  73  an output file cannot be made
  74  writing failed

Environment:
  NO_COLOR, CLICOLOR_FORCE  no colours, colours in any case
  TMPDIR                    where temporary files go";

/// Stackful context switching with stack slicing for LLVM IR.
#[derive(Parser)]
#[command(name = "stackswitch", version = VERSION.as_str(), arg_required_else_help = false)]
#[command(after_help = AFTER_HELP)]
struct Args {
    /// When to colour messages
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
    #[command(subcommand)]
    command: Command,
}

/// The package's version and LLVM's.
static VERSION: LazyLock<String> =
    LazyLock::new(|| format!("{} (LLVM {LLVM_VERSION})", env!("CARGO_PKG_VERSION")));

#[derive(Subcommand)]
enum Command {
    /// Run a program of LLVM IR in process; the exit status is what its entry returns
    Run(run::Args),
    /// Run passes on a module, as LLVM's `opt` with the plugin does
    Opt(opt::Args),
    /// Draw what `run --trace` has written
    Trace(trace::Args),
    /// Measure what switches, slices and contexts cost on this machine, in seconds
    Bench(bench::Args),
    /// Try whether everything is installed and works, and say what to do where it does not
    Doctor(doctor::Args),
    /// Say what became of each use of an intrinsic, and why
    Explain(explain::Args),
    /// Write a shell's completions to the standard output
    Completions(manual::Completions),
    /// Write the manual pages
    Man(manual::Manual),
}

/// Runs a command line, which begins with the command's name. The result is the exit status.
///
/// This changes the whole process: SIGPIPE ends it, and LLVM has the command's options.
pub fn run(command_line: impl IntoIterator<Item = OsString>) -> ExitCode {
    end_at_closed_pipes();
    let args = match Args::try_parse_from(command_line) {
        Ok(args) => args,
        Err(error) => return usage(&error),
    };
    colour::choose(args.color);
    llvm::set_up();
    let success = |()| ExitCode::SUCCESS;
    let done = match args.command {
        Command::Run(args) => run::run_program(&args),
        Command::Opt(args) => opt::run_passes(&args).map(success),
        Command::Trace(args) => trace::draw(&args).map(success),
        Command::Bench(args) => bench::measure(&args).map(success),
        Command::Doctor(args) => doctor::examine(&args),
        Command::Explain(args) => explain::explain(&args).map(success),
        Command::Completions(args) => manual::completions(&args, &mut Args::command()).map(success),
        Command::Man(args) => manual::manual(&args, Args::command()).map(success),
    };
    done.unwrap_or_else(|failure| failure.report())
}

/// Lets a write to a pipe that nobody reads end the process quietly, as C programs do. Rust's
/// start-up code ignores the signal. A program that `run` runs expects the signal, too.
fn end_at_closed_pipes() {
    // SAFETY: the default action is a valid one, and no other thread runs yet.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
}

/// Prints help and version to stdout, which succeeds. Anything else is a wrong use.
fn usage(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // Whoever does not read the help needs no error either.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let text = error.render().to_string();
    let mut lines = text.lines().map(str::trim);
    let message: Vec<&str> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
    let message = message.join(" ");
    let mut failure = Failure::usage(message.trim_start_matches("error: "));
    failure = match lines.find_map(|line| line.strip_prefix("tip: ")) {
        Some(tip) => failure.hint(tip),
        None => failure.hint("`stackswitch --help` says what there is"),
    };
    failure.report()
}
