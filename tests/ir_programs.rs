//! Runs every program of `ir_tests/` in every way there is to run one; all must agree.
//!
//! Beside `NAME.ll` lie `NAME.expected`, its output, and if they differ from nothing
//! `NAME.status`, its exit status, and `NAME.stderr`, a part of what it says on stderr. The status
//! is the one of `stackswitch run`: 70 is a runtime error, on which an ahead-of-time program
//! aborts; 65 is an error in the module, which clang and lld refuse.
//!
//! All but the JIT of this package's own LLVM version need what `make test` builds and are ignored
//! without it.

mod support;

use std::{
    fs,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Arc,
};

use libtest_mimic::{Arguments, Failed, Trial};
use support::{Artifacts, STACKSWITCH, Toolchain, directory, run, succeed, text};

/// A way to run a program.
#[derive(Clone, Copy)]
enum Way {
    /// `stackswitch run`.
    Jit,
    /// clang with the plugin, then the system's linker with the static runtime.
    Aot,
    /// The same with a flag in the module that keeps the stacks of all contexts.
    AotStackful,
    /// clang without its passes makes bitcode; lld with the plugin does the rest.
    Lld,
}

/// The version of LLVM: the one that this package is built for, or the other that is tested.
#[derive(Clone, Copy, PartialEq)]
enum Version {
    This,
    Other,
}

/// The ways, the versions, and what the command is given: one row, one trial for each program.
const MATRIX: [(&str, Way, Version, &[&str]); 25] = [
    ("jit-O0", Way::Jit, Version::This, &["-O0"]),
    ("jit-O1", Way::Jit, Version::This, &["-O1"]),
    ("jit-O2", Way::Jit, Version::This, &["-O2"]),
    ("jit-O3", Way::Jit, Version::This, &["-O3"]),
    ("jit-O2-calls", Way::Jit, Version::This, &["-O2", "--no-inline"]),
    ("jit-O2-stackful", Way::Jit, Version::This, &["-O2", "--no-stackless"]),
    ("jit-other-O0", Way::Jit, Version::Other, &["-O0"]),
    ("jit-other-O1", Way::Jit, Version::Other, &["-O1"]),
    ("jit-other-O2", Way::Jit, Version::Other, &["-O2"]),
    ("jit-other-O3", Way::Jit, Version::Other, &["-O3"]),
    ("jit-other-O2-stackful", Way::Jit, Version::Other, &["-O2", "--no-stackless"]),
    ("aot-O0", Way::Aot, Version::This, &["-O0"]),
    ("aot-O1", Way::Aot, Version::This, &["-O1"]),
    ("aot-O2", Way::Aot, Version::This, &["-O2"]),
    ("aot-O3", Way::Aot, Version::This, &["-O3"]),
    ("aot-O2-stackful", Way::AotStackful, Version::This, &["-O2"]),
    ("aot-other-O0", Way::Aot, Version::Other, &["-O0"]),
    ("aot-other-O1", Way::Aot, Version::Other, &["-O1"]),
    ("aot-other-O2", Way::Aot, Version::Other, &["-O2"]),
    ("aot-other-O3", Way::Aot, Version::Other, &["-O3"]),
    ("aot-other-O2-stackful", Way::AotStackful, Version::Other, &["-O2"]),
    ("lto-O2", Way::Lld, Version::This, &["-O2", "-flto=full"]),
    ("thinlto-O2", Way::Lld, Version::This, &["-O2", "-flto=thin"]),
    ("lto-other-O2", Way::Lld, Version::Other, &["-O2", "-flto=full"]),
    ("thinlto-other-O2", Way::Lld, Version::Other, &["-O2", "-flto=thin"]),
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
        for (row, way, version, flags) in MATRIX {
            let (program, artifacts) = (program.clone(), artifacts.clone());
            let alone = matches!((way, version), (Way::Jit, Version::This));
            let ignored = !alone && artifacts.is_none();
            let trial = Trial::test(format!("{}::{row}", program.name), move || {
                if alone {
                    return Ok(program.check_jit(STACKSWITCH.as_ref(), flags)?);
                }
                let artifacts = artifacts.ok_or("needs what `make test` builds")?;
                let toolchain = match version {
                    Version::This => &artifacts.llvm,
                    Version::Other => &artifacts.other,
                };
                match way {
                    Way::Jit => program.check_jit(&artifacts.other_command, flags),
                    Way::Aot => program.check_aot(row, flags, toolchain, &artifacts.runtime),
                    Way::AotStackful => {
                        program.stackful(row)?.check_aot(row, flags, toolchain, &artifacts.runtime)
                    }
                    Way::Lld => program.check_lld(row, flags, toolchain, &artifacts.runtime),
                }
                .map_err(Failed::from)
            });
            trials.push(trial.with_ignored_flag(ignored));
        }
    }
    let ignored = artifacts.is_none();
    let versions = Trial::test("two-versions", move || {
        Ok(check_versions(&*artifacts.ok_or("needs what `make test` builds")?)?)
    });
    trials.push(versions.with_ignored_flag(ignored));
    libtest_mimic::run(&arguments, trials).exit();
}

/// The rows for the other version are not for the same one again.
fn check_versions(artifacts: &Artifacts) -> Result<(), String> {
    let version = |mut command: Command| succeed(command.arg("--version")).map(|o| o.stdout);
    let jits = [Path::new(STACKSWITCH), &artifacts.other_command].map(Command::new).map(version);
    let clangs = [artifacts.llvm.clang(), artifacts.other.clang()].map(version);
    for [this, other] in [jits, clangs] {
        let (this, other) = (this?, other?);
        if this == other {
            return Err(format!("both are {}", text(&this)));
        }
    }
    Ok(())
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

    /// A copy that says of itself that all its contexts are to keep their stacks.
    fn stackful(&self, row: &str) -> Result<Self, String> {
        const FLAG: &str = "\n!llvm.module.flags = !{!4000000000}\n\
            !4000000000 = !{i32 4, !\"stackswitch-stackless\", i32 0}\n";
        let copy = |from: &Path, to: &Path, more: &str| {
            let text = fs::read_to_string(from).map_err(|e| format!("{from:?}: {e}"))?;
            fs::write(to, text + more).map_err(|e| format!("{to:?}: {e}"))
        };
        let path = self.place(row)?.with_extension("ll");
        copy(&self.path, &path, FLAG)?;
        for extension in ["expected", "status", "stderr"] {
            let from = self.path.with_extension(extension);
            if from.exists() {
                copy(&from, &path.with_extension(extension), "")?;
            }
        }
        Ok(Self { path, name: self.name.clone() })
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

    fn check_jit(&self, command: &Path, flags: &[&str]) -> Result<(), String> {
        let output = run(Command::new(command).arg("run").args(flags).arg(&self.path))?;
        let status = self.status()?;
        if output.status.code() != Some(status) {
            return Err(describe(&format!("expected the status {status}"), &output));
        }
        self.check_output(&output)
    }

    fn check_aot(
        &self,
        row: &str,
        flags: &[&str],
        toolchain: &Toolchain,
        runtime: &Path,
    ) -> Result<(), String> {
        let base = self.place(row)?;
        let object = base.with_extension("o");
        let mut compile = toolchain.clang();
        compile.args(flags).args(["-Wno-override-module", "-c"]);
        compile.arg(&self.path).arg("-o").arg(&object);
        if self.status()? == MODULE_ERROR {
            return self.check_refused(&mut compile);
        }
        succeed(&mut compile)?;
        succeed(Command::new("cc").arg(&object).arg(runtime).arg("-lm").arg("-o").arg(&base))?;
        self.check_executable(&base)
    }

    fn check_lld(
        &self,
        row: &str,
        flags: &[&str],
        toolchain: &Toolchain,
        runtime: &Path,
    ) -> Result<(), String> {
        let base = self.place(row)?;
        let mut build = toolchain.lld();
        build.args(flags).arg("-Wno-override-module");
        build.arg(&self.path).arg(runtime).arg("-lm").arg("-o").arg(&base);
        if self.status()? == MODULE_ERROR {
            return self.check_refused(&mut build);
        }
        succeed(&mut build)?;
        self.check_executable(&base)
    }

    /// Where the row's executable goes.
    fn place(&self, row: &str) -> Result<PathBuf, String> {
        Ok(directory("ir_programs")?.join(format!("{}-{row}", self.name.replace('/', "-"))))
    }

    /// The command refuses the module and says why.
    fn check_refused(&self, command: &mut Command) -> Result<(), String> {
        let output = run(command)?;
        if output.status.success() {
            return Err(format!("{command:?} took a module that is wrong"));
        }
        self.check_output(&output)
    }

    /// The program, once linked, ends as it should and prints what it should.
    fn check_executable(&self, path: &Path) -> Result<(), String> {
        let status = self.status()?;
        let output = run(&mut Command::new(path))?;
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
