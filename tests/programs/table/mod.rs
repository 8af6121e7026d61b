//! Every intrinsic of the table, in programs that are made from its entry alone.
//!
//! What a pass may do with an operation follows from the properties that the table gives it. A
//! property that promises too much makes optimised programs wrong. So each program is run without
//! any optimisation, and then at each level in the JIT and ahead of time; all must log the same.
//! An intrinsic that is new in the table takes part without a line here.

mod program;
mod scenarios;

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Output},
};

use libtest_mimic::Failed;
use stackswitch::{
    OptLevel,
    intrinsics::{Intrinsic, TABLE},
    jit::Jit,
};
use stackswitch_test_support::{Artifacts, directory, run, succeed, text};

use crate::suite::Tests;

/// The levels, as this suite and as clang name them. The first does not optimise.
const LEVELS: [(&str, OptLevel); 4] =
    [("O0", OptLevel::O0), ("O1", OptLevel::O1), ("O2", OptLevel::O2), ("O3", OptLevel::O3)];

/// The variable that asks this program to run the programs of the table, and no tests: those of the
/// named intrinsic at all levels, or all of them without optimisation.
const PROGRAMS: &str = "STACKSWITCH_TABLE_PROGRAMS";
const ALL: &str = "all";

/// Logs by the names that they are printed with.
type Logs = BTreeMap<String, Vec<i64>>;

/// One test for each intrinsic in the JIT, and one for each level ahead of time.
pub fn tests(tests: &mut Tests) {
    for intrinsic in TABLE {
        tests.add(format!("jit-{}", intrinsic.name), move || in_the_jit(intrinsic));
    }
    for (level, _) in LEVELS {
        tests.add_with_artifacts(format!("ahead-{level}"), move |artifacts| {
            ahead_of_time(artifacts, level)
        });
    }
}

/// Runs programs in the JIT and prints their logs, if this process was started for that. A program
/// has an error handler of its own, of which there is one in a process.
pub fn as_programs() -> Option<ExitCode> {
    match print_logs(&env::var(PROGRAMS).ok()?) {
        Ok(()) => Some(ExitCode::SUCCESS),
        Err(error) => {
            eprintln!("{error}");
            Some(ExitCode::FAILURE)
        }
    }
}

fn print_logs(programs: &str) -> Result<(), String> {
    let levels = if programs == ALL { &LEVELS[..1] } else { &LEVELS };
    for intrinsic in TABLE.iter().filter(|i| programs == ALL || programs == i.name) {
        for &(name, level) in levels {
            let name = if programs == ALL { program::name(intrinsic) } else { name.to_owned() };
            // If the program crashes the test shows this line.
            eprintln!("{name}");
            let entries = log(intrinsic, level).map_err(|error| format!("{name}: {error}"))?;
            println!("{}", line(&name, &entries));
        }
    }
    Ok(())
}

/// The log of an intrinsic's program in the JIT.
fn log(intrinsic: &Intrinsic, level: OptLevel) -> Result<Vec<i64>, String> {
    let name = program::name(intrinsic);
    let jit = Jit::builder().opt_level(level).build().map_err(|e| e.to_string())?;
    jit.add_ir(&name, &program::module(intrinsic)).map_err(|e| e.to_string())?;
    let start = jit.function::<unsafe extern "C" fn() -> *const i64>(&name);
    let start = start.map_err(|e| e.to_string())?;
    // SAFETY: the program is sound by construction, and owns nothing.
    let log = unsafe { jit.call(|| start()) }.map_err(|e| e.to_string())?;
    // SAFETY: the log begins with the number of its entries, and lives as long as the JIT.
    unsafe {
        let count = usize::try_from(*log).map_err(|e| e.to_string())?;
        Ok(std::slice::from_raw_parts(log.add(1), count).to_vec())
    }
}

/// A log as it is printed.
fn line(name: &str, entries: &[i64]) -> String {
    let entries: Vec<String> = entries.iter().map(i64::to_string).collect();
    format!("{name} {}", entries.join(" "))
}

/// The logs that a process has printed.
fn logs(output: &Output) -> Result<Logs, Failed> {
    if !output.status.success() {
        let (status, said) = (output.status, text(&output.stderr));
        return Err(format!("{status}, the last is the program that failed:\n{said}").into());
    }
    let mut logs = Logs::new();
    for line in text(&output.stdout).lines() {
        let mut words = line.split_whitespace();
        let name = words.next().unwrap_or_default().to_owned();
        logs.insert(name, words.map(str::parse).collect::<Result<_, _>>()?);
    }
    Ok(logs)
}

/// What another process of this program prints.
fn run_programs(programs: &str) -> Result<Logs, Failed> {
    logs(&run(Command::new(env::current_exe()?).env(PROGRAMS, programs))?)
}

/// Compares all levels of the JIT.
fn in_the_jit(intrinsic: &Intrinsic) -> Result<(), Failed> {
    let logs = run_programs(intrinsic.name)?;
    let expected = logs.get(LEVELS[0].0).ok_or("no log")?;
    if expected.len() < program::scenarios_of(intrinsic) {
        return Err(format!("the program has stopped early: {expected:?}").into());
    }
    let mut differences = Vec::new();
    for (level, _) in &LEVELS[1..] {
        let found = logs.get(*level).ok_or("no log")?;
        differences.extend(program::difference(expected, found).map(|d| format!("{level}, {d}")));
    }
    fail_for(&differences)
}

/// Compares a level ahead of time with the JIT without optimisation. Ahead of time is: clang with the
/// plugin, the linker, the static runtime.
fn ahead_of_time(artifacts: &Artifacts, level: &str) -> Result<(), Failed> {
    let directory = directory(&format!("table-{level}"))?;
    let mut objects = Vec::new();
    for intrinsic in TABLE {
        let path = directory.join(program::name(intrinsic)).with_extension("ll");
        let object = path.with_extension("o");
        fs::write(&path, program::module(intrinsic))?;
        let mut compile = artifacts.llvm.clang();
        compile.args([&format!("-{level}"), "-Wno-override-module", "-c"]);
        succeed(compile.arg(&path).arg("-o").arg(&object))?;
        objects.push(object);
    }
    let found = logs(&run(&mut Command::new(link(artifacts, &directory, &objects)?))?)?;
    let mut differences = Vec::new();
    for (name, expected) in run_programs(ALL)? {
        let found = found.get(&name).ok_or_else(|| format!("{name} has no log"))?;
        differences.extend(program::difference(&expected, found).map(|d| format!("{name}, {d}")));
    }
    fail_for(&differences)
}

fn fail_for(differences: &[String]) -> Result<(), Failed> {
    if differences.is_empty() { Ok(()) } else { Err(differences.join("\n").into()) }
}

/// Links the programs with one that prints their logs.
fn link(artifacts: &Artifacts, directory: &Path, objects: &[PathBuf]) -> Result<PathBuf, Failed> {
    let names = || TABLE.iter().map(program::name);
    let declared: String = names().map(|name| format!("long long *{name}(void);\n")).collect();
    let shown: String = names().map(|name| format!("  show(\"{name}\", {name});\n")).collect();
    let main = format!(
        "#include <stdio.h>\n\
         {declared}\
         static void show(const char *name, long long *(*program)(void)) {{\n\
         \x20 fprintf(stderr, \"%s\\n\", name);\n\
         \x20 const long long *log = program();\n\
         \x20 printf(\"%s\", name);\n\
         \x20 for (long long i = 1; i <= log[0]; i++) printf(\" %lld\", log[i]);\n\
         \x20 printf(\"\\n\");\n\
         }}\n\
         int main(void) {{\n{shown}  return 0;\n}}\n"
    );
    let (source, program) = (directory.join("main.c"), directory.join("programs"));
    fs::write(&source, main)?;
    let mut link = Command::new("cc");
    link.arg(&source).args(objects).arg(&artifacts.runtime).args(["-lm", "-o"]).arg(&program);
    succeed(&mut link)?;
    Ok(program)
}
