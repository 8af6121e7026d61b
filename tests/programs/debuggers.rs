//! gdb shows the frames of a running context and stops where its stack begins, wherever it is
//! stopped, compiled ahead of time or by the JIT; and with the script that is installed it shows
//! those of suspended ones, wherever their stacks are, in a process and in a core file. In a context
//! without a stack it stops at the right lines and finds variables, and it finds those on the heap.

use std::{fs, path::Path, process::Command};

use libtest_mimic::Failed;
use stackswitch_test_support::{Artifacts, directory, run, succeed, text};

use crate::{
    c::{self, Compiler, Linkage},
    suite::Tests,
};

/// How the program with parked contexts is made: a name, who compiles, with which flags, and how
/// the runtime is linked; `None` is the checked one.
type Way = (&'static str, Compiler, &'static [&'static str], Option<Linkage<'static>>);

const WAYS: [Way; 6] = [
    ("gcc", Compiler::Gcc, &["-g", "-O1"], Some(Linkage::Static)),
    ("checked", Compiler::Gcc, &["-g", "-O1"], None),
    ("O0", Compiler::ClangWithPlugin, &["-g", "-O0"], Some(Linkage::Static)),
    ("O2", Compiler::ClangWithPlugin, &["-g", "-O2"], Some(Linkage::Shared)),
    ("other-O0", Compiler::OtherClangWithPlugin, &["-g", "-O0"], Some(Linkage::Shared)),
    ("other-O2", Compiler::OtherClangWithPlugin, &["-g", "-O2"], Some(Linkage::Static)),
];

/// More ways for what depends on the compiler alone.
const OTHER_LEVELS: [Way; 3] = [
    ("O1", Compiler::ClangWithPlugin, &["-g", "-O1"], Some(Linkage::Static)),
    ("O3", Compiler::ClangWithPlugin, &["-g", "-O3"], Some(Linkage::Static)),
    ("other-O1", Compiler::OtherClangWithPlugin, &["-g", "-O1"], Some(Linkage::Static)),
];

/// Each kind of stop, in each program that it can be in.
pub fn tests(tests: &mut Tests) {
    let mut add =
        |kind: &str, check: fn(&Artifacts, &Way) -> Result<(), Failed>, way: &'static Way| {
            let name = format!("{kind}-{}", way.0);
            tests.add_with_artifacts(name, move |artifacts| check(artifacts, way));
        };
    add("new", new_contexts, &("gcc", Compiler::Gcc, &["-g", "-O2"], Some(Linkage::Static)));
    for way in &WAYS {
        add("parked", parked, way);
    }
    for way in WAYS.iter().chain(&OTHER_LEVELS).filter(|way| way.0.contains('O')) {
        add("new", new_contexts, way);
        add("stepping", stepping, way);
        add("converted", converted, way);
        if !way.0.contains("O0") {
            add("stackless", stackless, way);
            add("on-the-heap", on_the_heap, way);
        }
    }
    tests.add_with_artifacts("running", running);
    tests.add_with_artifacts("running_in_the_jit", |artifacts| {
        running_in_the_jit(&artifacts.command)
    });
    tests
        .add_with_artifacts("parked_in_the_jit", |artifacts| parked_in_the_jit(&artifacts.command));
    tests.add_with_artifacts("parked_in_the_other_jit", |artifacts| {
        parked_in_the_jit(&artifacts.other_command)
    });
}

/// The body of a stackless context: after a switch gdb is in its line, called from its creator, and
/// what it prints of a local variable is never wrong. At -O1 it may not know where that is.
fn stackless(artifacts: &Artifacts, way: &Way) -> Result<(), Failed> {
    let &(name, compiler, flags, linkage) = way;
    let linkage = linkage.ok_or("the checked runtime is not for this")?;
    let source = c::sources().join("generator_locals.c");
    let text_of_source = fs::read_to_string(&source)?;
    let line = text_of_source
        .lines()
        .position(|line| line.contains("the debugger stops here"))
        .ok_or("no line to stop at")?
        + 1;
    let program_name = format!("stackless-{name}");
    let place = ("debuggers", program_name.as_str());
    let program = c::build(artifacts, compiler, &source, flags, place, linkage)?;
    let mut gdb = gdb();
    gdb.arg("-ex").arg(format!("break generator_locals.c:{line}"));
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
        *printed == expected || (flags.contains(&"-O1") && *printed == "<optimized out>")
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

/// A local variable on the heap: before and after a switch its value is that of the context that
/// gdb has stopped in.
fn on_the_heap(artifacts: &Artifacts, way: &Way) -> Result<(), Failed> {
    let &(name, compiler, flags, linkage) = way;
    let linkage = linkage.ok_or("a linkage")?;
    let source = c::sources().join("heap_locals.c");
    let lines = fs::read_to_string(&source)?;
    let threshold = c::option(artifacts, compiler, "-stackswitch-heap-threshold=1024")?;
    let flags: Vec<&str> =
        flags.iter().copied().chain(threshold.iter().map(String::as_str)).collect();
    let program_name = format!("on-the-heap-{name}");
    let place = ("debuggers", program_name.as_str());
    let program = c::build(artifacts, compiler, &source, &flags, place, linkage)?;
    let mut gdb = gdb();
    for comment in ["before the switch", "after the switch", "body ends"] {
        gdb.arg("-ex").arg(format!("break {}", line_of(&lines, comment)));
    }
    gdb.args(["-ex", "run"]);
    // Both contexts come to the first line, then each of them to the others.
    for stop in 0..6 {
        gdb.arg("-ex").arg(format!("echo @{stop}\\n"));
        gdb.args(["-ex", "output numbers[0]", "-ex", "echo ,"]);
        gdb.args(["-ex", "output numbers[499]", "-ex", "echo \\n", "-ex", "continue"]);
    }
    let output = text(&run(gdb.arg(&program))?.stdout);
    let expected = ["1000,1499", "2000,2499", "1000,1499", "1005,1499", "2000,2499", "2006,2499"];
    for (stop, expected) in expected.iter().enumerate() {
        let found = section(&output, &stop.to_string()).lines().next().unwrap_or_default();
        if found != *expected {
            return Err(format!("stop {stop}: {found:?}, not {expected:?}\n{output}").into());
        }
    }
    if !output.contains("\n1\n") || !output.contains("\n7011\n") {
        return Err(format!("the variables are not on the heap, or wrong\n{output}").into());
    }
    Ok(())
}

/// A stop: the functions of the backtrace, innermost first. What gdb shows without a symbol's
/// name is the code that changes stacks.
type Frames = Vec<String>;

const ON_SIDE_STACK: &str = "<signal handler called>";

/// gdb with what makes its output the same everywhere.
fn gdb() -> Command {
    let mut gdb = Command::new("gdb");
    gdb.args(["-nx", "-batch", "-ex", "set confirm off", "-ex", "set width 0"]);
    gdb
}

fn running(artifacts: &Artifacts) -> Result<(), Failed> {
    let source = c::sources().join("backtrace.c");
    let flags = ["-g", "-O1", "-fno-optimize-sibling-calls"];
    let place = ("debuggers", "backtrace");
    let program = c::build(artifacts, Compiler::Gcc, &source, &flags, place, Linkage::Static)?;
    let mut gdb = gdb();
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
        // The first context suspends to the second, which has not run and needs its stack. The
        // backtrace ends on the side stack, because the frames above may be displaced.
        ["switch_slowly", ON_SIDE_STACK].to_vec(),
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
fn running_in_the_jit(stackswitch: &Path) -> Result<(), Failed> {
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
    let output =
        succeed(gdb.arg("--args").arg(stackswitch).args(["run", "--no-stackless"]).arg(&program))?;
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

/// Contexts of JIT-compiled code that wait in it, one parked and one in place, with its functions and
/// lines.
fn parked_in_the_jit(stackswitch: &Path) -> Result<(), Failed> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for level in ["-O0", "-O2"] {
        let mut gdb = gdb();
        gdb.arg("-ex").arg(format!("source {}/debuggers/stackswitch_gdb.py", root.display()));
        gdb.args(["-ex", "set breakpoint pending on", "-ex", "break puts", "-ex", "run"]);
        gdb.args(["-ex", "echo @info\\n"]);
        gdb.args(["-ex", "info stackswitch", "-ex", "echo @all\\n", "-ex", "stackswitch bt all"]);
        gdb.arg("--args")
            .arg(stackswitch)
            .args(["run", level])
            .arg(root.join("tests/ir/parked.ll"));
        let output = text(&run(&mut gdb)?.stdout);
        let waiting: Vec<Vec<&str>> = section(&output, "info")
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>())
            .filter(|row| row.ends_with(&["body", "inner", "at", "guest.src:2"]))
            .collect();
        let parked = waiting.iter().filter(|row| row[3] != "0" && row[4] == "0").count();
        let in_place = waiting.iter().filter(|row| row[3] == "0" && row[4] != "0").count();
        let frames = backtraces(section(&output, "all"));
        let expected = ["inner", "body", ENTRY];
        let alike = frames.iter().filter(|frames| **frames == expected).count();
        if (waiting.len(), parked, in_place, alike) != (2, 1, 1, 2) {
            return Err(format!("{level}: {waiting:#?}\n{output}").into());
        }
    }
    Ok(())
}

/// The contexts of `parked.cpp`: what they are in it, what is said of them by `info stackswitch`
/// (status, whether bytes are parked, body, the comment of the line where it waits), and the
/// functions of their frames.
type Expected =
    (&'static str, &'static str, bool, &'static str, &'static str, &'static [&'static str]);

const ENTRY: &str = "stackswitch_point_entry";
const SHALLOW: &[&str] = &["waits", "deep", "shallow_body", ENTRY];
const DEEP: &[&str] = &["waits", "deep", "deep", "deep", "deep", "deep_body", ENTRY];
const LARGE: &[&str] = &["waits", "deep", "large_body", ENTRY];
const CATCHING: &[&str] = &["waits", "catching_body", ENTRY];

const CONTEXTS: [Expected; 9] = [
    ("contexts[0]", "suspended", true, "shallow_body", "// waits here", SHALLOW),
    ("contexts[1]", "suspended", true, "deep_body", "// waits here", DEEP),
    ("contexts[2]", "suspended", true, "large_body", "// waits here", LARGE),
    ("contexts[3]", "suspended", true, "catching_body", "// waits here", CATCHING),
    ("contexts[4]", "new", false, "shallow_body", "", &[]),
    ("contexts[5]", "finished", false, "-", "", &[]),
    ("contexts[6]", "suspended", false, "shallow_body", "// waits here", SHALLOW),
    ("contexts[7]", "suspended", true, "deep_body", "// waits here", DEEP),
    ("theirs", "suspended", false, "shallow_body", "// waits here", SHALLOW),
];

/// What a thread without contexts has captured, in place where that can be.
const PLAIN: [&str; 2] = ["plain_start", "plain_other"];
const PLAIN_FRAMES: [&str; 2] = ["plain_body", "stackswitch_point_posix_entry"];

/// One whose value goes through memory has frames of the runtime besides these two.
const WIDE: &str = "contexts[8]";

fn parked(artifacts: &Artifacts, &(name, compiler, flags, linkage): &Way) -> Result<(), Failed> {
    let source = c::sources().join("parked.cpp");
    let name = format!("parked-{name}");
    let place = ("debuggers", name.as_str());
    let checked;
    let linkage = match linkage {
        Some(linkage) => linkage,
        None => {
            checked = c::runtime_with(artifacts, "checked")?;
            Linkage::Archive(&checked)
        }
    };
    let flags = [flags, &["-fno-optimize-sibling-calls"]].concat();
    let program = c::build(artifacts, compiler, &source, &flags, place, linkage)?;
    let script = artifacts.prefix.join("share/stackswitch/stackswitch_gdb.py");
    let core = directory("debuggers")?.join(format!("{name}.core"));

    let mut live = gdb();
    for command in ["break stop", "run", "up"] {
        live.args(["-ex", command]);
    }
    live.arg("-ex").arg(format!("generate-core-file {}", core.display()));
    look(&mut live, &script);
    for (context, ..) in CONTEXTS.iter().filter(|context| context.1 == "suspended") {
        live.arg("-ex").arg(format!("echo @apply {context}\\n"));
        live.arg("-ex").arg(format!("stackswitch apply {context} bt"));
    }
    live.args(["-ex", "echo @apply plain_other\\n", "-ex", "stackswitch apply plain_other bt"]);
    // What was changed for that is as it was: the program goes on to its end.
    for command in ["echo @end\\n", "frame", "continue"] {
        live.args(["-ex", command]);
    }
    let live = text(&run(live.arg(&program))?.stdout);
    seen(&live, &source).map_err(|what| format!("{what}\n{live}"))?;
    for (context, _, _, _, _, frames) in CONTEXTS.iter().filter(|c| c.1 == "suspended") {
        let section = section(&live, &format!("apply {context}"));
        let mut found = backtraces(section).pop().unwrap_or_default();
        // gdb shows that a call has not returned.
        found.retain(|name| name != "stackswitch_point_return");
        if found != *frames {
            return Err(format!("apply {context}: {found:?}\n{live}").into());
        }
    }
    let found = backtraces(section(&live, "apply plain_other")).pop().unwrap_or_default();
    // gdb takes a context's first frame in the POSIX layer for that of a signal.
    if found != ["plain_body", ON_SIDE_STACK] {
        return Err(format!("apply plain_other: {found:?}\n{live}").into());
    }
    let end = section(&live, "end");
    if !end.contains("in main ()") || !end.contains("exited normally") {
        return Err(format!("does not end\n{live}").into());
    }

    let mut dead = gdb();
    dead.args(["-ex", "up"]);
    look(&mut dead, &script);
    dead.args(["-ex", "echo @refused\\n", "-ex", "stackswitch apply contexts[0] bt"]);
    let output = run(dead.arg(&program).arg(&core))?;
    fs::remove_file(&core)?;
    let (dead, stderr) = (text(&output.stdout), text(&output.stderr));
    seen(&dead, &source).map_err(|what| format!("in the core file: {what}\n{dead}\n{stderr}"))?;
    if !stderr.contains("only a live process can be changed") {
        return Err(format!("{dead}\n{stderr}").into());
    }
    Ok(())
}

/// Has gdb show all contexts, with a line before each answer.
fn look(gdb: &mut Command, script: &Path) {
    gdb.arg("-ex").arg(format!("source {}", script.display()));
    gdb.args(["-ex", "echo @info\\n", "-ex", "info stackswitch"]);
    for context in
        CONTEXTS.iter().map(|context| context.0).chain([WIDE, "start", "other"]).chain(PLAIN)
    {
        gdb.arg("-ex").arg(format!("echo @handle {context}\\n"));
        gdb.arg("-ex").arg(format!("output/x (long){context}"));
        gdb.arg("-ex").arg(format!("echo \\n@bt {context}\\n"));
        gdb.arg("-ex").arg(format!("stackswitch bt {context}"));
    }
    gdb.args(["-ex", "echo @bt all\\n", "-ex", "stackswitch bt all"]);
}

/// Whether gdb has shown the contexts as they are; else what is wrong.
fn seen(output: &str, source: &Path) -> Result<(), String> {
    let lines = fs::read_to_string(source).map_err(|e| e.to_string())?;
    let line_of = |comment: &str| line_of(&lines, comment);
    let info = section(output, "info");
    let frames_of = |context: &str| -> Frames {
        backtraces(section(output, &format!("bt {context}"))).pop().unwrap_or_default()
    };
    for (context, status, is_parked, body, comment, frames) in CONTEXTS {
        let found = frames_of(context);
        if found != frames {
            return Err(format!("frames of {context}: {found:?}"));
        }
        let handle = section(output, &format!("handle {context}")).trim();
        let row: Vec<&str> = info
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>())
            .find(|row| row.first() == Some(&handle))
            .ok_or_else(|| format!("{context} ({handle}) is not listed"))?;
        let waits = if comment.is_empty() {
            vec!["-".to_owned()]
        } else {
            let place = format!("{}:{}", source.display(), line_of(comment));
            vec!["waits".to_owned(), "at".to_owned(), place]
        };
        let parked = row[3].parse::<u64>().unwrap_or(0) != 0;
        if row[1] != status || parked != is_parked || row[5] != body || row[6..] != waits {
            return Err(format!("{context}: {row:?}"));
        }
    }
    let wide = frames_of(WIDE);
    let inner = wide.iter().position(|name| name == "wide_body");
    let waits = format!("{}:{}", source.display(), line_of("// waits with a double"));
    if inner.is_none() || wide.last().is_none_or(|last| last != ENTRY) || !info.contains(&waits) {
        return Err(format!("frames of {WIDE}: {wide:?}"));
    }
    if frames_of("other") != ["posix_body", "stackswitch_point_posix_entry"] {
        return Err(format!("frames of other: {:?}", frames_of("other")));
    }
    if frames_of("start").first().is_none_or(|first| first != "main") {
        return Err(format!("frames of start: {:?}", frames_of("start")));
    }
    let waits = format!("{}:{}", source.display(), line_of("// waits in place"));
    if frames_of("plain_other") != PLAIN_FRAMES
        || !section(output, "bt plain_other").contains(&waits)
        || frames_of("plain_start").first().is_none_or(|first| first != "plain_thread")
    {
        return Err(PLAIN.map(|object| format!("{object}: {:?}", frames_of(object))).join(", "));
    }
    let all = section(output, "bt all");
    let running = all.matches("(running):").count();
    if running != 3 || all.contains("cannot be followed") || info.matches("running").count() != 3 {
        return Err("the running contexts are not as they should be".to_owned());
    }
    Ok(())
}

/// Contexts that have not run: `info stackswitch` and `stackswitch bt` name their bodies, whatever
/// adapter or compiler-made function starts them. Thousands that wait are all listed.
fn new_contexts(
    artifacts: &Artifacts,
    &(name, compiler, flags, linkage): &Way,
) -> Result<(), Failed> {
    const BODIES: [&str; 4] = ["plain", "small", "wide", "of_type<int>"];
    let source = c::sources().join("new_contexts.cpp");
    let name = format!("new-{name}");
    let linkage = linkage.ok_or("a linkage")?;
    let program =
        c::build(artifacts, compiler, &source, flags, ("debuggers", name.as_str()), linkage)?;
    let script = artifacts.prefix.join("share/stackswitch/stackswitch_gdb.py");
    let mut gdb = gdb();
    gdb.args(["-ex", "break stop", "-ex", "run", "-ex", "up"]);
    gdb.arg("-ex").arg(format!("source {}", script.display()));
    gdb.args(["-ex", "echo @info\\n", "-ex", "info stackswitch 4000"]);
    for index in 0..=BODIES.len() {
        gdb.arg("-ex").arg(format!("echo @bt {index}\\n"));
        gdb.arg("-ex").arg(format!("stackswitch bt contexts[{index}]"));
    }
    let output = text(&run(gdb.arg(&program))?.stdout);
    let fail = |what: String| Err(Failed::from(format!("{what}\n{output}")));
    let rows: Vec<Vec<&str>> =
        section(&output, "info").lines().map(|line| line.split_whitespace().collect()).collect();
    let new: Vec<&str> =
        rows.iter().filter(|row| row.get(1) == Some(&"new")).map(|row| row[5]).collect();
    // What the compiler calls a lambda's function is its own affair, but not `main`.
    if new.len() != BODIES.len() + 1 || new[..4] != BODIES || !new[4].starts_with("main::") {
        return fail(format!("{new:?}"));
    }
    for (index, body) in BODIES.iter().enumerate() {
        if !section(&output, &format!("bt {index}")).contains(&format!("It will run {body}(0x0)")) {
            return fail(format!("bt of {body}"));
        }
    }
    let waiting = rows.iter().filter(|row| row.contains(&"waiting")).count();
    if waiting != 3000 {
        return fail(format!("{waiting} wait"));
    }
    Ok(())
}

/// The line of a source with a comment, from one.
fn line_of(source: &str, comment: &str) -> usize {
    source.lines().position(|line| line.contains(comment)).map_or(0, |index| index + 1)
}

/// A line of `stepping.c` by its comment, what variables are there, and the innermost frames.
type Stop = (&'static str, &'static [(&'static str, i64)], &'static [&'static str]);

const STOPS: [Stop; 6] = [
    ("main goes on", &[("first", 6), ("seen", 1)], &["main"]),
    ("body goes on", &[("local", 6), ("got", 7), ("(long)arg", 100)], &["body", ENTRY]),
    ("main again", &[("second", 14), ("sum", 7)], &["main"]),
    ("yield goes on", &[("sent", 14), ("back", 21)], &["yield", "body", ENTRY]),
    ("body ends", &[("local", 6), ("got", 7), ("after", 13)], &["body", ENTRY]),
    ("wide goes on", &[("local", 6), ("(long)got", 6)], &["wide"]),
];

/// Breakpoints before and after switches are hit, in functions and in what was inlined into them;
/// variables are right there; stepping over a switch comes to the next line.
fn stepping(artifacts: &Artifacts, &(name, compiler, flags, linkage): &Way) -> Result<(), Failed> {
    let source = c::sources().join("stepping.c");
    let lines = fs::read_to_string(&source)?;
    let place_name = format!("stepping-{name}");
    let linkage = linkage.ok_or("a linkage")?;
    let place = ("debuggers", place_name.as_str());
    let program = c::build(artifacts, compiler, &source, flags, place, linkage)?;
    let script = artifacts.prefix.join("share/stackswitch/stackswitch_gdb.py");
    let mut gdb = gdb();
    gdb.arg("-ex").arg(format!("source {}", script.display()));
    for (comment, ..) in &STOPS {
        gdb.arg("-ex").arg(format!("break {}", line_of(&lines, comment)));
    }
    gdb.args(["-ex", "run"]);
    for (comment, variables, _) in &STOPS {
        gdb.arg("-ex").arg(format!("echo @bt {comment}\\n")).args(["-ex", "bt"]);
        for (variable, _) in *variables {
            gdb.arg("-ex").arg(format!("echo @{comment} {variable}\\n"));
            gdb.arg("-ex").arg(format!("output {variable}"));
            gdb.args(["-ex", "echo \\n"]);
        }
        gdb.args(["-ex", "continue"]);
    }
    // Once more, in steps: the breakpoints in the context are out of the way, then in it.
    gdb.args(["-ex", "echo @steps\\n", "-ex", "delete"]);
    gdb.arg("-ex").arg(format!("break {}", line_of(&lines, "main starts")));
    gdb.args(["-ex", "run", "-ex", "delete"]);
    for _ in 0..3 {
        gdb.args(["-ex", "stackswitch next", "-ex", "echo \\n@line\\n", "-ex", "info line *$pc"]);
    }
    gdb.arg("-ex").arg(format!("break {}", line_of(&lines, "body ends")));
    gdb.args(["-ex", "stackswitch next 2", "-ex", "echo \\n@line\\n", "-ex", "info line *$pc"]);
    gdb.args(["-ex", "echo @finish\\n", "-ex", "break use", "-ex", "continue", "-ex", "finish"]);
    gdb.args(["-ex", "delete", "-ex", "echo @end\\n", "-ex", "continue"]);
    let output = text(&run(gdb.arg(&program))?.stdout);
    let fail = |what: String| Err(Failed::from(format!("{what}\n{output}")));
    for (comment, variables, frames) in &STOPS {
        let found = backtraces(section(&output, &format!("bt {comment}"))).pop();
        let found = found.unwrap_or_default();
        if !found.starts_with(&frames.iter().map(|&name| name.to_owned()).collect::<Vec<_>>()) {
            return fail(format!("{comment}: {found:?}"));
        }
        for (variable, value) in *variables {
            let found = section(&output, &format!("{comment} {variable}")).trim();
            let found = found.lines().next().unwrap_or_default();
            if found != value.to_string() {
                return fail(format!("{comment}: {variable} is {found}, not {value}"));
            }
        }
    }
    let steps = output.split_once("@steps\n").map_or("", |(_, rest)| rest);
    let stopped: Vec<usize> = steps
        .split("@line\nLine ")
        .skip(1)
        .filter_map(|rest| rest.split(' ').next()?.parse().ok())
        .collect();
    let comments = ["main goes on", "main sends", "main again", "body ends"];
    if stopped != comments.map(|comment| line_of(&lines, comment)) {
        return fail(format!("steps came to lines {stopped:?}"));
    }
    // `use` is called by the body, which it returns to.
    let finished = section(&output, "finish");
    if !finished.contains("body (") || !finished.contains("Value returned is") {
        return fail("finish does not come back to the body".to_owned());
    }
    if !section(&output, "end").contains("exited normally") {
        return fail("does not end".to_owned());
    }
    Ok(())
}

/// The debug information of a body survives where the runtime starts it through a function that the
/// passes make.
fn converted(artifacts: &Artifacts, &(name, compiler, flags, linkage): &Way) -> Result<(), Failed> {
    let source = c::sources().join("thunk_debug.ll");
    let lines = fs::read_to_string(&source)?;
    let place_name = format!("converted-{name}");
    let linkage = linkage.ok_or("a linkage")?;
    let place = ("debuggers", place_name.as_str());
    let flags = [flags, &["-Wno-unused-command-line-argument"]].concat();
    let program = c::build(artifacts, compiler, &source, &flags, place, linkage)?;
    let mut gdb = gdb();
    for instruction in ["%x = add", "%y = add"] {
        gdb.arg("-ex").arg(format!("break thunk_debug.ll:{}", line_of(&lines, instruction)));
    }
    for command in ["run", "echo @before\\n", "bt", "continue", "echo @after\\n", "bt"] {
        gdb.args(["-ex", command]);
    }
    gdb.args(["-ex", "echo @got\\n", "-ex", "output got", "-ex", "echo \\n"]);
    let output = text(&run(gdb.arg(&program))?.stdout);
    for stop in ["before", "after"] {
        let frames = backtraces(section(&output, stop)).pop().unwrap_or_default();
        if frames != ["body", "body.stackswitch.thunk", ENTRY] {
            return Err(format!("{stop}: {frames:?}\n{output}").into());
        }
    }
    if section(&output, "got").trim() != "6" {
        return Err(format!("got is wrong\n{output}").into());
    }
    Ok(())
}

/// What was printed after a line `@name`, up to the next such line.
fn section<'o>(output: &'o str, name: &str) -> &'o str {
    let Some((_, rest)) = output.split_once(&format!("@{name}\n")) else { return "" };
    rest.split("\n@").next().unwrap_or(rest)
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
