//! What of a function's frame travels: less than all of it where a switch does not need the rest,
//! and no more than the passes say.

use std::{collections::HashMap, fs, path::Path, process::Command};

use inkwell::{
    OptimizationLevel,
    context::Context,
    memory_buffer::MemoryBuffer,
    targets::{CodeModel, InitializationConfig, RelocMode, Target, TargetMachine},
};
use libtest_mimic::Failed;
use stackswitch::{
    jit::{self, Code, Error, FaultKind, Jit, OptLevel, Trap},
    passes,
};
use stackswitch_test_support::{Artifacts, Toolchain, directory, succeed, text};

use crate::{
    c::{self, Compiler, Linkage},
    suite::Tests,
};

/// Bytes that a suspended context has besides its functions' frames: the record of its switch and
/// what its first frame was started with.
const BESIDES: u64 = 64 + 32;

/// Bytes that travel, in this process; frames and variables of programs, ahead of time.
pub fn tests(tests: &mut Tests) {
    tests.add("a-buffer-that-no-switch-needs-stays-behind", stays_behind);
    tests.add("a-buffer-that-a-switch-needs-travels", travels);
    tests.add("a-buffer-that-a-switch-needs-is-on-the-heap-if-asked", goes_to_the_heap);
    tests.add("blocks-go-back-however-a-frame-is-left", blocks_go_back);
    for (name, body) in bodies() {
        tests.add(format!("bound-holds-for-{name}"), move || bound_holds(&body));
    }
    tests.add_with_artifacts("frames-of-programs", |artifacts| {
        Ok(frames_fit("frames-of-programs", &artifacts.llvm)?)
    });
    tests.add_with_artifacts("frames-of-programs-other", |artifacts| {
        Ok(frames_fit("frames-of-programs-other", &artifacts.other)?)
    });
    let compilers = [("", Compiler::ClangWithPlugin), ("-other", Compiler::OtherClangWithPlugin)];
    for (suffix, compiler) in compilers {
        for level in ["-O1", "-O2", "-O3"] {
            for place in ["heap", "frame"] {
                let name = format!("cxx-{place}{suffix}{level}");
                let file = name.clone();
                tests.add_with_artifacts(name, move |artifacts| {
                    Ok(cxx(artifacts, compiler, level, place, &file)?)
                });
            }
        }
    }
}

fn stays_behind() -> Result<(), Failed> {
    let travels = |level| parked_bytes(&program(BUFFER), level);
    let (all, little) = (travels(OptLevel::O0)?, travels(OptLevel::O2)?);
    if all < 4096 || little > 512 {
        return Err(format!("{all} bytes at -O0, {little} at -O2").into());
    }
    Ok(())
}

fn travels() -> Result<(), Failed> {
    let bytes = parked_bytes(&program(NEEDED), OptLevel::O2)?;
    if bytes < 4096 { Err(format!("{bytes} bytes").into()) } else { Ok(()) }
}

fn goes_to_the_heap() -> Result<(), Failed> {
    let bytes = |threshold| {
        let jit = Jit::builder().heap_threshold(threshold);
        parked_bytes_of(jit, &program(NEEDED))
    };
    let (above, at) = (bytes(4097)?, bytes(4096)?);
    if above < 4096 || at > 512 {
        return Err(format!("{above} bytes in the frame, {at} with it on the heap").into());
    }
    Ok(())
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
    parked_bytes_of(Jit::builder().opt_level(level), program)
}

fn parked_bytes_of(jit: jit::Builder, program: &str) -> Result<u64, String> {
    let jit = jit.build().map_err(|e| e.to_string())?;
    jit.add_ir("slices.ll", program).map_err(|e| e.to_string())?;
    // SAFETY: the function has this type and touches memory of its own only.
    unsafe {
        let parked =
            jit.function::<unsafe extern "C" fn() -> u64>("parked").map_err(|e| e.to_string())?;
        jit.call(|| parked()).map_err(|e| e.to_string())
    }
}

/// Functions that are left in the midst of what they do, each with a variable on the heap.
const LEFT: &str = "
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare ptr @llvm.stackswitch.clone(ptr)
declare void @llvm.stackswitch.destroy(ptr)
declare void @llvm.stackswitch.cancel(ptr)
declare void @llvm.trap()
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
define i64 @body(ptr %arg, i64 %first) {
  %buffer = alloca [20000 x i8], align 16
  call void @llvm.memset.p0.i64(ptr %buffer, i8 7, i64 20000, i1 false)
  %got = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  %deeper = call i64 @inner(i64 %got)
  %at = getelementptr i8, ptr %buffer, i64 %got
  %byte = load volatile i8, ptr %at
  %r = zext i8 %byte to i64
  ret i64 %r
}
define i64 @inner(i64 %n) noinline {
  %buffer = alloca [20000 x i8], align 16
  call void @llvm.memset.p0.i64(ptr %buffer, i8 9, i64 20000, i1 false)
  %got = call i64 @llvm.stackswitch.suspend.i64(i64 %n)
  %at = getelementptr i8, ptr %buffer, i64 %got
  %byte = load volatile i8, ptr %at
  %traps = icmp eq i64 %got, 5
  br i1 %traps, label %trap, label %on
trap:
  call void @llvm.trap()
  unreachable
on:
  %overflows = icmp eq i64 %got, 6
  br i1 %overflows, label %over, label %done
over:
  %o = call i64 @endless(i64 %got)
  ret i64 %o
done:
  %r = zext i8 %byte to i64
  ret i64 %r
}
define i64 @endless(i64 %n) noinline {
  %buffer = alloca [60000 x i8], align 16
  store volatile i8 1, ptr %buffer
  %m = add i64 %n, 1
  %r = call i64 @endless(i64 %m)
  %b = load volatile i8, ptr %buffer
  %z = zext i8 %b to i64
  %q = add i64 %r, %z
  ret i64 %q
}
; Two variables on the heap when it comes back.
define ptr @started() {
  %ctx = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr null)
  %one = call i64 @llvm.stackswitch.resume.i64(ptr %ctx, i64 1)
  %two = call i64 @llvm.stackswitch.resume.i64(ptr %ctx, i64 2)
  ret ptr %ctx
}
define void @ends() {
  %ctx = call ptr @started()
  %x = call i64 @llvm.stackswitch.resume.i64(ptr %ctx, i64 3)
  call void @llvm.stackswitch.destroy(ptr %ctx)
  ret void
}
define void @destroyed() {
  %ctx = call ptr @started()
  call void @llvm.stackswitch.destroy(ptr %ctx)
  ret void
}
define void @cancelled() {
  %ctx = call ptr @started()
  call void @llvm.stackswitch.cancel(ptr %ctx)
  call void @llvm.stackswitch.destroy(ptr %ctx)
  ret void
}
define void @traps() {
  %ctx = call ptr @started()
  %x = call i64 @llvm.stackswitch.resume.i64(ptr %ctx, i64 5)
  ret void
}
define void @overflows() {
  %ctx = call ptr @started()
  %x = call i64 @llvm.stackswitch.resume.i64(ptr %ctx, i64 6)
  ret void
}
define void @cloned() {
  %ctx = call ptr @started()
  %x = call ptr @llvm.stackswitch.clone(ptr %ctx)
  ret void
}
define void @abandoned() {
  %ctx = call ptr @started()
  call void @llvm.trap()
  ret void
}
";

/// Whatever becomes of the contexts: the runtime's heap does not grow.
fn blocks_go_back() -> Result<(), Failed> {
    let jit = Jit::builder().heap_threshold(1024).build()?;
    jit.add_ir("left.ll", LEFT)?;
    let trap = FaultKind::Trap(Trap::IllegalInstruction);
    let ways = [
        ("ends", None),
        ("destroyed", None),
        ("cancelled", None),
        ("traps", Some(trap)),
        ("overflows", Some(FaultKind::StackOverflow)),
        ("cloned", Some(FaultKind::Misuse(Code::Unsupported))),
        ("abandoned", Some(trap)),
    ];
    for (name, expected) in ways {
        let function = jit.function::<unsafe extern "C" fn()>(name)?;
        let mut bytes = Vec::new();
        for turn in 0..13 {
            // SAFETY: the fault is one that comes back, and the frames have nothing to drop.
            let found = match unsafe { jit.call(|| function()) } {
                Ok(()) => None,
                Err(Error::Fault(fault)) => Some(fault.kind),
                Err(error) => return Err(error.into()),
            };
            if found != expected {
                return Err(format!("{name}: {found:?}").into());
            }
            if turn % 8 == 4 {
                let mut stats = stackswitch_rt::abi::Stats::default();
                // SAFETY: the pointer is to the structure.
                unsafe { stackswitch_rt::abi::stackswitch_get_stats(&raw mut stats) };
                bytes.push(stats.heap_bytes);
            }
        }
        if bytes[0] != bytes[1] {
            return Err(format!("{name}: the heap has grown: {bytes:?}").into());
        }
    }
    Ok(())
}

/// A C++ program with large variables finds them right, and in their place, and leaves nothing behind,
/// with exceptions, cleanups and contexts that are destroyed.
fn cxx(
    artifacts: &Artifacts,
    compiler: Compiler,
    level: &str,
    place: &str,
    name: &str,
) -> Result<(), String> {
    let bytes = if place == "heap" { 512 } else { 0 };
    let option = c::option(artifacts, compiler, &format!("-stackswitch-heap-threshold={bytes}"))?;
    let flags: Vec<&str> = [level].into_iter().chain(option.iter().map(String::as_str)).collect();
    let source = c::sources().join("heap.cpp");
    let program =
        c::build(artifacts, compiler, &source, &flags, ("slices", name), Linkage::Static)?;
    let output = succeed(Command::new(program).arg(place))?;
    match text(&output.stdout).as_str() {
        "all as it should be\n" => Ok(()),
        found => Err(found.to_owned()),
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
            let clang = |input: &Path, output: &Path, arguments: &[&str]| {
                let mut command = toolchain.clang();
                command.args([level, "-Wno-override-module"]).args(arguments);
                succeed(command.arg(input).arg("-o").arg(output))
            };
            clang(&program, &module, &["-S", "-emit-llvm"])?;
            // Code generation alone: the passes have run.
            let codegen = ["-c", "-fstack-usage", "-Xclang", "-disable-llvm-passes"];
            clang(&module, &object, &codegen)?;
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
