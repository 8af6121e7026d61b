//! Runs every program of `ir_tests/` in every way there is to run one; all must agree.
//!
//! Beside `NAME.ll` lie `NAME.expected`, its output, and if they differ from nothing
//! `NAME.status`, its exit status, and `NAME.stderr`, a part of what it says on stderr. The status
//! is the one of `stackswitch run`: 70 is a runtime error, on which an ahead-of-time program
//! aborts; 65 is an error in the module, which clang and lld refuse.

use std::{
    collections::HashSet,
    fs,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{Arc, Mutex},
};

use libtest_mimic::Failed;
use stackswitch_test_support::{Artifacts, ForkServer, Toolchain, directory, run, succeed, text};

use crate::suite::Tests;

/// A way to run a program.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// `stackswitch run`. Only one row for each version starts the command; for the others a fork
    /// server is the command.
    Jit,
    /// clang with the plugin, or a fork server, which runs the same pipeline; then the system's linker
    /// with the static runtime.
    Aot,
    /// clang without its passes makes bitcode; lld with the plugin does the rest.
    Lto,
    /// The same, each module by itself.
    ThinLto,
}

/// The version of LLVM: the one that this package is built for, or the other that is tested.
#[derive(Clone, Copy, PartialEq)]
enum Version {
    This,
    Other,
}

/// What optimisation may make of a program's switches and of its local variables.
#[derive(Clone, Copy, PartialEq)]
struct Form {
    /// Switches may be put in place.
    inline: bool,
    /// Contexts may lose their stacks.
    stackless: bool,
    /// Variables that a switch needs go to the heap, however small.
    heap: bool,
}

const ALL: Form = Form { inline: true, stackless: true, heap: false };
const CALLS: Form = Form { inline: false, ..ALL };
const STACKFUL: Form = Form { stackless: false, ..ALL };
const STACKFUL_CALLS: Form = Form { inline: false, ..STACKFUL };
const HEAP: Form = Form { heap: true, ..ALL };

/// How a program's line begins that says why it needs its variables in their frames. Such a program
/// must notice when they are not.
const NOT_ON_THE_HEAP: &str = "; not on the heap: ";

/// One trial for each program. Its name is made of the names of what it combines.
#[derive(Clone)]
struct Row {
    name: String,
    way: Way,
    version: Version,
    level: &'static str,
    form: Form,
}

impl Row {
    /// Whether the row starts the tool that a user starts.
    fn is_by_tool(&self) -> bool {
        self.form == ALL && self.level == "-O2"
    }
}

const VERSIONS: [(&str, Version); 2] = [("", Version::This), ("-other", Version::Other)];
const FORMS: [(&str, Form); 5] = [
    ("", ALL),
    ("-calls", CALLS),
    ("-stackful", STACKFUL),
    ("-stackful-calls", STACKFUL_CALLS),
    ("-heap", HEAP),
];
/// At `-O0` no form makes a difference, also to variables.
const AT_O0: [(&str, Form); 2] = [("", ALL), ("-heap", HEAP)];
/// A way, and the levels and forms in which it is tried.
type Combinations = (&'static str, Way, &'static [&'static str], &'static [(&'static str, Form)]);
const WAYS: [Combinations; 6] = [
    ("jit", Way::Jit, &["-O0"], &AT_O0),
    ("jit", Way::Jit, &["-O1", "-O2", "-O3"], &FORMS),
    ("aot", Way::Aot, &["-O0"], &AT_O0),
    ("aot", Way::Aot, &["-O1", "-O2", "-O3"], &FORMS),
    ("lto", Way::Lto, &["-O2"], &[("", ALL)]),
    ("thinlto", Way::ThinLto, &["-O2"], &[("", ALL)]),
];

/// All combinations.
fn matrix() -> Vec<Row> {
    let mut rows = Vec::new();
    for (way_name, way, levels, forms) in WAYS {
        for (version_name, version) in VERSIONS {
            for &level in levels {
                for &(form_name, form) in forms {
                    let name = format!("{way_name}{version_name}{level}{form_name}");
                    rows.push(Row { name, way, version, level, form });
                }
            }
        }
    }
    rows
}

/// The status of `stackswitch run` for a runtime error in the program.
const RUNTIME_ERROR: i32 = 70;
/// And for a module that is wrong.
const MODULE_ERROR: i32 = 65;

/// Every program in every way, and one test that the two versions are not the same.
pub fn tests(tests: &mut Tests) {
    for program in programs() {
        for row in matrix() {
            let program = program.clone();
            let name = format!("{}::{}", program.name, row.name);
            tests.add_with_artifacts(name, move |artifacts| {
                match (program.check(&row, artifacts), program.notices(&row)?) {
                    (found, false) => found.map_err(Failed::from),
                    (Err(_), true) => Ok(()),
                    (Ok(()), true) => Err("all is as if its variables were in their frames".into()),
                }
            });
        }
    }
    tests.add_with_artifacts("two-versions", |artifacts| Ok(check_versions(artifacts)?));
}

/// The rows for the other version are not for the same one again.
fn check_versions(artifacts: &Artifacts) -> Result<(), String> {
    let version = |mut command: Command| succeed(command.arg("--version")).map(|o| o.stdout);
    let jits = [&artifacts.command, &artifacts.other_command].map(Command::new).map(version);
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
    /// The object files that were linked and did as expected.
    right: Arc<Mutex<HashSet<Vec<u8>>>>,
}

impl Program {
    fn new(group: &str, path: PathBuf) -> Self {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let name = if group.is_empty() { stem.into_owned() } else { format!("{group}/{stem}") };
        Self { path, name, right: Arc::default() }
    }

    fn text(&self) -> Result<String, String> {
        fs::read_to_string(&self.path).map_err(|e| format!("{:?}: {e}", self.path))
    }

    /// Whether the program must find something else than what is expected of it, since its variables
    /// are not where it needs them.
    fn notices(&self, row: &Row) -> Result<bool, String> {
        let moved = row.form.heap && row.level != "-O0";
        Ok(moved && self.text()?.lines().any(|line| line.starts_with(NOT_ON_THE_HEAP)))
    }

    /// The program's file, or a copy that says of itself what is to be made of it.
    fn source(&self, row: &Row) -> Result<PathBuf, String> {
        let Form { inline, stackless, heap } = row.form;
        let asked =
            [("inline", 0, !inline), ("stackless", 0, !stackless), ("heap-threshold", 1, heap)];
        let text = self.text()?;
        // What a program says of itself goes before what it is asked for.
        let flags: Vec<String> = asked
            .into_iter()
            .filter(|&(name, _, set)| set && !text.contains(&format!("!\"stackswitch-{name}\"")))
            .map(|(name, value, _)| format!("!{{i32 4, !\"stackswitch-{name}\", i32 {value}}}"))
            .collect();
        if flags.is_empty() {
            return Ok(self.path.clone());
        }
        // Numbers that no program uses.
        let numbers = || (4_000_000_000_u32..).take(flags.len());
        let list: Vec<String> = numbers().map(|number| format!("!{number}")).collect();
        let mut lines = vec![format!("\n!llvm.module.flags = !{{{}}}", list.join(", "))];
        lines.extend(numbers().zip(&flags).map(|(number, flag)| format!("!{number} = {flag}")));
        let folder = self.place(&row.name)?.with_extension("source");
        fs::create_dir_all(&folder).map_err(|e| format!("{folder:?}: {e}"))?;
        let path = folder.join(self.path.file_name().unwrap_or_default());
        fs::write(&path, text + &lines.join("\n") + "\n").map_err(|e| format!("{path:?}: {e}"))?;
        Ok(path)
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

    /// Runs it in the way of a row.
    fn check(&self, row: &Row, artifacts: &Artifacts) -> Result<(), String> {
        let (command, server, toolchain) = match row.version {
            Version::This => (&artifacts.command, &artifacts.server, &artifacts.llvm),
            Version::Other => (&artifacts.other_command, &artifacts.other_server, &artifacts.other),
        };
        match row.way {
            Way::Jit => self.check_jit(command, server, row),
            Way::Aot => self.check_aot(row, toolchain, server, &artifacts.runtime),
            Way::Lto => self.check_lld(row, "full", toolchain, &artifacts.runtime),
            Way::ThinLto => self.check_lld(row, "thin", toolchain, &artifacts.runtime),
        }
    }

    fn check_jit(&self, command: &Path, server: &ForkServer, row: &Row) -> Result<(), String> {
        let Form { inline, stackless, heap } = row.form;
        let mut arguments = vec!["run", row.level];
        arguments.extend((!inline).then_some("--no-inline"));
        arguments.extend((!stackless).then_some("--no-stackless"));
        arguments.extend(heap.then_some("--heap-threshold=1"));
        arguments.push(self.path.to_str().ok_or("a path in UTF-8")?);
        let output = if row.is_by_tool() {
            run(Command::new(command).args(&arguments))?
        } else {
            server.command(&arguments)?
        };
        let status = self.status()?;
        if output.status.code() != Some(status) {
            return Err(describe(&format!("expected the status {status}"), &output));
        }
        self.check_output(&output)
    }

    /// Compiles, links and runs. Many rows of a program give the same object file, byte for byte: it is
    /// linked and run once.
    fn check_aot(
        &self,
        row: &Row,
        toolchain: &Toolchain,
        server: &ForkServer,
        runtime: &Path,
    ) -> Result<(), String> {
        let base = self.place(&row.name)?;
        let object = base.with_extension("o");
        let source = self.source(row)?;
        let mut compile = toolchain.clang();
        compile.args([row.level, "-Wno-override-module", "-c"]).arg("-o").arg(&object);
        // The path that is given becomes a part of the object file.
        compile.current_dir(source.with_file_name("")).arg(source.file_name().unwrap_or_default());
        if self.status()? == MODULE_ERROR {
            return self.check_refused(&mut compile);
        }
        if row.is_by_tool() {
            succeed(&mut compile)?;
        } else {
            server.compile(row.level, &source, &object)?;
        }
        let bytes = fs::read(&object).map_err(|e| format!("{object:?}: {e}"))?;
        if self.right.lock().map_err(|e| e.to_string())?.contains(&bytes) {
            return Ok(());
        }
        succeed(Command::new("cc").arg(&object).arg(runtime).arg("-lm").arg("-o").arg(&base))?;
        self.check_executable(&base)?;
        self.right.lock().map_err(|e| e.to_string())?.insert(bytes);
        Ok(())
    }

    fn check_lld(
        &self,
        row: &Row,
        kind: &str,
        toolchain: &Toolchain,
        runtime: &Path,
    ) -> Result<(), String> {
        let base = self.place(&row.name)?;
        let mut build = toolchain.lld();
        build.args([row.level, &format!("-flto={kind}"), "-Wno-override-module"]);
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
