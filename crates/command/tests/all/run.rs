//! What `stackswitch run` and `opt` take, and how they say what is wrong with it.

use std::{
    fs,
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use stackswitch_test_support::{directory, run, succeed, text};

use crate::STACKSWITCH;

/// A file with that content.
fn file(name: &str, content: &str) -> PathBuf {
    let path = directory("run").unwrap().join(name);
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

#[test]
fn an_argument_that_is_no_file_has_a_hint() {
    let main = file("words.ll", &format!("{SAY}{}", MAIN.replace("declare void @say(ptr)\n", "")));
    let output = run(command(&["run"]).arg(&main).arg("3")).unwrap();
    assert_eq!(output.status.code(), Some(66));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("follow `--`: run ") && stderr.contains("words.ll -- 3\n"), "{stderr}");
}

#[test]
fn an_empty_entry_is_refused_as_an_argument() {
    let output =
        run(command(&["run", "--entry", ""])
            .arg(file("entry.ll", "define i32 @main() { ret i32 0 }")))
        .unwrap();
    assert_eq!(output.status.code(), Some(64));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("--entry") && !stderr.contains("LLVM"), "{stderr}");
}

/// More text than a pipe holds.
fn large_module() -> String {
    (0..20_000).map(|i| format!("define i32 @f{i}() {{\n  ret i32 {i}\n}}\n")).collect()
}

#[test]
fn a_reader_that_ends_early_is_no_error() {
    let module = file("large.ll", &large_module());
    let mut child = command(&["opt", "-S"])
        .arg(module)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Nothing is read: the pipe closes while the command writes or before.
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(text(&output.stderr), "", "{}", output.status);
}

#[test]
fn truncated_bitcode_is_called_so() {
    let whole = succeed(command(&["opt"]).arg(file("whole.ll", MAIN))).unwrap().stdout;
    let path = file("truncated.bc", "");
    for length in [4, 20, whole.len() / 2, whole.len() - 4, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        let output = run(command(&["run"]).arg(&path)).unwrap();
        assert_eq!(output.status.code(), Some(65), "{length}");
        let stderr = text(&output.stderr);
        assert!(stderr.contains("truncated.bc: the bitcode is truncated"), "{length}: {stderr}");
    }
}

/// The body gets the address of a variable of a function that its context outlives.
const DOUBTFUL: &str = "\
#include <stackswitch.h>
static void *inner(void *local, void *first) { *(char *)local = 1; return first; }
static void *outer(void *argument, void *first) {
  char local;
  (void)argument, (void)first;
  return stackswitch_spawn(0, inner, &local);
}
int main(void) { return stackswitch_spawn(0, outer, 0) == 0; }
";

#[test]
fn warnings_about_c_show_its_lines() {
    let source = file("doubtful.c", DOUBTFUL);
    for name in ["run", "explain"] {
        let arguments = [name, "-O0", "--pointers", "sliced"];
        let output = run(command(&arguments).arg(&source)).unwrap();
        let stderr = text(&output.stderr);
        assert!(stderr.contains("warning") && stderr.contains("doubtful.c:6:10: "), "{stderr}");
        assert!(
            stderr.contains("\n 6 |   return stackswitch_spawn(0, inner, &local);\n"),
            "{stderr}"
        );
        assert!(!stderr.contains("call ptr @"), "no IR: {stderr}");
        assert!(!stderr.contains("warning: warning"), "{stderr}");
    }
}

#[test]
fn a_program_can_use_a_shared_library() {
    let directory = directory("cli_run").unwrap();
    let library = directory.join("libseven.so");
    let source = file("seven.c", "int seven(void) { return 7; }");
    succeed(Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(source)).unwrap();
    let program = file(
        "uses_seven.c",
        "int seven(void); double cos(double);\nint main(void) { return seven() + (int)cos(0); }",
    );
    let by_file = run(command(&["run", "--lib", "libm.so.6", "-l"]).arg(&library).arg(&program));
    assert_eq!(by_file.unwrap().status.code(), Some(8));
    let by_name = run(command(&["run", "-lseven", "-L"]).arg(&directory).arg(&program)).unwrap();
    assert_eq!(by_name.status.code(), Some(8), "{}", text(&by_name.stderr));
    let missing = run(command(&["run", "-lnowhere"]).arg(&program)).unwrap();
    assert_eq!(missing.status.code(), Some(69));
    let stderr = text(&missing.stderr);
    assert!(
        stderr.contains("library nowhere: libnowhere.so") && stderr.contains("hint: -l"),
        "{stderr}"
    );
}

#[test]
fn names_of_cxx_are_as_in_the_source() {
    let program = "\
#include <stackswitch.h>
namespace server {
struct Missing { void *get(int) const; };
void *reader(void *, void *first) {
  Missing missing;
  return missing.get(3) ? stackswitch_suspend(first) : first;
}
}
int main() { return stackswitch_resume(stackswitch_spawn(nullptr, server::reader, nullptr), nullptr) != nullptr; }
";
    let source = file("named.cpp", program);
    let output = run(command(&["run"]).arg(&source)).unwrap();
    let stderr = text(&output.stderr);
    assert!(stderr.contains("no definition of `server::Missing::get(int) const`"), "{stderr}");
    let explained = text(&succeed(command(&["explain"]).arg(&source)).unwrap().stdout);
    assert!(explained.contains("function 'server::reader(void*, void*)'"), "{explained}");
    assert!(!explained.contains("_ZN"), "{explained}");
    let json = text(&succeed(command(&["explain", "--json"]).arg(&source)).unwrap().stdout);
    assert!(json.contains("\"name\": \"_ZN6server6readerEPvS0_\""), "{json}");
    assert!(json.contains("\"source_name\": \"server::reader(void*, void*)\""), "{json}");
}
