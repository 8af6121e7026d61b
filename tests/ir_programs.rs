//! Runs every program of `ir_tests/` in every way there is to run one; all must agree.
//!
//! Beside `NAME.ll` lie `NAME.expected`, its output, and if they differ from nothing
//! `NAME.status`, its exit status, and `NAME.stderr`, a part of what it says on stderr. The status
//! is the one of `stackswitch run`: 70 is a runtime error, on which an ahead-of-time program
//! aborts; 65 is an error in the module, which clang refuses.
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
    /// The same, with a call of the runtime for every switch.
    JitCalls,
    /// clang with the plugin, then the system's linker with the static runtime.
    Aot,
}

/// The ways and the levels of optimisation: one row, one trial for each program.
const MATRIX: [(&str, Way, &str); 5] = [
    ("jit-O0", Way::Jit, "-O0"),
    ("jit-O2", Way::Jit, "-O2"),
    ("jit-O2-calls", Way::JitCalls, "-O2"),
    ("aot-O0", Way::Aot, "-O0"),
    ("aot-O2", Way::Aot, "-O2"),
];

/// The status of `stackswitch run` for a runtime error in the program.
const RUNTIME_ERROR: i32 = 70;
/// And for a module that is wrong.
const MODULE_ERROR: i32 = 65;

fn main() {
    let arguments = Arguments::from_args();
    let artifacts = Artifacts::find().map(Arc::new);
    let mut trials = Vec::new();
    for program in programs() {
        for (row, way, level) in MATRIX {
            let (program, artifacts) = (program.clone(), artifacts.clone());
            let ignored = matches!(way, Way::Aot) && artifacts.is_none();
            let trial = Trial::test(format!("{}::{row}", program.name), move || {
                match (way, artifacts) {
                    (Way::Jit, _) => program.check_jit(&[level]),
                    (Way::JitCalls, _) => program.check_jit(&[level, "--no-inline"]),
                    (Way::Aot, Some(artifacts)) => program.check_aot(row, level, &artifacts),
                    (Way::Aot, None) => Err("needs what `make test` builds".into()),
                }
                .map_err(Failed::from)
            });
            trials.push(trial.with_ignored_flag(ignored));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// The programs, in order: those that succeed, then those in `errors`.
fn programs() -> Vec<Program> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("ir_tests");
    ["", "errors"]
        .into_iter()
        .flat_map(|group| {
            let entries = fs::read_dir(root.join(group)).expect("the directory of the programs");
            let mut paths: Vec<_> = entries
                .map(|entry| entry.expect("an entry of the directory").path())
                .filter(|path| path.extension().is_some_and(|e| e == "ll"))
                .collect();
            paths.sort();
            paths.into_iter().map(move |path| Program::new(group, path))
        })
        .collect()
}

/// A program and what is expected of it.
#[derive(Clone)]
struct Program {
    path: PathBuf,
    /// The group, if it has one, and the file's name without its extension.
    name: String,
}

impl Program {
    fn new(group: &str, path: PathBuf) -> Self {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let name = if group.is_empty() { stem.into_owned() } else { format!("{group}/{stem}") };
        Self { path, name }
    }

    /// The file beside the program that ends so, if there is one.
    fn beside(&self, extension: &str) -> Option<String> {
        fs::read_to_string(self.path.with_extension(extension)).ok()
    }

    /// The exit status that `stackswitch run` must have.
    fn status(&self) -> Result<i32, String> {
        match self.beside("status") {
            Some(text) => text.trim().parse().map_err(|e| format!("status: {e}")),
            None => Ok(0),
        }
    }

    fn check_jit(&self, options: &[&str]) -> Result<(), String> {
        let output = run(Command::new(STACKSWITCH).arg("run").args(options).arg(&self.path))?;
        let status = self.status()?;
        if output.status.code() != Some(status) {
            return Err(describe(&format!("expected the status {status}"), &output));
        }
        self.check_output(&output)
    }

    fn check_aot(&self, row: &str, level: &str, artifacts: &Artifacts) -> Result<(), String> {
        let base = directory("ir_programs")?.join(format!("{}-{row}", self.name.replace('/', "-")));
        let object = base.with_extension("o");
        let mut compile = artifacts.clang();
        compile.args([level, "-Wno-override-module", "-c"]);
        compile.arg(&self.path).arg("-o").arg(&object);
        let status = self.status()?;
        if status == MODULE_ERROR {
            let output = run(&mut compile)?;
            if output.status.success() {
                return Err("clang took a module that is wrong".to_owned());
            }
            return self.check_output(&output);
        }
        succeed(&mut compile)?;
        succeed(Command::new("cc").arg(&object).arg(&artifacts.runtime).arg("-o").arg(&base))?;
        let output = run(&mut Command::new(&base))?;
        let as_expected = match status {
            RUNTIME_ERROR => output.status.signal() == Some(libc::SIGABRT),
            _ => output.status.code() == Some(status),
        };
        if !as_expected {
            return Err(describe(&format!("expected the like of the status {status}"), &output));
        }
        self.check_output(&output)
    }

    /// Compares with the files beside the program.
    fn check_output(&self, output: &Output) -> Result<(), String> {
        let expected = self.beside("expected").ok_or("no expected output")?;
        let stdout = text(&output.stdout);
        if stdout != expected {
            return Err(describe(&first_difference(&expected, &stdout), output));
        }
        match self.beside("stderr") {
            Some(part) if !text(&output.stderr).contains(part.trim_end()) => {
                Err(describe(&format!("expected on stderr: {}", part.trim_end()), output))
            }
            _ => Ok(()),
        }
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
