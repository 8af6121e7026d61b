//! What of a function's frame travels: less than all of it where a switch does not need the rest,
//! and no more than the passes say.
//!
//! What is asked of `clang` needs what `make test` builds and is ignored without it.

mod support;

use std::{collections::HashMap, fs, path::Path, sync::Arc};

use inkwell::{
    OptimizationLevel,
    context::Context,
    memory_buffer::MemoryBuffer,
    targets::{CodeModel, InitializationConfig, RelocMode, Target, TargetMachine},
};
use libtest_mimic::{Arguments, Failed, Trial};
use stackswitch::{
    jit::{Jit, OptLevel},
    passes,
};
use support::{Artifacts, Toolchain, directory, succeed};

/// Bytes that a suspended context has besides its functions' frames: the record of its switch and
/// what its first frame was started with.
const BESIDES: u64 = 64 + 32;

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = vec![
        Trial::test("a-buffer-that-no-switch-needs-stays-behind", || {
            let travels = |level| parked_bytes(&program(BUFFER), level);
            let (all, little) = (travels(OptLevel::O0)?, travels(OptLevel::O2)?);
            if all < 4096 || little > 512 {
                return Err(format!("{all} bytes at -O0, {little} at -O2").into());
            }
            Ok(())
        }),
        Trial::test("a-buffer-that-a-switch-needs-travels", || {
            let bytes = parked_bytes(&program(NEEDED), OptLevel::O2)?;
            if bytes < 4096 { Err(format!("{bytes} bytes").into()) } else { Ok(()) }
        }),
    ];
    for (name, body) in bodies() {
        trials.push(Trial::test(format!("bound-holds-for-{name}"), move || bound_holds(&body)));
    }
    let artifacts = Artifacts::find().map(Arc::new);
    for (name, other) in [("frames-of-programs", false), ("frames-of-programs-other", true)] {
        let artifacts = artifacts.clone();
        let ignored = artifacts.is_none();
        let trial = Trial::test(name, move || {
            let artifacts = artifacts.ok_or("needs what `make test` builds")?;
            let toolchain = if other { &artifacts.other } else { &artifacts.llvm };
            Ok(frames_fit(name, toolchain)?)
        });
        trials.push(trial.with_ignored_flag(ignored));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// A body that needs a buffer only between its switches.
const BUFFER: &str = "
define i64 @body(ptr %arg, i64 %first) {
  %buffer = alloca [4096 x i8], align 16
  call void @llvm.lifetime.start.p0(i64 4096, ptr %buffer)
  call void @touch(ptr %buffer)
  call void @llvm.lifetime.end.p0(i64 4096, ptr %buffer)
  %got = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  ret i64 %got
}";

/// One that needs it across.
const NEEDED: &str = "
define i64 @body(ptr %arg, i64 %first) {
  %buffer = alloca [4096 x i8], align 16
  call void @llvm.lifetime.start.p0(i64 4096, ptr %buffer)
  call void @touch(ptr %buffer)
  %got = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  call void @touch(ptr %buffer)
  call void @llvm.lifetime.end.p0(i64 4096, ptr %buffer)
  ret i64 %got
}";

/// A program whose `main` gives the bytes that a parked context of `@body` holds.
fn program(body: &str) -> String {
    format!(
        "
declare void @llvm.lifetime.start.p0(i64, ptr)
declare void @llvm.lifetime.end.p0(i64, ptr)
declare ptr @llvm.stackswitch.base.create(i64)
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare i64 @llvm.stackswitch.slice.size(ptr)
@global = global i64 5
define void @touch(ptr nocapture %p) noinline {{
  store volatile i64 1, ptr %p
  ret void
}}
define i64 @eight(i64 %a, i64 %b, i64 %c, i64 %d, i64 %e, i64 %f, i64 %g, i64 %h) noinline {{
  %r = load volatile i64, ptr @global
  %s = add i64 %r, %h
  ret i64 %s
}}
{body}
define i64 @parked() {{
  %base = call ptr @llvm.stackswitch.base.create(i64 1048576)
  %one = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr null)
  %two = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr null)
  %x = call i64 @llvm.stackswitch.resume.i64(ptr %one, i64 1)
  %y = call i64 @llvm.stackswitch.resume.i64(ptr %two, i64 1)
  %bytes = call i64 @llvm.stackswitch.slice.size(ptr %one)
  ret i64 %bytes
}}"
    )
}

/// What `@parked` of a program gives.
fn parked_bytes(program: &str, level: OptLevel) -> Result<u64, String> {
    let jit = Jit::builder().opt_level(level).build().map_err(|e| e.to_string())?;
    jit.add_ir("slices.ll", program).map_err(|e| e.to_string())?;
    // SAFETY: the function has this type and touches memory of its own only.
    unsafe {
        let parked =
            jit.function::<unsafe extern "C" fn() -> u64>("parked").map_err(|e| e.to_string())?;
        jit.call(|| parked()).map_err(|e| e.to_string())
    }
}

/// Bodies of many kinds that are parked by a `suspend` of their own.
fn bodies() -> Vec<(String, String)> {
    let mut found = vec![
        ("a-popped-buffer".to_owned(), BUFFER.to_owned()),
        ("a-buffer".to_owned(), NEEDED.to_owned()),
        ("nothing".to_owned(), body("", "")),
    ];
    for count in [1, 5, 20, 100] {
        let before: String =
            (0..count).map(|i| format!("%v{i} = load volatile i64, ptr @global\n")).collect();
        let after: String =
            (0..count).map(|i| format!("store volatile i64 %v{i}, ptr @global\n")).collect();
        found.push((format!("{count}-values"), body(&before, &after)));
    }
    for (ty, name) in [("<8 x double>", "vectors"), ("<2 x i64>", "small-vectors")] {
        let before: String =
            (0..9).map(|i| format!("%v{i} = load volatile {ty}, ptr @global, align 8\n")).collect();
        let after: String =
            (0..9).map(|i| format!("store volatile {ty} %v{i}, ptr @global, align 8\n")).collect();
        found.push((name.to_owned(), body(&before, &after)));
    }
    let aligned = "%a = alloca [100 x i8], align 128\ncall void @touch(ptr %a)\n";
    found.push(("alignment".to_owned(), body(aligned, "call void @touch(ptr %a)\n")));
    let pushes = "%p = call i64 @eight(i64 1, i64 2, i64 3, i64 4, i64 5, i64 6, i64 7, i64 8)\n";
    found.push(("arguments-on-the-stack".to_owned(), body(pushes, "")));
    found
}

fn body(before: &str, after: &str) -> String {
    format!(
        "define i64 @body(ptr %arg, i64 %first) {{
{before}
  %got = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
{after}
  ret i64 %got
}}"
    )
}

/// What travels is no more than the metadata says of the body, nor very much less.
fn bound_holds(body: &str) -> Result<(), Failed> {
    let program = program(body);
    let bytes = parked_bytes(&program, OptLevel::O2)?;
    let bounds = bounds_of(&optimised(&program)?)?;
    let Some(&Some(bound)) = bounds.get("body") else {
        return Err(format!("no bound: {bounds:?}").into());
    };
    if bytes > bound + BESIDES {
        return Err(format!("{bytes} bytes travel, the bound is {bound}").into());
    }
    if bound > bytes + 512 {
        return Err(format!("only {bytes} bytes travel, the bound is {bound}").into());
    }
    Ok(())
}

/// A module as text, after the passes of -O2 for this machine.
fn optimised(program: &str) -> Result<String, String> {
    Target::initialize_native(&InitializationConfig::default())?;
    let triple = TargetMachine::get_default_triple();
    let machine = Target::from_triple(&triple)
        .map_err(|e| e.to_string())?
        .create_target_machine(
            &triple,
            &TargetMachine::get_host_cpu_name().to_string(),
            &TargetMachine::get_host_cpu_features().to_string(),
            OptimizationLevel::Default,
            RelocMode::PIC,
            CodeModel::Small,
        )
        .ok_or("no target machine")?;
    let context = Context::create();
    let text = format!("{program}\0");
    let buffer = MemoryBuffer::create_from_memory_range_copy(text.as_bytes(), "slices");
    let module = context.create_module_from_ir(buffer).map_err(|e| e.to_string())?;
    module.set_triple(&triple);
    module.set_data_layout(&machine.get_target_data().get_data_layout());
    passes::run(&module, Some(&machine), "default<O2>").map_err(|e| e.to_string())?;
    Ok(module.to_string())
}

/// The bounds that a module's functions have as metadata; nothing for those without one.
fn bounds_of(module: &str) -> Result<HashMap<String, Option<u64>>, String> {
    let nodes: HashMap<&str, &str> =
        module.lines().filter(|l| l.starts_with('!')).filter_map(|l| l.split_once(" = ")).collect();
    let mut found = HashMap::new();
    for line in module.lines().filter(|l| l.starts_with("define ")) {
        let Some((_, rest)) = line.split_once("!stackswitch.slice-size ") else { continue };
        let node = rest.split(' ').next().unwrap_or_default();
        let text = nodes.get(node).ok_or_else(|| format!("no {node} in:\n{module}"))?;
        let bound = match text.strip_prefix("!{i64 ").and_then(|t| t.strip_suffix('}')) {
            Some(number) => Some(number.parse::<u64>().map_err(|e| e.to_string())?),
            None if *text == "!{!\"unbounded\"}" => None,
            None => return Err(format!("{node} is {text}")),
        };
        let name = line.split_once('@').map_or("", |(_, name)| name);
        let name = name.split('(').next().unwrap_or_default().trim_matches('"');
        found.insert(name.to_owned(), bound);
    }
    Ok(found)
}

/// The frames that clang makes for the programs of `ir_tests/` are no larger than the bounds that
/// it was told by the passes.
fn frames_fit(name: &str, toolchain: &Toolchain) -> Result<(), String> {
    let place = directory("slices")?;
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("ir_tests");
    let mut compared = 0;
    for entry in fs::read_dir(programs).map_err(|e| e.to_string())? {
        let program = entry.map_err(|e| e.to_string())?.path();
        if program.extension().is_none_or(|e| e != "ll") {
            continue;
        }
        let stem = program.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        for level in ["-O2", "-O3"] {
            let base = place.join(format!("{name}{level}-{stem}"));
            let (module, object) = (base.with_extension("out.ll"), base.with_extension("o"));
            let clang = |output: &Path, arguments: &[&str]| {
                let mut command = toolchain.clang();
                command.args([level, "-Wno-override-module"]).args(arguments);
                succeed(command.arg(&program).arg("-o").arg(output))
            };
            clang(&module, &["-S", "-emit-llvm"])?;
            clang(&object, &["-c", "-fstack-usage"])?;
            let text = fs::read_to_string(&module).map_err(|e| e.to_string())?;
            let bounds = bounds_of(&text)?;
            let frames =
                fs::read_to_string(base.with_extension("su")).map_err(|e| e.to_string())?;
            compared += compare(&format!("{stem} {level}"), &bounds, &frames)?;
        }
    }
    if compared < 100 { Err(format!("only {compared} frames were compared")) } else { Ok(()) }
}

/// Compares the bounds with what clang wrote: a place that ends with the name, bytes without the
/// return address, and whether they are all.
fn compare(
    program: &str,
    bounds: &HashMap<String, Option<u64>>,
    frames: &str,
) -> Result<usize, String> {
    let mut compared = 0;
    for line in frames.lines() {
        let mut fields = line.split('\t');
        let name = fields.next().and_then(|place| place.rsplit(':').next()).unwrap_or_default();
        let bytes: u64 = fields
            .next()
            .and_then(|bytes| bytes.parse().ok())
            .ok_or_else(|| format!("{program}: {line}"))?;
        if let Some(&Some(bound)) = bounds.get(name) {
            compared += 1;
            if bytes + 8 > bound {
                return Err(format!("{program}: '{name}' has {bytes} bytes, bound {bound}"));
            }
        }
    }
    Ok(compared)
}
