//! The passes run in process.

use std::path::Path;

use inkwell::OptimizationLevel;
use inkwell::context::Context;
use inkwell::memory_buffer::MemoryBuffer;
use inkwell::module::Module;
use inkwell::targets::{CodeModel, InitializationConfig, RelocMode, Target, TargetTriple};
use stackswitch::diagnostics::{Location, Severity};
use stackswitch::passes::{self, Error};
use stackswitch::verify;

/// A module from text.
fn parse<'c>(context: &'c Context, text: &str) -> Module<'c> {
    let text = format!("{text}\0");
    let buffer = MemoryBuffer::create_from_memory_range_copy(text.as_bytes(), "test");
    context.create_module_from_ir(buffer).expect("valid IR")
}

const RIGHT: &str = "
declare i64 @llvm.stackswitch.suspend.i64(i64)
define i64 @f(i64 %v) {
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 %v)
  ret i64 %r
}";

const WRONG: &str = "
declare void @llvm.stackswitch.destroy(ptr)
declare ptr @llvm.stackswitch.curent()
define void @f() {
  call void @llvm.stackswitch.destroy(ptr null)
  %c = call ptr @llvm.stackswitch.curent()
  ret void
}";

#[test]
fn pipelines_lower() {
    for pipeline in [
        "stackswitch-verify,stackswitch-lower,stackswitch-check",
        "default<O0>",
        "default<O2>",
        "lto<O2>",
    ] {
        let context = Context::create();
        let module = parse(&context, RIGHT);
        assert_eq!(passes::run(&module, None, pipeline), Ok(()), "{pipeline}");
        let text = module.to_string();
        assert!(text.contains("call i64 @stackswitch_suspend_i64("), "{pipeline}: {text}");
        assert!(!text.contains("llvm.stackswitch"), "{pipeline}: {text}");
    }
}

#[test]
fn a_target_machine_is_optimised_for() {
    Target::initialize_x86(&InitializationConfig::default());
    let triple = TargetTriple::create("x86_64-unknown-linux-gnu");
    let machine = Target::from_triple(&triple)
        .expect("a target of this build")
        .create_target_machine(
            &triple,
            "x86-64",
            "",
            OptimizationLevel::Default,
            RelocMode::Default,
            CodeModel::Default,
        )
        .expect("a target machine");
    let context = Context::create();
    let module = parse(&context, RIGHT);
    module.set_triple(&triple);
    module.set_data_layout(&machine.get_target_data().get_data_layout());
    assert_eq!(passes::run(&module, Some(&machine), "default<O2>"), Ok(()));
    // Only with a target are switches put in place.
    let text = module.to_string();
    assert!(
        text.contains(" asm ") && !text.contains("call i64 @stackswitch_suspend_i64("),
        "{text}"
    );
}

#[test]
fn every_mistake_is_returned_once() {
    for pipeline in ["stackswitch-verify", "stackswitch-lower", "default<O0>", "default<O2>"] {
        let context = Context::create();
        let module = parse(&context, WRONG);
        let Err(Error::Rejected(found)) = passes::run(&module, None, pipeline) else {
            panic!("{pipeline} accepts a wrong module");
        };
        assert_eq!(found, verify::verify(&module), "{pipeline}");
        let [first, second] = found.as_slice() else { panic!("{pipeline}: {found:?}") };
        assert!(first.message.contains("argument 'ctx'"), "{first}");
        assert_eq!(first.function, "f");
        assert_eq!(
            first.instruction.as_deref(),
            Some("call void @llvm.stackswitch.destroy(ptr null)")
        );
        assert_eq!(
            second.hint.as_deref(),
            Some("the nearest name is 'llvm.stackswitch.current'"),
            "{second}"
        );
    }
}

#[test]
fn what_is_left_over_is_returned() {
    let context = Context::create();
    let module = parse(&context, RIGHT);
    let Err(Error::Rejected(found)) = passes::run(&module, None, "stackswitch-check") else {
        panic!("a leftover is accepted");
    };
    assert!(found[0].message.contains("was not lowered"), "{}", found[0]);
}

#[test]
fn one_rejection_does_not_spoil_the_next_module() {
    let context = Context::create();
    let wrong = parse(&context, WRONG);
    assert!(passes::run(&wrong, None, "default<O2>").is_err());
    drop(wrong);
    for _ in 0..8 {
        let right = parse(&context, RIGHT);
        assert_eq!(passes::run(&right, None, "default<O2>"), Ok(()));
        assert!(!right.to_string().contains("llvm.stackswitch"));
    }
}

#[test]
fn a_wrong_pipeline_is_an_error() {
    let context = Context::create();
    let module = parse(&context, RIGHT);
    for pipeline in ["no-such-pass", "default<O2", "", "a\0b"] {
        let result = passes::run(&module, None, pipeline);
        assert!(matches!(result, Err(Error::Pipeline(_))), "{pipeline:?}: {result:?}");
    }
}

#[test]
fn locations_are_those_of_the_source() {
    let context = Context::create();
    let module = parse(
        &context,
        r#"
declare void @llvm.stackswitch.destroy(ptr)
define void @f() !dbg !4 {
  call void @llvm.stackswitch.destroy(ptr null), !dbg !7
  ret void, !dbg !7
}
!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!2}
!0 = distinct !DICompileUnit(language: DW_LANG_C11, file: !1, emissionKind: FullDebug)
!1 = !DIFile(filename: "program.c", directory: "/")
!2 = !{i32 2, !"Debug Info Version", i32 3}
!4 = distinct !DISubprogram(name: "f", scope: !1, file: !1, line: 2, type: !5, unit: !0)
!5 = !DISubroutineType(types: !6)
!6 = !{null}
!7 = !DILocation(line: 3, column: 7, scope: !4)"#,
    );
    let found = verify::verify(&module);
    let (file, directory) = ("program.c".to_owned(), "/".to_owned());
    assert_eq!(found[0].location, Some(Location { file, directory, line: 3, column: 7 }));
    assert_eq!(found[0].location.as_ref().unwrap().path(), Path::new("/program.c"));
    assert!(found[0].to_string().starts_with("program.c:3:7: error: in function 'f'"));
}

/// Structures that LLVM renamed on loading a second module keep meaning the same intrinsic.
#[test]
fn renamed_structures_still_fit_their_suffix() {
    const TEXT: &str = "
%pair = type { i64, ptr }
declare %pair @llvm.stackswitch.suspend.s_pairs(%pair)
define void @f() {
  %r = call %pair @llvm.stackswitch.suspend.s_pairs(%pair zeroinitializer)
  ret void
}";
    let context = Context::create();
    let (first, second) = (parse(&context, TEXT), parse(&context, TEXT));
    assert_eq!(verify::verify(&first), []);
    assert_eq!(verify::verify(&second), []);
}

/// Suffixes that nest types, some of them hard to tell apart, and some that are nonsense.
#[test]
fn suffixes_of_nested_types_are_read() {
    let suffixes = [
        ("sl_i32sl_f32sp0s", true),
        ("a2v4i16", true),
        ("s_sessions", true),
        ("sl_s_sessionsi8s", true),
        ("sl_s", true),
        ("a0i8", true),
        ("i032", false),
        ("v0i8", false),
        ("nxv4i32", false),
        ("s_unknowns", false),
        ("sl_i32", false),
        ("i99999999999999999999", false),
        ("ii8", false),
        ("\u{e9}", false),
    ];
    for (suffix, right) in suffixes {
        let context = Context::create();
        let module = parse(
            &context,
            &format!(
                "%session = type {{ i64 }}
                 declare ptr @\"llvm.stackswitch.spawn.{suffix}\"(ptr, ptr, ptr)
                 define void @f(ptr %body, %session %unused) {{
                   %c = call ptr @\"llvm.stackswitch.spawn.{suffix}\"(ptr null, ptr %body, ptr null)
                   ret void
                 }}"
            ),
        );
        assert_eq!(verify::verify(&module).is_empty(), right, "{suffix}");
        assert_eq!(passes::run(&module, None, "stackswitch-lower,verify").is_ok(), right);
    }
}

/// What LLVM's own verifier would refuse, which a host need not have run.
#[test]
fn intrinsics_are_only_called() {
    let cases = [
        (
            "declare ptr @llvm.stackswitch.resume(ptr, ptr)
             declare i32 @personality(...)
             define void @f(ptr %c) personality ptr @personality {
               %r = invoke ptr @llvm.stackswitch.resume(ptr %c, ptr null)
                       to label %done unwind label %cleanup
             done:
               ret void
             cleanup:
               %pad = landingpad { ptr, i32 } cleanup
               resume { ptr, i32 } %pad
             }",
            "cannot be invoked",
            "@stackswitch_resume",
        ),
        (
            "declare ptr @llvm.stackswitch.current()
             define ptr @f() {
               ret ptr @llvm.stackswitch.current
             }",
            "the address of 'llvm.stackswitch.current' is taken",
            "@stackswitch_current",
        ),
        (
            "declare void @llvm.stackswitch.destroy(ptr)
             define void @f() {
               call void @llvm.stackswitch.destroy(ptr @llvm.stackswitch.destroy)
               ret void
             }",
            "the address of 'llvm.stackswitch.destroy' is taken",
            "@stackswitch_destroy",
        ),
        (
            "define ptr @llvm.stackswitch.current() {
               ret ptr null
             }",
            "has no body",
            "",
        ),
    ];
    for (text, message, hint) in cases {
        let context = Context::create();
        let module = parse(&context, text);
        let found = verify::verify(&module);
        assert!(found.iter().any(|d| d.message.contains(message)), "{text}: {found:?}");
        assert!(found[0].hint.clone().unwrap_or_default().contains(hint), "{found:?}");
        assert!(!found[0].to_string().contains('\n'));
        assert!(passes::run(&module, None, "stackswitch-lower").is_err());
    }
}

/// The lint says nothing of programs that are right.
#[test]
fn programs_give_no_warnings() {
    let folder = std::path::Path::new(crate::ROOT).join("ir_tests");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("the programs").flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|e| e != "ll") {
            continue;
        }
        let context = Context::create();
        let text = std::fs::read_to_string(&path).expect("a program");
        assert_eq!(verify::verify(&parse(&context, &text)), [], "{}", path.display());
        seen += 1;
    }
    assert!(seen > 40, "{seen} programs");
}

/// A module that gives its own variable to another context of the default base.
const DOUBTFUL: &str = "
declare ptr @llvm.stackswitch.spawn(ptr, ptr, ptr)
define ptr @inner(ptr %p, ptr %first) {
  store i8 1, ptr %p
  ret ptr %first
}
define ptr @outer(ptr %arg, ptr %first) \"stackswitch-pointers\"=\"sliced\" {
  %local = alloca i8
  %c = call ptr @llvm.stackswitch.spawn(ptr null, ptr @inner, ptr %local)
  ret ptr %c
}
define i32 @main() {
  %c = call ptr @llvm.stackswitch.spawn(ptr null, ptr @outer, ptr null)
  ret i32 0
}";

#[test]
fn a_warning_does_not_reject() {
    let context = Context::create();
    let module = parse(&context, DOUBTFUL);
    let [found] = &verify::verify(&module)[..] else { panic!("expected one warning") };
    assert_eq!(found.severity, Severity::Warning);
    assert_eq!(found.function, "outer");
    assert_eq!(found.notes[0].function, "main");
    assert_eq!(passes::run(&module, None, "default<O2>"), Ok(()));
    assert!(module.to_string().contains("@stackswitch_spawn("));
}

/// What is optimised once is not optimised again.
#[test]
fn optimising_is_idempotent() {
    let context = Context::create();
    let module = parse(
        &context,
        "declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
         declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
         define i64 @inner(ptr %arg, i64 %first) {
           ret i64 %first
         }
         define i64 @outer(ptr %arg, i64 %first) {
           %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @inner, ptr null)
           %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %first)
           ret i64 %r
         }
         define i64 @main(i64 %v) {
           %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @outer, ptr null)
           %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %v)
           ret i64 %r
         }",
    );
    assert_eq!(passes::run(&module, None, "stackswitch-opt"), Ok(()));
    let once = module.to_string();
    assert!(!once.contains("call ptr @llvm.stackswitch"), "{once}");
    assert_eq!(passes::run(&module, None, "stackswitch-opt"), Ok(()));
    assert_eq!(module.to_string(), once);
}

/// All passes, in the order in which pipelines run them.
const PASSES: [&str; 8] = [
    "stackswitch-from-ucontext",
    "stackswitch-verify",
    "stackswitch-opt",
    "stackswitch-lower",
    "stackswitch-slices",
    "stackswitch-slice-size",
    "stackswitch-inline",
    "stackswitch-check",
];

/// The programs that are right, those that end in an error when they run among them.
fn right_programs() -> Vec<std::path::PathBuf> {
    let folder = std::path::Path::new(crate::ROOT).join("ir_tests");
    let mut found = Vec::new();
    for folder in [folder.join("errors"), folder] {
        let entries = std::fs::read_dir(folder).expect("the programs").flatten();
        found.extend(entries.map(|entry| entry.path()).filter(|path| {
            let status = std::fs::read_to_string(path.with_extension("status"));
            let wrong = status.is_ok_and(|status| status.trim() == "65");
            path.extension().is_some_and(|e| e == "ll") && !wrong
        }));
    }
    assert!(found.len() > 60, "{} programs", found.len());
    found
}

/// A program for a target that has switches in place.
fn load<'c>(context: &'c Context, path: &std::path::Path) -> Module<'c> {
    let module = parse(context, &std::fs::read_to_string(path).expect("a program"));
    module.set_triple(&TargetTriple::create("x86_64-unknown-linux-gnu"));
    module
}

/// Runs a pass that must find nothing left to do.
fn changes_nothing(module: &Module<'_>, pass: &str, after: &str, path: &std::path::Path) {
    let once = module.to_string();
    passes::run(module, None, pass).expect("a right program");
    let twice = module.to_string();
    let difference = once.lines().zip(twice.lines()).find(|(once, twice)| once != twice);
    assert!(once == twice, "{pass} after {after}, {}: {difference:?}", path.display());
}

/// The passes one after another, each twice, over every program: the second time changes nothing.
#[test]
fn each_pass_is_idempotent() {
    let mut in_place = 0;
    for path in right_programs() {
        let context = Context::create();
        let module = load(&context, &path);
        for pass in PASSES {
            passes::run(&module, None, pass).expect("a right program");
            changes_nothing(&module, pass, pass, &path);
        }
        in_place += module.print_to_string().to_string_lossy().matches("asm sideeffect").count();
    }
    assert!(in_place > 0, "no program has a switch in place");
}

/// What comes out of a default pipeline has nothing left to lower, to move or to put in place. Other
/// passes may find more in code that has been optimised: frames are measured anew, and a function
/// may have become one that cannot suspend.
#[test]
fn nothing_is_left_after_a_pipeline() {
    const LOWERING: [&str; 3] = ["stackswitch-verify", "stackswitch-lower", "stackswitch-check"];
    const LAST: [&str; 3] =
        ["stackswitch-from-ucontext", "stackswitch-slices", "stackswitch-inline"];
    for path in right_programs() {
        for pipeline in ["default<O0>", "default<O1>", "default<O2>", "default<O3>"] {
            let context = Context::create();
            let module = load(&context, &path);
            passes::run(&module, None, pipeline).expect("a right program");
            let last = if pipeline == "default<O0>" { &[][..] } else { &LAST };
            for pass in LOWERING.iter().chain(last) {
                changes_nothing(&module, pass, pipeline, &path);
            }
        }
    }
}

#[test]
fn warnings_and_remarks_are_collected_for_who_observes() {
    let context = Context::create();
    let module = parse(
        &context,
        "
declare ptr @llvm.stackswitch.spawn(ptr, ptr, ptr)
declare ptr @llvm.stackswitch.current()
declare i64 @stackswitch_swap_i64(ptr, i64)
define ptr @inner(ptr %p, ptr %first) {
  store i8 1, ptr %p
  ret ptr %first
}
define ptr @outer(ptr %arg, ptr %first) \"stackswitch-pointers\"=\"sliced\" {
  %local = alloca i8
  %c = call ptr @llvm.stackswitch.spawn(ptr null, ptr @inner, ptr %local)
  ret ptr %c
}
define i64 @itself(i64 %v) {
  %me = call ptr @llvm.stackswitch.current()
  %c = call ptr @llvm.stackswitch.spawn(ptr null, ptr @outer, ptr null)
  %me2 = call ptr @llvm.stackswitch.current()
  %r = call i64 @stackswitch_swap_i64(ptr %me2, i64 %v)
  ret i64 %r
}",
    );
    let seen = passes::observe(&module, None, "stackswitch-verify,stackswitch-opt").expect("right");
    let [warning] = &seen.warnings[..] else { panic!("{:?}", seen.warnings) };
    assert_eq!((warning.severity, &warning.function[..]), (Severity::Warning, "outer"));
    let swap = seen.remarks.iter().find(|r| r.name == "SwapToOneself").expect("a remark");
    assert_eq!(swap.operation.map(|i| i.name), Some("swap"));
    assert_eq!((swap.pass, &swap.function[..], swap.taken), ("stackswitch-opt", "itself", true));
    assert!(swap.to_string().contains("call i64 @stackswitch_swap_i64(ptr"), "{swap}");
    let spawn = seen.remarks.iter().find(|r| r.name == "DirectCall").expect("a remark");
    assert_eq!((spawn.operation.map(|i| i.name), spawn.taken), (Some("spawn"), false));
    // Nothing of it comes up again: what is collected once is gone.
    assert_eq!(
        passes::observe(&module, None, "stackswitch-lower"),
        Ok(passes::Observed::default())
    );
}
