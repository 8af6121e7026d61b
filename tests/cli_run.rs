//! What `stackswitch run` and `opt` take, and how they say what is wrong with it.

mod support;

use std::{
    fs,
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use support::{STACKSWITCH, directory, run, text};

/// A file with that content.
fn file(name: &str, content: &str) -> PathBuf {
    let path = directory("cli_run").unwrap().join(name);
    fs::write(&path, content).unwrap();
    path
}

const SAY: &str = "\
@format = private constant [4 x i8] c\"%s\\0A\\00\"
define void @say(ptr %text) {
  %printed = call i32 (ptr, ...) @printf(ptr @format, ptr %text)
  ret void
}
declare i32 @printf(ptr, ...)
";
const MAIN: &str = "\
declare void @say(ptr)
define i32 @main(i32 %argc, ptr %argv) {
  %place = getelementptr ptr, ptr %argv, i64 1
  %argument = load ptr, ptr %place
  call void @say(ptr %argument)
  ret i32 %argc
}
";
/// A generator in C, with the header of the project.
const GENERATOR: &str = "\
#include <stackswitch.h>
#include <stdio.h>
static void *numbers(void *argument, void *first) {
  for (long i = START;; i++) first = stackswitch_suspend((void *)i);
  return first;
}
int main(void) {
  void *generator = stackswitch_spawn(0, numbers, 0);
  long sum = 0;
  for (int i = 0; i < 3; i++) sum += (long)stackswitch_resume(generator, 0);
  printf(\"%ld\\n\", sum);
  return 7;
}
";

/// The command with those arguments.
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(STACKSWITCH);
    command.args(arguments);
    command
}

/// Runs a command with something on its standard input.
fn with_input(mut command: Command, input: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn several_files_are_one_program() {
    let (main, say) = (file("main.ll", MAIN), file("say.ll", SAY));
    let output = run(command(&["run"]).args([&main, &say]).args(["--", "word"])).unwrap();
    assert_eq!(text(&output.stdout), "word\n", "{}", text(&output.stderr));
    assert_eq!(output.status.code(), Some(2), "two arguments, the program's name among them");
}

#[test]
fn a_symbol_of_two_files_is_refused() {
    let say = file("twice.ll", SAY);
    let output = run(command(&["run"]).args([&say, &say])).unwrap();
    assert_eq!(output.status.code(), Some(65));
    assert!(text(&output.stderr).contains("`say`") || text(&output.stderr).contains("'say'"));
}

#[test]
fn a_missing_definition_has_a_hint() {
    let output = run(command(&["run"]).arg(file("alone.ll", MAIN))).unwrap();
    assert_eq!(output.status.code(), Some(65));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("`say`") && stderr.contains("\n  hint: "), "{stderr}");
}

#[test]
fn the_standard_input_is_a_module() {
    let program = format!("{SAY}{}", MAIN.replace("declare void @say(ptr)\n", ""));
    let output = with_input(command(&["run", "-", "--", "piped"]), program.as_bytes());
    assert_eq!(text(&output.stdout), "piped\n", "{}", text(&output.stderr));

    let bitcode = with_input(command(&["opt", "-"]), program.as_bytes()).stdout;
    assert!(bitcode.starts_with(b"BC"));
    let output = with_input(command(&["run", "-", "--", "again"]), &bitcode);
    assert_eq!(text(&output.stdout), "again\n", "{}", text(&output.stderr));

    let output = with_input(command(&["run", "-"]), b"frobnicate\n");
    assert!(text(&output.stderr).contains("<stdin>:1:1: "), "{}", text(&output.stderr));
}

#[test]
fn c_is_compiled_by_clang() {
    let source = file("generator.c", GENERATOR);
    for level in ["-O0", "-O1", "-O2", "-O3"] {
        let mut command = command(&["run", level, "--clang-arg=-DSTART=10"]);
        let output = run(command.arg(&source)).unwrap();
        assert_eq!(text(&output.stdout), "33\n", "{level}: {}", text(&output.stderr));
        assert_eq!(output.status.code(), Some(7));
    }
}

#[test]
fn cxx_is_compiled_by_clang() {
    let source = file(
        "exceptions.cpp",
        "#include <stackswitch.h>
#include <iostream>
#include <string>
static void *thrower(void *, void *) { throw std::string(\"thrown\"); }
int main() {
  void *c = stackswitch_spawn(nullptr, thrower, nullptr);
  try { stackswitch_resume(c, nullptr); } catch (const std::string &s) { std::cout << s << '\\n'; }
}
",
    );
    let output = run(command(&["run"]).arg(&source)).unwrap();
    assert_eq!(text(&output.stdout), "thrown\n", "{}", text(&output.stderr));
}

#[test]
fn what_clang_refuses_is_refused() {
    let output =
        run(command(&["run"]).arg(file("wrong.c", "int main(void) { return x; }"))).unwrap();
    assert_eq!(output.status.code(), Some(65));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("wrong.c:1:25: error: ") && stderr.contains("could not"), "{stderr}");
}

#[test]
fn without_clang_there_is_no_c() {
    let source = file("nobody.c", GENERATOR);
    for arguments in [&["run"][..], &["run", "--clang", "/nowhere/clang"]] {
        let output = run(command(arguments).arg(&source).env("PATH", "/nowhere")).unwrap();
        assert_eq!(output.status.code(), Some(69));
        let stderr = text(&output.stderr);
        assert!(stderr.contains("clang") && stderr.contains("\n  hint: "), "{stderr}");
    }
}

#[test]
fn machine_code_is_no_module() {
    let output = run(&mut command(&["run", STACKSWITCH])).unwrap();
    assert_eq!(output.status.code(), Some(65));
    assert!(text(&output.stderr).contains("machine code"), "{}", text(&output.stderr));
}

#[test]
fn opt_takes_c() {
    let mut command = command(&["opt", "-S", "--clang-arg=-DSTART=1"]);
    let output = run(command.arg(file("lowered.c", GENERATOR))).unwrap();
    assert!(text(&output.stdout).contains("@stackswitch_resume"), "{}", text(&output.stderr));
}

#[test]
fn errors_show_the_line() {
    let path = file("line.ll", "define i32 @main() {\n  frobnicate\n}\n");
    let output = run(command(&["run"]).arg(&path)).unwrap();
    let expected = format!(
        "stackswitch: error: {}:2:3: expected instruction opcode\n 2 |   frobnicate\n   |   ^\n",
        path.display()
    );
    assert_eq!(text(&output.stderr), expected);
}

#[test]
fn colours_are_for_terminals_or_for_those_who_ask() {
    let coloured = |command: &mut Command| {
        let stderr = run(command.env_remove("NO_COLOR")).unwrap().stderr;
        assert!(!stderr.is_empty());
        stderr.contains(&b'\x1b')
    };
    assert!(!coloured(&mut command(&["run", "missing.ll"])));
    assert!(coloured(&mut command(&["--color=always", "run", "missing.ll"])));
    assert!(coloured(command(&["run", "missing.ll"]).env("CLICOLOR_FORCE", "1")));
    let mut never = command(&["run", "missing.ll", "--color", "never"]);
    assert!(!coloured(never.env("CLICOLOR_FORCE", "1")));
}

#[test]
fn a_typing_error_has_a_tip() {
    let output = run(&mut command(&["rum", "a.ll"])).unwrap();
    assert_eq!(output.status.code(), Some(64));
    assert!(text(&output.stderr).contains("'run'"), "{}", text(&output.stderr));
}
