//! The example language `rill`: what programs print, what is said of wrong ones, that a prompt
//! survives them, and that the tutorial shows what is there.

use std::{
    env, fs,
    io::Write,
    path::Path,
    process::{Command, ExitCode, Output, Stdio},
    rc::Rc,
};

use inkwell::context::Context;
use libtest_mimic::Failed;

use crate::suite::Tests;

#[path = "../../examples/rill/main.rs"]
mod rill;

type Done = Result<(), Failed>;

/// The variable by which this program is told to be the language's.
const AS_RILL: &str = "STACKSWITCH_TEST_AS_RILL";

/// The language itself, if this program is run as that.
pub fn as_language() -> Option<ExitCode> {
    env::var_os(AS_RILL).map(|_| rill::main())
}

/// What programs print, what a prompt answers, and what the tutorial shows.
pub fn tests(tests: &mut Tests) {
    tests.add("arithmetic", arithmetic);
    tests.add("control_flow", control_flow);
    tests.add("generators", generators);
    tests.add("generators_that_are_left", generators_that_are_left);
    tests.add("green_threads", green_threads);
    tests.add("ten_thousand_green_threads", ten_thousand_green_threads);
    tests.add("wrong_programs", wrong_programs);
    tests.add("deep_nesting", deep_nesting);
    tests.add("faults_end_a_file", faults_end_a_file);
    tests.add("a_prompt_goes_on", a_prompt_goes_on);
    tests.add("many_faults_in_one_session", many_faults_in_one_session);
    tests.add("redefinition", redefinition);
    tests.add("unfinished_input", unfinished_input);
    tests.add("command_line", command_line);
    tests.add("under_a_thousand_lines", under_a_thousand_lines);
    tests.add("tutorial_shows_the_source", tutorial_shows_the_source);
    tests.add_with_artifacts("tutorial_shows_what_is_printed", |artifacts| {
        tutorial_shows_what_is_printed(&artifacts.command)
    });
}

/// Runs the language with arguments and what is typed.
fn rill(arguments: &[&str], input: &str) -> Result<Output, Failed> {
    let mut child = Command::new(env::current_exe()?)
        .env(AS_RILL, "1")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    child.stdin.take().ok_or("no standard input")?.write_all(input.as_bytes())?;
    Ok(child.wait_with_output()?)
}

/// Runs a program from a file: what it printed, what was said of it, and whether it succeeded.
fn run(program: &str) -> Result<(String, String, bool), Failed> {
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("program.rill");
    fs::write(&file, program)?;
    let output = rill(&[&file.to_string_lossy()], "")?;
    let said = String::from_utf8(output.stderr)?.replace(&*file.to_string_lossy(), "FILE");
    Ok((String::from_utf8(output.stdout)?, said, output.status.success()))
}

#[track_caller]
fn equal(found: &str, expected: &str) -> Done {
    if found.trim_end() == expected.trim_end() {
        return Ok(());
    }
    Err(format!("expected:\n{expected}\nfound:\n{found}").into())
}

/// A program prints that and nothing is wrong with it.
fn prints(program: &str, expected: &str) -> Done {
    let (printed, said, success) = run(program)?;
    equal(&said, "")?;
    equal(&printed, expected)?;
    if success { Ok(()) } else { Err("it failed".into()) }
}

/// What a session prints.
fn session(input: &str, expected: &str) -> Done {
    let output = rill(&[], input)?;
    equal(&String::from_utf8(output.stderr)?, "")?;
    equal(&String::from_utf8(output.stdout)?, expected)
}

fn arithmetic() -> Done {
    session(
        "1 + 2 * 3 - 4\n(1 + 2) * 3\n-7 / 2\n-7 % 2\n2 < 3\n3 <= 2\n-(-3)\n\
         1 < 2 == 1\n9223372036854775807 + 1\n7 - 2 - 1",
        "3\n9\n-3\n-1\n1\n0\n3\n1\n-9223372036854775808\n4",
    )
}

fn control_flow() -> Done {
    prints(
        "fn fib(n) { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } }
         fn sign(x) { if x < 0 { 0 - 1 } else if x == 0 { 0 } else { 1 } }
         fn even(n) { if n == 0 { 1 } else { odd(n - 1) } }
         fn odd(n) { if n == 0 { 0 } else { even(n - 1) } }
         print(fib(20)); print(sign(0 - 5)); print(sign(0)); print(sign(9));
         print(even(10)); print(odd(10));
         let i = 0;
         while 1 {
             i = i + 1;
             if i == 3 { let i = 100; print(i); }
             if i == 5 { break }
         }
         print(i); # a variable of the block is not this one
         fn bump() { i = i + 1; i }
         print(bump() * 10 + bump()); print(i);
         if i == 0 { bump() } print(i)",
        "6765\n-1\n0\n1\n1\n0\n100\n5\n67\n7\n7",
    )
}

fn generators() -> Done {
    prints(
        "fn count(from, to, by) { while from <= to { yield from; from = from + by; } }
         for x in count(1, 10, 4) { print(x) }
         fn walk(depth) { if depth { walk(depth - 1); yield depth; walk(depth - 1); } }
         let text = 0;
         for x in walk(3) { text = text * 10 + x; }
         print(text);
         fn squares(n) { for x in range(0, n) { yield x * x; } }
         fn two() { yield 1; for x in squares(4) { yield x; } yield 2 }
         for x in two() { for y in range(0, 2) { print(x * 10 + y) } }
         fn nothing() { 5 }
         for x in nothing() { print(666) }
         fn none() { for x in range(3, 3) { print(666) } 4 }
         print(none());
         fn sum(n) { let s = 0; for x in range(0, n) { s = s + x; } s }
         print(sum(100000));",
        "1\n5\n9\n1213121\n10\n11\n0\n1\n10\n11\n40\n41\n90\n91\n20\n21\n4\n4999950000",
    )
}

/// What a generator would have done after its last value is not done, at any depth.
fn generators_that_are_left() -> Done {
    prints(
        "fn deep(n) { if n { deep(n - 1); print(666); } else { while 1 { yield 7; } } }
         fn outer() { for x in deep(3) { yield x; print(666); } print(666) }
         for x in outer() { print(x); break }
         fn first() { let r = 0; for x in outer() { for y in outer() { r = x + y; break } break } r }
         print(first());
         let total = 0;
         for i in range(0, 100000) { for x in outer() { total = total + x; break } }
         print(total);
         fn again(n) { for x in range(n, n + 5) { yield x } }
         for x in again(1) { if x == 3 { break } print(x) }",
        "7\n14\n700000\n1\n2",
    )
}

fn green_threads() -> Done {
    prints(
        "fn worker(name, count) {
             for i in range(0, count) { print(name * 10 + i); pause(); }
             print(name * 100);
         }
         spawn worker(1, 2);
         spawn worker(2, 1);
         fn inside() { pause(); yield 31; pause(); yield 32; }
         fn consumer() { for x in inside() { print(x) } }
         spawn consumer();
         print(7); pause(); print(8);",
        "7\n10\n20\n8\n11\n200\n31\n100\n32",
    )
}

/// Each waits for the one before it; all that run at once are resumed again and again.
fn ten_thousand_green_threads() -> Done {
    prints(
        "let turn = 0;
         fn link(n) { while turn != n { pause() } turn = turn + 1; }
         for n in range(0, 10000) { spawn link(n) }
         while turn < 10000 { pause() }
         print(turn);
         let count = 0;
         fn add() { for i in range(0, 3) { count = count + 1; pause(); } }
         for i in range(0, 10000) { spawn add(); }
         while count < 30000 { pause(); }
         print(count);",
        "10000\n30000",
    )
}

/// Each program with the message, its place and what the mark points at.
const WRONG: [(&str, &str, &str); 17] = [
    ("let x = 1;\nprint(x + y);", "2:11", "there is no variable `y`"),
    ("f(1)", "1:1", "there is no function `f`"),
    ("fn f(a, b) { a }\nf(1)", "2:1", "wrong number of arguments: `f` takes 2"),
    ("print(1, 2)", "1:1", "wrong number of arguments: `print` takes 1"),
    ("for x in g() { }", "1:10", "there is no function `g`"),
    ("spawn range(1)", "1:7", "wrong number of arguments: `range` takes 2"),
    ("break", "1:1", "there is no loop to leave"),
    ("fn print(x) { x }", "1:4", "`print` is built in"),
    ("1 +", "1:4", "expected an expression, found the end"),
    ("fn f(a b) { 1 }", "1:8", "expected `,`, found `b`"),
    ("fn f( {", "1:7", "expected a name, found `{`"),
    ("let 3 = 4", "1:5", "expected a name, found `3`"),
    ("1 @ 2", "1:3", "`@` means nothing here"),
    ("99999999999999999999", "1:1", "`99999999999999999999` is not a number of 64 bits"),
    ("12ab", "1:1", "`12ab` is not a number of 64 bits"),
    ("print(\"text\")", "1:7", "`\"` means nothing here"),
    ("  x", "1:3", "there is no variable `x`"),
];

fn wrong_programs() -> Done {
    for (program, place, message) in WRONG {
        let (printed, said, success) = run(program)?;
        equal(&printed, "")?;
        let (line, column) = place.split_once(':').ok_or("a place")?;
        let start = format!("error: {message}\n --> FILE:{place}\n{line} | ");
        if success || !said.starts_with(&start) {
            return Err(format!("of {program:?} expected {start:?}, found {said:?}").into());
        }
        let mark = said.lines().nth(3).and_then(|line| line.find('^')).ok_or("a mark")?;
        equal(&(mark + 1 - " 1 | ".len() + 1).to_string(), column)?;
    }
    Ok(())
}

/// The parser's own stack has an end.
fn deep_nesting() -> Done {
    for (open, close) in
        [("(", ")"), ("-", ""), ("{", "}"), ("1+", ""), ("let x = ", ""), ("f(", ")")]
    {
        let program = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        let (_, said, success) = run(&program)?;
        if success || !said.starts_with("error: this is nested too deeply") {
            return Err(format!("{open}: {}", &said[..said.len().min(200)]).into());
        }
    }
    Ok(())
}

fn faults_end_a_file() -> Done {
    let (printed, said, success) = run("fn f(x) {\n    10 / x\n}\nprint(f(5)); f(0); print(1)")?;
    equal(&printed, "2")?;
    let expected = "error: a division by zero, or one whose result has no room\n --> FILE:2:8\n\
                    2 |     10 / x\n  |        ^";
    equal(&said, expected)?;
    if success { Err("it succeeded".into()) } else { Ok(()) }
}

fn a_prompt_goes_on() -> Done {
    let output = rill(
        &[],
        "let x = 4\nx * x\nx / (x - 4)\n(0 - 9223372036854775807 - 1) / -1\n1 % 0\n\
         yield 3\nfn down(n) { down(n + 1) + 1 }\ndown(0)\n\
         fn forever() { while 1 { pause() } }\nspawn forever(); pause(); 1 / 0\n5 % 0\nfn bad(n) { pause(); 1 / n }\nspawn bad(0); 5\n\
         for a in range(0, 3) { for b in range(0, 1 / (1 - a)) { print(a * 10 + b) } }\nx",
    )?;
    // The address of a context is not known, nor how many callers are told.
    let printed = String::from_utf8(output.stdout)?;
    let known = |line: &str| match line {
        _ if line.starts_with("    called by rill.down, ") => String::new(),
        _ if line.starts_with("error: EOVERFLOW: stack overflow: context ")
            && line.ends_with(", in rill.down") =>
        {
            "OVERFLOW\n".to_owned()
        }
        _ => format!("{line}\n"),
    };
    equal(
        &printed.lines().map(known).collect::<String>(),
        "16\n\
         error: a division by zero, or one whose result has no room\n --> input 3:1:3\n1 | x / (x - 4)\n  |   ^\n\
         error: a division by zero, or one whose result has no room\n --> input 4:1:31\n\
         1 | (0 - 9223372036854775807 - 1) / -1\n  |                               ^\n\
         error: a division by zero, or one whose result has no room\n --> input 5:1:3\n1 | 1 % 0\n  |   ^\n\
         error: no loop takes the value that is yielded\n\
         OVERFLOW\n\
         error: a division by zero, or one whose result has no room\n --> input 10:1:29\n\
         1 | spawn forever(); pause(); 1 / 0\n  |                             ^\n\
         error: a division by zero, or one whose result has no room\n --> input 11:1:3\n1 | 5 % 0\n  |   ^\n\
         5\n\
         error: a division by zero, or one whose result has no room\n --> input 12:1:24\n\
         1 | fn bad(n) { pause(); 1 / n }\n  |                        ^\n\
         0\n\
         error: a division by zero, or one whose result has no room\n --> input 14:1:44\n\
         1 | for a in range(0, 3) { for b in range(0, 1 / (1 - a)) { print(a * 10 + b) } }\n  |                                            ^\n\
         4",
    )
}

fn many_faults_in_one_session() -> Done {
    let faults = "1 / 0\nyield 1\n2 % 0\n".repeat(100);
    let output = rill(&[], &format!("let x = 1\n{faults}\nx + 41\n"))?;
    let printed = String::from_utf8(output.stdout)?;
    equal(&printed.matches("error: ").count().to_string(), "300")?;
    equal(printed.lines().last().unwrap_or_default(), "42")
}

/// Who called the old definition calls the new one.
fn redefinition() -> Done {
    session(
        "fn f() { 1 }\nfn g() { f() }\nfn h() { for x in k() { print(x) } 0 }\nfn k() { yield 10 }\n\
         fn h() { for x in k() { print(x) } 0 }\nh() + g()\nfn f() { 2 }\nfn k() { yield f() * 10 }\n\
         h() + g()\nfn f(a) { a }\ng()\nlet x = 1\nfn y() { x }\nlet x = 2\ny()\n\
         fn range(a, b) { yield 77 }\nfor i in range(1, 2) { print(i) }",
        "error: there is no function `k`\n --> input 3:1:19\n1 | fn h() { for x in k() { print(x) } 0 }\n  |                   ^\n\
         10\n1\n20\n2\n\
         error: wrong number of arguments: `f` takes 1\n --> input 2:1:10\n1 | fn g() { f() }\n  |          ^\n\
         2\n2\n77",
    )
}

fn unfinished_input() -> Done {
    session(
        "fn add(a,\n  b) {\n  a + b\n}\nadd(1,\n2)\n1 +\n\n3",
        "3\nerror: expected an expression, found the end\n --> input 3:2:1\n2 | \n  | ^\n3",
    )
}

fn command_line() -> Done {
    let output = rill(&["one", "two"], "")?;
    equal(&String::from_utf8(output.stderr)?, "error: usage: rill [FILE]")?;
    let missing = rill(&["missing.rill"], "")?;
    let said = String::from_utf8(missing.stderr)?;
    if output.status.success() || missing.status.success() || !said.contains("missing.rill: ") {
        return Err(said.into());
    }
    Ok(())
}

/// The files of the language.
fn sources() -> Result<Vec<String>, Failed> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/rill");
    fs::read_dir(directory)?.map(|file| Ok(fs::read_to_string(file?.path())?)).collect()
}

/// All lines of all files, as `wc -l` counts them.
fn under_a_thousand_lines() -> Done {
    let lines: usize = sources()?.iter().map(|text| text.lines().count()).sum();
    if lines < 1000 { Ok(()) } else { Err(format!("{lines} lines").into()) }
}

/// The blocks of the tutorial: what each is said to be, and its text.
fn tutorial() -> Vec<(&'static str, &'static str)> {
    let text = include_str!("../../docs/tutorial.md");
    let blocks = text.split("\n```").skip(1).step_by(2);
    blocks.filter_map(|block| block.split_once('\n')).collect()
}

fn tutorial_shows_the_source() -> Done {
    let sources = sources()?;
    let mut count = 0;
    for (_, excerpt) in tutorial().into_iter().filter(|(kind, _)| *kind == "rust,ignore") {
        count += 1;
        // An excerpt may be put together from several.
        for part in excerpt.split("\n// ...\n") {
            if !sources.iter().any(|source| source.contains(part)) {
                return Err(format!("not in the source:\n{part}").into());
            }
        }
    }
    if count >= 15 { Ok(()) } else { Err(format!("only {count} excerpts").into()) }
}

/// The IR that the language makes of a program.
fn ir(program: &str) -> Result<String, Failed> {
    let text = format!("{}\n{program}", rill::session::PRELUDE);
    let source = Rc::new(rill::lexer::Source { name: "program.rill".to_owned(), text });
    let (mut program, main) = rill::parser::parse(&source, "main.2")?;
    program.variables.push(rill::codegen::STOPPED.to_owned());
    let (context, mut notes) = (Context::create(), Vec::new());
    let module = rill::codegen::compile(&context, &program, &program.functions, main, &mut notes);
    Ok(module.map_err(|error| error.to_string())?.print_to_string().to_string())
}

/// A text has these lines, with perhaps others between them.
fn contains_in_order(text: &str, lines: &str) -> Done {
    let mut left = text.lines();
    match lines.lines().find(|line| !left.any(|l| l == *line)) {
        None => Ok(()),
        Some(line) => Err(format!("not there, or not in this order: {line}\nin:\n{text}").into()),
    }
}

/// A program is followed by what it prints, and perhaps before that by lines of its IR. In a session
/// what is typed stands after a prompt.
fn tutorial_shows_what_is_printed(stackswitch: &Path) -> Done {
    let (mut program, mut checked) = ("", 0);
    for (kind, text) in tutorial() {
        match kind {
            "rill" => program = text,
            "text" => prints(program, text)?,
            "llvm" => contains_in_order(&ir(program)?, text)?,
            "explain" => {
                let directory = tempfile::tempdir()?;
                let file = directory.path().join("program.ll");
                fs::write(&file, ir(program)?)?;
                let explain = Command::new(stackswitch).arg("explain").arg(file).output()?;
                contains_in_order(&String::from_utf8(explain.stdout)?, text)?;
            }
            "session" => {
                let (typed, printed): (Vec<_>, Vec<_>) =
                    text.lines().partition(|l| l.starts_with("> ") || l.starts_with("... "));
                let typed = typed.iter().filter_map(|line| Some(line.split_once(' ')?.1));
                let typed = typed.map(|line| format!("{line}\n")).collect::<String>();
                session(&typed, &printed.join("\n"))?;
            }
            _ => continue,
        }
        checked += 1;
    }
    if checked >= 12 { Ok(()) } else { Err(format!("only {checked} blocks").into()) }
}
