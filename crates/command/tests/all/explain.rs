//! `explain` and `stackswitch explain` say of every use of an intrinsic what became of it.

use std::{fs, path::Path, process::Command};

use inkwell::{
    context::Context,
    targets::{CodeModel, InitializationConfig, RelocMode, Target, TargetMachine},
};
use serde_json::Value;
use stackswitch::{
    OptLevel, Options,
    explain::{Explanation, Fate, Use, explain},
    reader,
};
use stackswitch_test_support::{directory, run, succeed, text};

use crate::{ROOT, STACKSWITCH};

const LEVELS: [OptLevel; 4] = [OptLevel::O0, OptLevel::O1, OptLevel::O2, OptLevel::O3];

fn machine() -> TargetMachine {
    Target::initialize_native(&InitializationConfig::default()).unwrap();
    let triple = TargetMachine::get_default_triple();
    let level = OptLevel::O2.codegen();
    Target::from_triple(&triple)
        .unwrap()
        .create_target_machine(&triple, "", "", level, RelocMode::PIC, CodeModel::Default)
        .unwrap()
}

fn explained(name: &str, source: &[u8], level: OptLevel) -> Explanation {
    let (context, machine) = (Context::create(), machine());
    let module = reader::parse(&context, name, source).unwrap();
    explain(&module, &Options::new().opt_level(level).llvm(true).target(&machine)).unwrap()
}

fn uses(explanation: &Explanation) -> impl Iterator<Item = &Use> {
    explanation.functions.iter().flat_map(|function| &function.uses)
}

/// All uses are there, the code that each has become is all that there is, and the module is the
/// one that lowering alone makes.
#[test]
fn every_use_of_every_program_is_explained() {
    let programs = Path::new(ROOT).join("ir_tests");
    let mut seen = 0;
    for program in fs::read_dir(programs).unwrap().map(|entry| entry.unwrap().path()) {
        if program.extension().is_none_or(|extension| extension != "ll") {
            continue;
        }
        let source = fs::read(&program).unwrap();
        for level in LEVELS {
            // Names of types are unique in a context.
            let (context, other, machine) = (Context::create(), Context::create(), machine());
            // A mistake on a stackless context is told by calls that stand for no use.
            let options =
                Options::new().opt_level(level).llvm(true).stackless(false).target(&machine);
            let plain = reader::parse(&other, "plain", &source).unwrap();
            let report = stackswitch::lower(&plain, &options).unwrap();
            let module = reader::parse(&context, "plain", &source).unwrap();
            let explanation = explain(&module, &options).unwrap();
            let what = format!("{program:?} at {level:?}");
            assert_eq!(module.print_to_string(), plain.print_to_string(), "{what}");
            for operation in &report.operations {
                let all = || uses(&explanation).filter(|u| u.operation == operation.intrinsic);
                let code = || all().flat_map(|u| &u.code);
                assert_eq!(all().count(), operation.found, "{what}: {operation:?}");
                let calls = code().filter(|code| code.symbol.is_some()).count();
                assert_eq!(calls, operation.calls, "{what}: {operation:?}");
                assert_eq!(code().count() - calls, operation.in_place, "{what}: {operation:?}");
            }
            seen += uses(&explanation).count();
        }
    }
    assert!(seen > 1000, "{seen}");
}

const IR: &[u8] = b"
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare ptr @llvm.stackswitch.current()
define internal i64 @cannot(ptr %arg, i64 %first) {
  %sum = add i64 %first, 1
  ret i64 %sum
}
define i64 @user(ptr %other) {
  %ctx = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @cannot, ptr null)
  %a = call i64 @llvm.stackswitch.resume.i64(ptr %ctx, i64 2)
  %b = call i64 @llvm.stackswitch.resume.i64(ptr %other, i64 %a)
  ret i64 %b
}
define i64 @recursive(i64 %n) {
  %end = icmp eq i64 %n, 0
  br i1 %end, label %out, label %in
in:
  %less = sub i64 %n, 1
  %deeper = call i64 @recursive(i64 %less)
  %x = call i64 @llvm.stackswitch.suspend.i64(i64 %deeper)
  %y = add i64 %x, 1
  ret i64 %y
out:
  ret i64 0
}
define internal void @unused() {
  %c = call ptr @llvm.stackswitch.current()
  ret void
}
";

#[test]
fn what_is_optimised_says_how_and_what_is_not_says_why() {
    let explanation = explained("uses.ll", IR, OptLevel::O2);
    let names: Vec<&str> = explanation.functions.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["user", "recursive", "unused"]);
    let [spawn, direct, resume] = &explanation.functions[0].uses[..] else { panic!() };

    assert_eq!((spawn.fate(), spawn.remarks[0].taken), (Fate::Gone, true));
    assert_eq!(spawn.remarks[0].pass, "stackswitch-opt");
    assert!(spawn.remarks[0].text.contains("'cannot' cannot suspend"), "{spawn:?}");
    assert_eq!(direct.fate(), Fate::Gone);
    assert_eq!(direct.context.as_ref().unwrap().instruction, spawn.instruction);
    assert_eq!((resume.fate(), resume.context.as_ref()), (Fate::InPlace, None));
    assert_eq!(
        resume.instruction,
        "%b = call i64 @llvm.stackswitch.resume.i64(ptr %other, i64 %a)"
    );

    let suspend = &explanation.functions[1].uses[0];
    assert_eq!(suspend.fate(), Fate::Call);
    assert_eq!(suspend.code[0].symbol.as_deref(), Some("stackswitch_suspend_i64"));
    let refused = &suspend.remarks[0];
    assert_eq!((refused.name, refused.taken), ("SwitchInPlace", false));
    assert!(refused.text.contains("recursive"), "{refused:?}");

    let current = &explanation.functions[2].uses[0];
    assert_eq!((current.fate(), current.remarks.len()), (Fate::Gone, 0));
}

/// LLVM makes an invoke of a call that becomes a part of a function with handlers.
#[test]
fn what_is_invoked_in_the_end_is_explained_where_it_was_written() {
    let source = r#"
declare i64 @stackswitch_resume_i64(ptr, i64)
declare void @cleanup()
declare i32 @__gcc_personality_v0(...)
define internal i64 @helper(ptr %c) !dbg !4 {
  %r = call i64 @stackswitch_resume_i64(ptr %c, i64 1), !dbg !6
  ret i64 %r, !dbg !6
}
define i64 @user(ptr %c) personality ptr @__gcc_personality_v0 !dbg !5 {
  %r = invoke i64 @helper(ptr %c) to label %done unwind label %lost, !dbg !7
done:
  ret i64 %r, !dbg !7
lost:
  %pad = landingpad { ptr, i32 } cleanup, !dbg !7
  call void @cleanup(), !dbg !7
  resume { ptr, i32 } %pad, !dbg !7
}
!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!2}
!0 = distinct !DICompileUnit(language: DW_LANG_C, file: !1, emissionKind: FullDebug)
!1 = !DIFile(filename: "a.c", directory: "/")
!2 = !{i32 2, !"Debug Info Version", i32 3}
!3 = !DISubroutineType(types: !{null})
!4 = distinct !DISubprogram(name: "helper", file: !1, line: 1, type: !3, unit: !0)
!5 = distinct !DISubprogram(name: "user", file: !1, line: 5, type: !3, unit: !0)
!6 = !DILocation(line: 2, column: 3, scope: !4)
!7 = !DILocation(line: 6, column: 3, scope: !5)
"#;
    let explanation = explained("invoked.ll", source.as_bytes(), OptLevel::O2);
    assert!(explanation.functions.iter().all(|function| function.remarks.is_empty()));
    let [resume] = uses(&explanation).collect::<Vec<_>>()[..] else { panic!("{explanation:?}") };
    assert_eq!(resume.fate(), Fate::InPlace, "{resume:?}");
    assert_eq!(resume.code[0].function, "user");
}

#[test]
fn without_optimisation_all_is_calls_and_nothing_was_decided() {
    let explanation = explained("uses.ll", IR, OptLevel::O0);
    assert_eq!(uses(&explanation).count(), 5);
    for site in uses(&explanation) {
        assert_eq!((site.fate(), site.remarks.len()), (Fate::Call, 0), "{site:?}");
    }
}

#[test]
fn a_wrong_module_is_an_error() {
    let (context, machine) = (Context::create(), machine());
    let source = b"declare void @llvm.stackswitch.nothing()
        declare ptr @llvm.stackswitch.current()
        define ptr @f() {
          call void @llvm.stackswitch.nothing()
          %c = call ptr @llvm.stackswitch.current()
          ret ptr %c
        }";
    let module = reader::parse(&context, "wrong.ll", source).unwrap();
    let error = explain(&module, &Options::new().target(&machine)).unwrap_err();
    assert!(error.to_string().contains("llvm.stackswitch.nothing"), "{error}");
    let text = module.print_to_string().to_string();
    assert!(!text.contains("stackswitch.use"), "{text}");
}

const C: &str = "\
#include <stackswitch.h>
long both(void *a, void *b) {
  return (long)stackswitch_resume(a, 0) + (long)stackswitch_resume(b, 0);
}
";

#[test]
fn the_command_shows_the_lines() {
    let directory = directory("explain").unwrap();
    let file = "both.c";
    fs::write(directory.join(file), C).unwrap();
    let explain = |arguments: &[&str]| {
        let mut command = Command::new(STACKSWITCH);
        command.current_dir(&directory).arg("explain").args(arguments).arg(file);
        text(&succeed(&mut command).unwrap().stdout)
    };
    let shown = explain(&["-O1"]);
    let line = "return (long)stackswitch_resume(a, 0) + (long)stackswitch_resume(b, 0);";
    let site = |column: usize| {
        let mark = " ".repeat(column - 1);
        format!(
            "  {file}:3:{column}\n   3 |   {line}\n     | {mark}^\n    resume: in place\n    \
             + the switch is in place (stackswitch-inline, SwitchInPlace)\n"
        )
    };
    assert_eq!(shown, format!("function 'both', {file}:2\n{}{}", site(16), site(49)));
    // No colours in a pipe, unless they are asked for.
    assert!(explain(&["--color", "always"]).contains("\x1b["));
}

#[test]
fn the_command_without_lines_shows_instructions() {
    let path = directory("explain").unwrap().join("uses.ll");
    fs::write(&path, IR).unwrap();
    let mut command = Command::new(STACKSWITCH);
    let shown = text(&succeed(command.arg("explain").arg(&path)).unwrap().stdout);
    for part in [
        "function 'user'\n  %ctx = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @cannot, ptr null)\n    \
         spawn: gone\n    + the context of 'cannot'",
        "resume: gone, see its context: %ctx = call",
        "suspend: a call of stackswitch_suspend_i64\n    - the switch is a call: the function is recursive",
        "current: gone: the code never gets there, or does not need it\n",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    let plain = directory("explain").unwrap().join("plain.ll");
    fs::write(&plain, "define i32 @main() { ret i32 0 }").unwrap();
    let mut command = Command::new(STACKSWITCH);
    let shown = text(&succeed(command.arg("explain").arg(&plain)).unwrap().stdout);
    assert_eq!(shown, "no function uses stackswitch\n");
}

#[test]
fn the_command_prints_json() {
    let path = directory("explain").unwrap().join("uses-json.ll");
    fs::write(&path, IR).unwrap();
    let mut command = Command::new(STACKSWITCH);
    command.args(["explain", "-O3", "--no-inline", "--json"]).arg(&path);
    let shown: Value = serde_json::from_slice(&succeed(&mut command).unwrap().stdout).unwrap();
    assert_eq!(shown["pipeline"], "default<O3>");
    let user = &shown["functions"][0];
    assert_eq!((&user["name"], &user["location"]), (&Value::from("user"), &Value::Null));
    let resume = &user["uses"][2];
    assert_eq!(resume["operation"], "resume");
    assert_eq!(resume["fate"], "call");
    assert_eq!(resume["code"][0]["calls"], "stackswitch_resume_i64");
    let spawn = &user["uses"][0];
    assert_eq!(spawn["remarks"][0]["name"], "DirectCall");
    assert_eq!(spawn["remarks"][0]["taken"], true);
    assert_eq!(user["uses"][1]["context"]["instruction"], spawn["instruction"]);
}

#[test]
fn a_wrong_file_is_an_error_of_the_command() {
    let path = directory("explain").unwrap().join("wrong.ll");
    fs::write(&path, "declare void @llvm.stackswitch.nothing()\ndefine void @f() {\n  call void @llvm.stackswitch.nothing()\n  ret void\n}\n").unwrap();
    let output = run(Command::new(STACKSWITCH).arg("explain").arg(&path)).unwrap();
    assert_eq!(output.status.code(), Some(65));
    assert!(text(&output.stderr).contains("llvm.stackswitch.nothing"));
    assert!(output.stdout.is_empty());
}
