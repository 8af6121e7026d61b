//! Wrong input ends with the right exit status and one clear line, never with a crash.

use std::{fs, path::PathBuf, process::Command};

use stackswitch_test_support::{directory, run, text};

use crate::STACKSWITCH;

/// Runs the command; gives its status, its output and its complaint: one line, which lines with a
/// piece of the source and with a hint may follow.
fn stackswitch(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = run(Command::new(STACKSWITCH).args(arguments)).unwrap();
    let stderr = text(&output.stderr);
    let (first, rest) = stderr.split_once('\n').unwrap_or((&stderr, ""));
    assert!(rest.lines().all(|line| line.starts_with(' ')), "one error, not: {stderr}");
    let message = first.strip_prefix("stackswitch: error: ");
    let message = message.unwrap_or_else(|| panic!("no error of ours: {stderr}")).to_owned();
    (output.status.code(), text(&output.stdout), message)
}

/// A file with that content.
fn file(name: &str, content: impl AsRef<[u8]>) -> String {
    let path: PathBuf = directory("bad_input").unwrap().join(name);
    fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Runs a module and checks the exit status and parts of the message; gives the output.
fn refused(name: &str, content: impl AsRef<[u8]>, status: i32, parts: &[&str]) -> String {
    let (found, stdout, message) = stackswitch(&["run", &file(name, content)]);
    for part in parts {
        assert!(message.contains(part), "no {part:?} in: {message}");
    }
    assert_eq!(found, Some(status), "{message}");
    stdout
}

#[test]
fn wrong_arguments() {
    for arguments in [
        &[][..],
        &["run"],
        &["frobnicate"],
        &["run", "-O7", "a.ll"],
        &["run", "--no-such-flag", "a.ll"],
    ] {
        assert_eq!(stackswitch(arguments).0, Some(64), "{arguments:?}");
    }
}

#[test]
fn help_and_version_succeed() {
    for (arguments, part) in [(["--help"], "run"), (["--version"], "LLVM")] {
        let output = run(Command::new(STACKSWITCH).args(arguments)).unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert!(text(&output.stdout).contains(part));
        assert!(output.stderr.is_empty());
    }
}

#[test]
fn missing_file() {
    for command in ["run", "opt"] {
        let (status, _, message) = stackswitch(&[command, "no-such-file.ll"]);
        assert_eq!(status, Some(66));
        assert!(message.starts_with("no-such-file.ll: "), "{message}");
    }
}

#[test]
fn output_that_cannot_be_made() {
    let input = file("fine.ll", "define i32 @main() {\n  ret i32 0\n}\n");
    let (status, _, message) = stackswitch(&["opt", &input, "-o", "no-such-directory/out.bc"]);
    assert_eq!(status, Some(73));
    assert!(message.starts_with("no-such-directory/out.bc: "), "{message}");
}

#[test]
fn malformed_text() {
    refused("text.ll", "define i32 @main() {\n  frobnicate\n}\n", 65, &["text.ll:2:3: "]);
}

#[test]
fn malformed_bitcode() {
    refused("garbage.bc", b"BC\xC0\xDE\x01\x02\x03\x04garbage", 65, &["garbage.bc: "]);
    let fine = file("whole.ll", "define i32 @main() {\n  ret i32 0\n}\n");
    let whole = run(Command::new(STACKSWITCH).args(["opt", &fine])).unwrap().stdout;
    for length in [5, whole.len() / 4, whole.len() / 2, whole.len() - 4] {
        refused("cut.bc", &whole[..length], 65, &["cut.bc"]);
    }
}

#[test]
fn empty_file() {
    refused("empty.ll", "", 65, &["empty.ll", "`main`"]);
}

#[test]
fn broken_ir() {
    let body = "{\n  %a = add i32 %b, 1\n  %b = add i32 %a, 1\n  ret i32 %b\n}\n";
    refused("broken.ll", format!("define i32 @main() {body}"), 65, &["broken.ll", "dominate"]);
}

#[test]
fn broken_ir_with_debug_information() {
    let text = "\
define i32 @main() !dbg !3 {
  %a = add i32 %b, 1
  %b = add i32 %a, 1
  ret i32 %b
}
!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!2}
!0 = distinct !DICompileUnit(language: DW_LANG_C99, file: !1, emissionKind: FullDebug)
!1 = !DIFile(filename: \"a.c\", directory: \"/\")
!2 = !{i32 2, !\"Debug Info Version\", i32 3}
!3 = distinct !DISubprogram(name: \"main\", file: !1, line: 1, unit: !0)
";
    refused("broken_debug.ll", text, 65, &["broken_debug.ll", "dominate"]);
}

#[test]
fn another_machine() {
    let text = "target triple = \"riscv64-linux-gnu\"\ndefine i32 @main() {\n  ret i32 0\n}\n";
    refused("machine.ll", text, 65, &["machine.ll", "riscv64-linux-gnu"]);
}

#[test]
fn missing_entry() {
    let input = file("entry.ll", "define i32 @other() {\n  ret i32 0\n}\n");
    let (status, _, message) = stackswitch(&["run", &input, "--entry", "nobody"]);
    assert_eq!(status, Some(65));
    assert!(message.contains("entry.ll") && message.contains("`nobody`"), "{message}");
}

#[test]
fn entry_of_another_type() {
    let text = "define double @main(double %x) {\n  ret double %x\n}\n";
    refused("type.ll", text, 65, &["type.ll", "`main`", "i32 (i32, ptr)"]);
}

#[test]
fn entry_that_is_no_function_of_the_module() {
    let input = file("variable.ll", "@data = global i32 0\ndefine i32 @main() {\n  ret i32 0\n}\n");
    for entry in ["data", "puts"] {
        let (status, _, message) = stackswitch(&["run", &input, "--entry", entry]);
        assert_eq!(status, Some(65));
        assert!(message.contains(&format!("`{entry}`")), "{message}");
    }
}

#[test]
fn missing_function() {
    let text = "declare void @nowhere()\n\
        define i32 @main() {\n  call void @nowhere()\n  ret i32 0\n}\n";
    refused("function.ll", text, 65, &["function.ll", "`nowhere`"]);
}

#[test]
fn bad_assembly() {
    let text = "define i32 @main() {\n\
        call void asm sideeffect \"frobnicate\", \"\"()\n  ret i32 0\n}\n";
    refused("assembly.ll", text, 65, &["assembly.ll", "frobnicate"]);
}

#[test]
fn unknown_intrinsic() {
    let text = "declare void @llvm.stackswitch.frobnicate()\n\
        define i32 @main() {\n  call void @llvm.stackswitch.frobnicate()\n  ret i32 0\n}\n";
    for command in ["run", "opt"] {
        let (status, _, message) = stackswitch(&[command, &file("unknown.ll", text)]);
        assert_eq!(status, Some(65), "{message}");
        assert!(message.contains("llvm.stackswitch.frobnicate"), "{message}");
    }
}

#[test]
fn mistyped_intrinsic() {
    let text = "declare i32 @llvm.stackswitch.current()\n\
        define i32 @main() {\n  %c = call i32 @llvm.stackswitch.current()\n  ret i32 %c\n}\n";
    refused("mistyped.ll", text, 65, &["llvm.stackswitch.current", "main"]);
}

/// Declarations, and a function that does something to a context that has run to its end.
fn program(body: &str) -> String {
    format!(
        "declare ptr @llvm.stackswitch.spawn(ptr, ptr, ptr)
declare ptr @llvm.stackswitch.resume(ptr, ptr)
declare ptr @llvm.stackswitch.suspend(ptr)
declare ptr @llvm.stackswitch.current()
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @puts(ptr)
@hello = private constant [6 x i8] c\"hello\\00\"
define ptr @body(ptr %arg, ptr %first) {{
  ret ptr %first
}}
define i32 @main() {{
  %said = call i32 @puts(ptr @hello)
  %c = call ptr @llvm.stackswitch.spawn(ptr null, ptr @body, ptr null)
  %r = call ptr @llvm.stackswitch.resume(ptr %c, ptr null)
{body}
  ret i32 0
}}
"
    )
}

/// Runs a program that misuses the runtime after it has said hello.
fn misuse(name: &str, body: &str, parts: &[&str]) {
    let stdout = refused(name, program(body), 70, parts);
    assert_eq!(stdout, "hello\n", "output before the error is kept");
}

#[test]
fn resume_of_a_finished_context() {
    misuse(
        "finished.ll",
        "  %x = call ptr @llvm.stackswitch.resume(ptr %c, ptr null)",
        &["resume"],
    );
}

#[test]
fn resume_of_a_destroyed_context() {
    let body = "  call void @llvm.stackswitch.destroy(ptr %c)
  %x = call ptr @llvm.stackswitch.resume(ptr %c, ptr null)";
    misuse("destroyed.ll", body, &["resume"]);
}

#[test]
fn resume_of_oneself() {
    let body = "  %me = call ptr @llvm.stackswitch.current()
  %x = call ptr @llvm.stackswitch.resume(ptr %me, ptr null)";
    misuse("running.ll", body, &["resume"]);
}

#[test]
fn suspend_without_a_link() {
    misuse("link.ll", "  %x = call ptr @llvm.stackswitch.suspend(ptr null)", &["suspend"]);
}

#[test]
fn overflow_of_a_stack() {
    let text = "\
declare ptr @llvm.stackswitch.base.create(i64)
declare ptr @llvm.stackswitch.spawn(ptr, ptr, ptr)
declare ptr @llvm.stackswitch.resume(ptr, ptr)
define i64 @deeper(i64 %n) noinline {
  %buffer = alloca [64 x i64]
  store volatile i64 %n, ptr %buffer
  %next = add i64 %n, 1
  %below = call i64 @deeper(i64 %next)
  %here = load volatile i64, ptr %buffer
  %sum = add i64 %below, %here
  ret i64 %sum
}
define ptr @body(ptr %arg, ptr %first) {
  %sum = call i64 @deeper(i64 0)
  %result = inttoptr i64 %sum to ptr
  ret ptr %result
}
define i32 @main() {
  %base = call ptr @llvm.stackswitch.base.create(i64 1048576)
  %c = call ptr @llvm.stackswitch.spawn(ptr %base, ptr @body, ptr null)
  %r = call ptr @llvm.stackswitch.resume(ptr %c, ptr null)
  ret i32 0
}
";
    refused("overflow.ll", text, 70, &["overflow"]);
}
