//! Measures stackswitch and its peers in one run, pinned to one core.
//!
//! Writes `results.json` and a plot per curve, and prints a table and the limits.

mod parked;
mod steps;
mod subjects;
mod suite;
mod switch_costs;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use stackswitch_bench::machine::Machine;
use stackswitch_bench::results::Results;
use stackswitch_bench::{limits, plot, tables};

/// Measures stackswitch and its peers side by side.
#[derive(Parser)]
struct Arguments {
    /// More points, more repetitions.
    #[arg(long)]
    full: bool,
    /// Only these benches.
    #[arg(long, value_name = "BENCH")]
    only: Vec<String>,
    /// Where the results go.
    #[arg(long, value_name = "FOLDER", default_value = "target/bench")]
    out: PathBuf,
    /// The Python to run the subjects written for it with.
    #[arg(long, value_name = "COMMAND")]
    python: Option<PathBuf>,
    /// The `stackswitch` command to measure.
    #[arg(long, value_name = "COMMAND")]
    command: Option<PathBuf>,
    /// LLVM's interpreter of the same version, to compare it with.
    #[arg(long, value_name = "COMMAND")]
    lli: Option<PathBuf>,
    /// LLVM's `opt`, to measure the passes in.
    #[arg(long, value_name = "COMMAND")]
    opt: Option<PathBuf>,
    /// The plugin for it.
    #[arg(long, value_name = "FILE")]
    plugin: Option<PathBuf>,
    /// Prints what a switch costs by LLVM's models of CPUs, and measures nothing. The folder has
    /// `llvm-mca` and `llvm-objdump`.
    #[arg(long, value_name = "FOLDER")]
    switch_costs: Option<PathBuf>,
    /// With --switch-costs: LLVM's whole report on the loops whose names contain this.
    #[arg(long, value_name = "NAME")]
    detail: Option<String>,
    /// Takes the results in --out over into these sources, writes the tables of their documentation, and
    /// measures nothing.
    #[arg(long, value_name = "ROOT")]
    figures: Option<PathBuf>,
    /// Parks contexts of one subject and prints what they cost (the program runs itself so).
    #[arg(long, hide = true, num_args = 3, value_names = ["BENCH", "SUBJECT", "COUNT"])]
    park: Option<Vec<String>>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(park) = &arguments.park {
        return parked::child(&park[0], &park[1], &park[2]);
    }
    if let Some(tools) = &arguments.switch_costs {
        return exit_code(switch_costs::print(tools, arguments.detail.as_deref()));
    }
    if let Some(root) = &arguments.figures {
        return exit_code(tables::write(root, &arguments.out.join("results.json")));
    }
    let core = pin();
    eprintln!("pinned to core {core}");
    let mut results = Results::of(Machine::here());
    suite::run(&arguments, &mut results);
    if let Err(error) =
        results.write(&arguments.out).and_then(|()| plot::all(&results, &arguments.out))
    {
        eprintln!("{}: {error}", arguments.out.display());
        return ExitCode::FAILURE;
    }
    results.print();
    limits::print(&results);
    println!("\nresults and plots: {}", arguments.out.display());
    ExitCode::SUCCESS
}

/// Prints an error, and says how the program ends.
fn exit_code(result: std::io::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Stays on the last core that this process may use: the first ones have more interrupts.
fn pin() -> usize {
    // SAFETY: the sets are this function's own, and as large as said.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        let size = size_of_val(&set);
        libc::sched_getaffinity(0, size, &mut set);
        let last = (0..libc::CPU_SETSIZE as usize).rev().find(|&core| libc::CPU_ISSET(core, &set));
        let core = last.expect("a process that runs has a core");
        libc::CPU_ZERO(&mut set);
        libc::CPU_SET(core, &mut set);
        libc::sched_setaffinity(0, size, &set);
        core
    }
}
