//! gdb shows the frames of a running context and stops where its stack begins, wherever it is
//! stopped, compiled ahead of time or by the JIT.
//!
//! The former needs what `make test` builds and is ignored without it.

mod support;

use std::{path::Path, process::Command};

use libtest_mimic::{Arguments, Failed, Trial};
use support::{
    Artifacts, STACKSWITCH,
    c::{self, Compiler, Linkage},
    succeed, text,
};

fn main() {
    let arguments = Arguments::from_args();
    let artifacts = Artifacts::find();
    let ignored = artifacts.is_none();
    let test = move || check(&artifacts.ok_or("needs what `make test` builds")?);
    let trials = vec![
        Trial::test("gdb", test).with_ignored_flag(ignored),
        Trial::test("gdb_in_the_jit", check_jit),
    ];
    libtest_mimic::run(&arguments, trials).exit();
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

/// A JIT-compiled function where gdb stops at its line: its frames, with lines, down to the
/// context's first. After the JIT has gone nothing of it is known any more.
fn check_jit() -> Result<(), Failed> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ir/lines.ll");
    let mut gdb = Command::new("gdb");
    gdb.args(["-nx", "-batch", "-ex", "set confirm off", "-ex", "set width 0"]);
    for command in [
        "set breakpoint pending on",
        "break guest.src:2",
        "run",
        "bt",
        "delete 1",
        "break exit",
        "continue",
        "break leaf",
    ] {
        gdb.args(["-ex", command]);
    }
    let output = succeed(gdb.args(["--args", STACKSWITCH, "run"]).arg(&program))?;
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    let stops = backtraces(&stdout);
    let expected = ["leaf", "body", "stackswitch_point_entry"].map(str::to_owned);
    let lines = stdout.contains("guest.src:2\n") && stdout.contains("guest.src:8\n");
    let gone = stderr.contains("Function \"leaf\" not defined");
    if stops != [expected] || !lines || !gone {
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
