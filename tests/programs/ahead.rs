//! Ahead of time through the library: lower, generate code, link the runtime, run.

use std::{path::Path, process::Command};

use inkwell::{
    context::Context,
    module::Module,
    targets::{CodeModel, FileType, InitializationConfig, RelocMode, Target, TargetMachine},
};
use libtest_mimic::Failed;
use stackswitch::{OptLevel, Options, ahead::Error, lower, passes, reader};
use stackswitch_test_support::{directory, run, succeed, text};

use crate::suite::Tests;

const LEVELS: [OptLevel; 4] = [OptLevel::O0, OptLevel::O1, OptLevel::O2, OptLevel::O3];

/// A generator that cannot become a call, one that can, and a main that prints what they give.
const PROGRAM: &str = r#"
@format = private constant [11 x i8] c"%lld %lld\0A\00"
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @printf(ptr, ...)
define i64 @sum(ptr %arg, i64 %first) noinline {
entry:
  br label %again
again:
  %sum = phi i64 [ %first, %entry ], [ %next, %again ]
  %got = call i64 @llvm.stackswitch.suspend.i64(i64 %sum)
  %next = add i64 %sum, %got
  br label %again
}
define i64 @double(ptr %arg, i64 %n) {
  %twice = shl i64 %n, 1
  ret i64 %twice
}
define ptr @start() noinline {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @sum, ptr null)
  ret ptr %c
}
define i32 @main() {
  %c = call ptr @start()
  %a = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 20)
  %b = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 22)
  call void @llvm.stackswitch.destroy(ptr %c)
  %d = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @double, ptr null)
  %e = call i64 @llvm.stackswitch.resume.i64(ptr %d, i64 %b)
  call void @llvm.stackswitch.destroy(ptr %d)
  %printed = call i32 (ptr, ...) @printf(ptr @format, i64 %b, i64 %e)
  ret i32 0
}
"#;

/// What the options do, and the program at each level.
pub fn tests(tests: &mut Tests) {
    tests.add("options_choose_the_passes", options_choose_the_passes);
    tests.add("a_lowered_module_is_lowered_again", a_lowered_module_is_lowered_again);
    tests.add("wrong_modules_are_refused", wrong_modules_are_refused);
    for level in LEVELS {
        tests.add_with_artifacts(format!("runs_at_{level:?}"), move |artifacts| {
            runs_everywhere(level, &artifacts.runtime)
        });
    }
}

fn parse(context: &Context) -> Result<Module<'_>, Failed> {
    Ok(reader::parse(context, "program.ll", PROGRAM.as_bytes())?)
}

fn machine(level: OptLevel) -> Result<TargetMachine, Failed> {
    Target::initialize_native(&InitializationConfig::default())?;
    let triple = TargetMachine::get_default_triple();
    let target = Target::from_triple(&triple).map_err(|e| e.to_string())?;
    let level = level.codegen();
    target
        .create_target_machine(&triple, "", "", level, RelocMode::PIC, CodeModel::Default)
        .ok_or_else(|| "no target machine".into())
}

fn options_choose_the_passes() -> Result<(), Failed> {
    let machine = machine(OptLevel::O2)?;
    let found = |report: &stackswitch::Report, name: &str| {
        let o = *report.operation(name).expect("used");
        (o.found, o.calls, o.in_place)
    };

    // Nothing is optimised: each use is a call.
    let context = Context::create();
    let module = parse(&context)?;
    let report = lower(&module, &Options::new().opt_level(OptLevel::O0))?;
    assert_eq!(found(&report, "spawn"), (2, 2, 0));
    assert_eq!(found(&report, "resume"), (3, 3, 0));
    assert_eq!(found(&report, "destroy"), (2, 2, 0));
    assert!(report.operation("swap").is_none());
    assert_eq!(
        report.symbols,
        ["destroy", "resume_i64", "spawn_i64", "suspend_i64"].map(|s| format!("stackswitch_{s}"))
    );
    assert_eq!(report.remarks, []);

    // Our own optimisations: the second context is a call. The functions are still what they were.
    let module = parse(&context)?;
    let report = lower(&module, &Options::new().target(&machine))?;
    assert_eq!(found(&report, "spawn"), (2, 1, 0));
    assert_eq!(found(&report, "resume"), (3, 2, 0));
    assert!(report.remarks.iter().any(|r| r.taken && r.name == "DirectCall"));
    assert!(module.to_string().contains("shl i64"));
    assert!(!module.get_triple().as_str().is_empty());

    // In place, and not.
    let module = parse(&context)?;
    let report = lower(&module, &Options::new().llvm(true).target(&machine))?;
    assert_eq!(found(&report, "suspend"), (1, 0, 1));
    assert!(report.symbols.contains(&"stackswitch_resident_v3".to_owned()));
    let module = parse(&context)?;
    let report = lower(&module, &Options::new().llvm(true).in_place(false).target(&machine))?;
    assert_eq!(found(&report, "suspend"), (1, 1, 0));
    assert!(!report.symbols.contains(&"stackswitch_resident_v3".to_owned()));
    Ok(())
}

fn a_lowered_module_is_lowered_again() -> Result<(), Failed> {
    let machine = machine(OptLevel::O2)?;
    let context = Context::create();
    let module = parse(&context)?;
    let options = Options::new().target(&machine);
    lower(&module, &options)?;
    let once = module.to_string();
    let report = lower(&module, &options)?;
    assert_eq!(module.to_string(), once);
    assert_eq!(report.operation("suspend").map(|o| (o.found, o.calls)), Some((1, 1)));
    // A pipeline of the caller's, and what must come after it.
    passes::run(&module, Some(&machine), "default<O2>,stackswitch-check")?;
    let report = lower(&module, &options.in_place(true))?;
    assert_eq!(report.operation("spawn").map(|o| o.calls), Some(1));
    assert!(report.symbols.contains(&"stackswitch_resident_v3".to_owned()));
    Ok(())
}

fn wrong_modules_are_refused() -> Result<(), Failed> {
    let context = Context::create();
    let module = context.create_module("unfinished");
    let function = module.add_function("f", context.void_type().fn_type(&[], false), None);
    context.append_basic_block(function, "entry");
    let Err(Error::Broken(error)) = lower(&module, &Options::new()) else {
        return Err("a broken module was lowered".into());
    };
    assert!(error.to_string().starts_with("unfinished: "), "{error}");
    let text = b"declare void @llvm.stackswitch.destroy(ptr)
        define void @f() {
          call void @llvm.stackswitch.destroy(ptr null)
          ret void
        }";
    for llvm in [false, true] {
        let module = reader::parse(&context, "wrong.ll", text)?;
        let Err(Error::Passes(passes::Error::Rejected(found))) =
            lower(&module, &Options::new().llvm(llvm))
        else {
            return Err("a wrong module was lowered".into());
        };
        assert_eq!(found.len(), 1);
    }
    Ok(())
}

/// With our passes alone, with LLVM's, in place and not, the program prints the same.
fn runs_everywhere(level: OptLevel, runtime: &Path) -> Result<(), Failed> {
    let machine = machine(level)?;
    let options = Options::new().opt_level(level).target(&machine);
    for (name, options) in [
        ("plain", options),
        ("place", options.in_place(true)),
        ("llvm", options.llvm(true)),
        ("calls", options.llvm(true).in_place(false)),
        ("both", options.llvm(true).in_place(true)),
    ] {
        let context = Context::create();
        let module = parse(&context)?;
        lower(&module, &options)?;
        let program = directory("ahead")?.join(format!("{name}-{level:?}"));
        let object = program.with_extension("o");
        machine.write_to_file(&module, FileType::Object, &object).map_err(|e| e.to_string())?;
        succeed(Command::new("cc").arg(&object).arg(runtime).arg("-o").arg(&program))?;
        let output = run(&mut Command::new(&program))?;
        if !output.status.success() || text(&output.stdout) != "42 84\n" {
            return Err(format!("{name}: {} {}", output.status, text(&output.stdout)).into());
        }
    }
    Ok(())
}
