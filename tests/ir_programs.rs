//! Runs every program of `ir_tests/` in every way there is to run one; all must agree.
//!
//! Beside `NAME.ll` lie `NAME.expected`, its output, and if they differ from nothing
//! `NAME.status`, its exit status, and `NAME.stderr`, a part of what it says on stderr. The status
//! is the one of `stackswitch run`: 70 is a runtime error, on which an ahead-of-time program
//! aborts.
//!
//! The ahead-of-time ways need what `make test` builds and are ignored without it.

mod support;

use std::{
    fs,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Arc,
};

use libtest_mimic::{Arguments, Failed, Trial};
use support::{Artifacts, STACKSWITCH, directory, run, succeed, text};

/// A way to run a program.
#[derive(Clone, Copy)]
enum Way {
    /// `stackswitch run`.
    Jit,
    /// clang with the plugin, then the system's linker with the static runtime.
    Aot,
}

/// The ways and the levels of optimisation: one row, one trial for each program.
const MATRIX: [(&str, Way, &str); 4] = [
    ("jit-O0", Way::Jit, "-O0"),
    ("jit-O2", Way::Jit, "-O2"),
    ("aot-O0", Way::Aot, "-O0"),
    ("aot-O2", Way::Aot, "-O2"),
];

/// The status of `stackswitch run` for a runtime error in the program.
const RUNTIME_ERROR: i32 = 70;

fn main() {
    let arguments = Arguments::from_args();
    let artifacts = Artifacts::find().map(Arc::new);
    let mut trials = Vec::new();
    for program in programs() {
        for (row, way, level) in MATRIX {
            let name =
                format!("{}::{row}", program.file_stem().unwrap_or_default().to_string_lossy());
            let (program, artifacts) = (program.clone(), artifacts.clone());
            let ignored = matches!(way, Way::Aot) && artifacts.is_none();
            let test = move || match (way, artifacts) {
                (Way::Jit, _) => check(&program, Way::Jit, &mut jit(&program, level)),
                (Way::Aot, Some(artifacts)) => {
                    check(&program, Way::Aot, &mut build(&program, row, level, &artifacts)?)
                }
                (Way::Aot, None) => Err("needs what `make test` builds".into()),
            };
            trials.push(Trial::test(name, test).with_ignored_flag(ignored));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// The programs, in order.
fn programs() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("ir_tests");
    let entries = fs::read_dir(&directory).expect("the directory of the programs");
    let mut programs: Vec<_> = entries
        .map(|entry| entry.expect("an entry of the directory").path())
        .filter(|path| path.extension().is_some_and(|e| e == "ll"))
        .collect();
    programs.sort();
    programs
}

fn jit(program: &Path, level: &str) -> Command {
    let mut command = Command::new(STACKSWITCH);
    command.arg("run").arg(level).arg(program);
    command
}

/// Compiles and links a program; gives the command that runs it.
fn build(program: &Path, row: &str, level: &str, artifacts: &Artifacts) -> Result<Command, String> {
    let name = program.file_stem().unwrap_or_default().to_string_lossy();
    let base = directory("ir_programs")?.join(format!("{name}-{row}"));
    let object = base.with_extension("o");
    let mut compile = artifacts.clang();
    compile.args([level, "-Wno-override-module", "-c"]).arg(program).arg("-o").arg(&object);
    succeed(&mut compile)?;
    let mut link = Command::new("cc");
    link.arg(&object).arg(&artifacts.runtime).arg("-o").arg(&base);
    succeed(&mut link)?;
    Ok(Command::new(base))
}

/// Runs a program and compares what it does with the files beside it.
fn check(program: &Path, way: Way, command: &mut Command) -> Result<(), Failed> {
    let beside = |extension| fs::read_to_string(program.with_extension(extension));
    let expected = beside("expected").map_err(|e| format!("no expected output: {e}"))?;
    let status = match beside("status") {
        Ok(text) => text.trim().parse().map_err(|e| format!("status: {e}"))?,
        Err(_) => 0,
    };
    let output = run(command)?;
    if !ended_with(&output, status, way) {
        return Err(describe(&format!("expected the status {status}"), &output).into());
    }
    let stdout = text(&output.stdout);
    if stdout != expected {
        let difference = first_difference(&expected, &stdout);
        return Err(describe(&difference, &output).into());
    }
    if let Ok(part) = beside("stderr")
        && !text(&output.stderr).contains(part.trim_end())
    {
        let wanted = format!("expected on stderr: {}", part.trim_end());
        return Err(describe(&wanted, &output).into());
    }
    Ok(())
}

fn ended_with(output: &Output, status: i32, way: Way) -> bool {
    match way {
        Way::Aot if status == RUNTIME_ERROR => output.status.signal() == Some(libc::SIGABRT),
        _ => output.status.code() == Some(status),
    }
}

fn first_difference(expected: &str, found: &str) -> String {
    let mut lines = expected.lines().zip(found.lines()).enumerate();
    match lines.find(|(_, (expected, found))| expected != found) {
        Some((index, (expected, found))) => {
            format!("line {} of the output: expected {expected:?}, found {found:?}", index + 1)
        }
        None => format!(
            "expected {} lines of output, found {}",
            expected.lines().count(),
            found.lines().count()
        ),
    }
}

fn describe(what: &str, output: &Output) -> String {
    let stderr = text(&output.stderr);
    format!("{what}\nended with: {}\nstderr: {}", output.status, stderr.trim_end())
}
