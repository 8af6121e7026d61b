//! Measures the memory of a suspended context, each subject in a process of its own.

use std::process::{Command, ExitCode};

use crate::subjects::corosensei;
use crate::subjects::native::{self, Native, Running};
use stackswitch_bench::measure::Workload;

/// What a subject said.
pub struct Cost {
    /// Bytes of resident memory for each context.
    pub resident: f64,
    /// Bytes in each slice, for one that slices.
    pub slice: Option<usize>,
}

/// The subjects of a bench.
pub fn subjects(bench: &str) -> &'static [&'static str] {
    match bench {
        "parked-bytes" => &["stackswitch", "c++20", "boost-fcontext", "corosensei"],
        // Slices are as large as what they hold: a second figure with the peers' locals.
        _ => &["stackswitch"],
    }
}

/// Runs this program again to park `count` contexts.
pub fn cost(bench: &str, subject: &str, count: usize) -> Option<Cost> {
    let program = std::env::current_exe().ok()?;
    let output =
        Command::new(program).args(["--park", bench, subject, &count.to_string()]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut words = text.split_whitespace();
    Some(Cost {
        resident: words.next()?.parse().ok()?,
        slice: words.next().and_then(|word| word.parse().ok()),
    })
}

/// The process that parks. What it prints is the whole answer, so a subject that fails is absent.
pub fn child(bench: &str, subject: &str, count: &str) -> ExitCode {
    let Ok(count) = count.parse() else { return ExitCode::FAILURE };
    let parked: &'static Native = match (bench, subject) {
        ("parked-bytes", "stackswitch") => &native::stackswitch_parked,
        (_, "stackswitch") => &native::stackswitch_parked_locals,
        (_, "c++20") => &native::cxx20_parked,
        (_, "boost-fcontext") => &native::boost_fcontext_parked,
        (_, "corosensei") => {
            println!("{}", resident(&mut corosensei::Parked::new(count), count));
            return ExitCode::SUCCESS;
        }
        _ => return ExitCode::FAILURE,
    };
    let Some(mut running) = Running::new(parked, count) else { return ExitCode::FAILURE };
    let resident = resident(&mut running, count);
    if subject == "stackswitch" {
        println!("{resident} {}", native::slice_of_parked(&running));
    } else {
        println!("{resident}");
    }
    ExitCode::SUCCESS
}

/// How much the process grows for each context.
fn resident(workload: &mut dyn Workload, count: usize) -> f64 {
    let before = resident_bytes();
    workload.run(count);
    (resident_bytes() - before) / count as f64
}

fn resident_bytes() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux has it");
    let pages: f64 = statm
        .split_whitespace()
        .nth(1)
        .and_then(|word| word.parse().ok())
        .expect("its second word is the resident pages");
    // SAFETY: asks for a constant.
    pages * unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as f64
}
