//! gdb shows the frames of a running context and stops where its stack begins, wherever it is
//! stopped. In a context without a stack it stops at the right lines and finds variables.
//!
//! Needs what `make test` builds and is ignored without it.

mod support;

use std::{fs, process::Command, sync::Arc};

use libtest_mimic::{Arguments, Failed, Trial};
use support::{
    Artifacts,
    c::{self, Compiler, Linkage},
    succeed, text,
};

fn main() {
    let arguments = Arguments::from_args();
    let artifacts = Artifacts::find().map(Arc::new);
    let ignored = artifacts.is_none();
    let missing = "needs what `make test` builds";
    let shared = artifacts.clone();
    let test = move || check(&shared.ok_or(missing)?);
    let mut trials = vec![Trial::test("gdb", test).with_ignored_flag(ignored)];
    for (compiler, version) in
        [(Compiler::ClangWithPlugin, "this"), (Compiler::OtherClangWithPlugin, "other")]
    {
        for level in ["-O1", "-O2"] {
            let shared = artifacts.clone();
            let name = format!("gdb-stackless-{version}{level}");
            let place = name.clone();
            let test = move || check_stackless(&shared.ok_or(missing)?, compiler, level, &place);
            trials.push(Trial::test(name, test).with_ignored_flag(ignored));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// The body of a stackless context: after a switch gdb is in its line, called from its creator, and
/// what it prints of a local variable is never wrong. At -O1 it may not know where that is.
fn check_stackless(
    artifacts: &Artifacts,
    compiler: Compiler,
    level: &str,
    name: &str,
) -> Result<(), Failed> {
    let source = c::sources().join("generator_locals.c");
    let text_of_source = fs::read_to_string(&source)?;
    let line = text_of_source
        .lines()
        .position(|line| line.contains("the debugger stops here"))
        .ok_or("no line to stop at")?
        + 1;
    let place = ("debuggers", name);
    let program = c::build(artifacts, compiler, &source, &["-g", level], place, Linkage::Static)?;
    let mut gdb = Command::new("gdb");
    gdb.args(["-nx", "-batch", "-ex", "set confirm off", "-ex", "set width 0", "-ex"]);
    gdb.arg(format!("break generator_locals.c:{line}"));
    for command in ["run", "bt", "print number", "continue", "print number", "continue"] {
        gdb.args(["-ex", command]);
    }
    let output = succeed(gdb.arg(&program))?;
    let stdout = text(&output.stdout);
    let frames = backtraces(&stdout);
    let printed: Vec<&str> = stdout
        .lines()
        .filter_map(|line| line.strip_prefix('$')?.split_once(" = "))
        .map(|(_, value)| value)
        .collect();
    let right = |(printed, expected): (&&str, &str)| {
        *printed == expected || (level == "-O1" && *printed == "<optimized out>")
    };
    let stops = stdout.matches(&format!("\n{line}\t")).count();
    if frames != [["squares", "main"]]
        || stops != 2
        || printed.len() != 2
        || !printed.iter().zip(["5", "8"]).all(right)
        || !stdout.contains("\n98\n")
    {
        return Err(format!("{frames:?} {printed:?}\n{stdout}\n{}", text(&output.stderr)).into());
    }
    Ok(())
}

/// A stop: the functions of the backtrace, innermost first. What gdb shows without a symbol's
/// name is the code that changes stacks.
type Frames = Vec<String>;

const ON_SIDE_STACK: &str = "<signal handler called>";

fn check(artifacts: &Artifacts) -> Result<(), Failed> {
    let source = c::sources().join("backtrace.c");
    let flags = ["-g", "-O1", "-fno-optimize-sibling-calls"];
    let place = ("debuggers", "backtrace");
    let program = c::build(artifacts, Compiler::Gcc, &source, &flags, place, Linkage::Static)?;
    let mut gdb = Command::new("gdb");
    gdb.args(["-nx", "-batch", "-ex", "set confirm off", "-ex", "set width 0"]);
    for command in ["break leaf", "run", "bt", "break switch_slowly", "continue", "bt", "delete 2"]
    {
        gdb.args(["-ex", command]);
    }
    // The second context's leaf, the one on top, then the end.
    for command in ["continue", "bt", "continue", "bt", "continue"] {
        gdb.args(["-ex", command]);
    }
    let output = succeed(gdb.arg(&program))?;
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    let stops = backtraces(&stdout);
    let body = ["inner", "body", "stackswitch_point_entry"];
    let expected: Vec<Frames> = [
        [&["leaf"], &body[..]].concat(),
        // The first context suspends to the second, which has not run and needs its stack.
        [&["switch_slowly", ON_SIDE_STACK], &body[..]].concat(),
        [&["leaf"], &body[..]].concat(),
        [&["leaf", "stackswitch_point_ontop"], &body[..]].concat(),
    ]
    .map(|frames| frames.into_iter().map(str::to_owned).collect())
    .to_vec();
    if stops != expected || stdout.contains("Backtrace stopped") || stderr.contains("Backtrace") {
        return Err(format!("{stops:#?}\n{stdout}\n{stderr}").into());
    }
    Ok(())
}

/// The backtraces in what gdb has printed.
fn backtraces(output: &str) -> Vec<Frames> {
    let mut stops: Vec<Frames> = Vec::new();
    for line in output.lines() {
        let Some((number, rest)) = line.strip_prefix('#').and_then(|line| line.split_once(' '))
        else {
            continue;
        };
        if number == "0" {
            stops.push(Frames::new());
        }
        let rest = rest.trim_start();
        let name = match rest.split_once(" in ") {
            Some((address, rest)) if address.starts_with("0x") => rest,
            _ => rest,
        };
        let name = if name.starts_with(ON_SIDE_STACK) {
            ON_SIDE_STACK
        } else {
            name.split(' ').next().unwrap_or(name)
        };
        let name = name.rsplit("::").next().unwrap_or(name);
        if let Some(frames) = stops.last_mut() {
            frames.push(name.to_owned());
        }
    }
    stops
}
