//! Arguments, subcommands and exit statuses.

mod failure;
mod llvm;
mod opt;
mod run;
mod stats;

use std::process::ExitCode;

use clap::{Parser, Subcommand, error::ErrorKind};

use failure::{EX_USAGE, report};

/// Stackful context switching with stack slicing for LLVM IR.
#[derive(Parser)]
#[command(version = VERSION, arg_required_else_help = false)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

const VERSION: &str =
    concat!(env!("CARGO_PKG_VERSION"), " (LLVM ", env!("STACKSWITCH_LLVM_VERSION"), ")");

#[derive(Subcommand)]
enum Command {
    /// Run a program of LLVM IR in process; the exit status is what its entry returns
    Run(run::Args),
    /// Run passes on a module, as LLVM's `opt` with the plugin does
    Opt(opt::Args),
}

/// Runs the command line.
pub(crate) fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return usage(&error),
    };
    llvm::set_up();
    let done = match args.command {
        Command::Run(args) => run::run(&args).map_err(|f| f.in_file(&args.file)),
        Command::Opt(args) => {
            opt::run(&args).map(|()| ExitCode::SUCCESS).map_err(|f| f.in_file(&args.file))
        }
    };
    done.unwrap_or_else(|failure| failure.report())
}

/// Help and version go to stdout and succeed; anything else is a wrong use.
fn usage(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // A reader that has gone away needs no help.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let text = error.render().to_string();
    let mut lines = text.lines().map(str::trim).take_while(|l| !l.is_empty());
    let first = lines.next().unwrap_or("wrong arguments");
    let rest: Vec<_> = std::iter::once(first.trim_start_matches("error: ")).chain(lines).collect();
    report(&format!("{} (see `stackswitch --help`)", rest.join(" ")));
    ExitCode::from(EX_USAGE)
}
