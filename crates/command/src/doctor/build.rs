//! Checks what ahead-of-time compilation needs: LLVM's programs with the plugin, and the installed
//! runtime.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use inkwell::{
    OptimizationLevel,
    context::Context,
    module::Module,
    targets::{CodeModel, InitializationConfig, RelocMode, Target, TargetMachine},
};
use stackswitch::reader;

use super::checks::Checks;
use crate::programs::{Program, find, llvm_major};

/// A module that is right only after the plugin's passes.
const PROBE: &str = "declare ptr @llvm.stackswitch.current()
define ptr @probe() {
  %c = call ptr @llvm.stackswitch.current()
  ret ptr %c
}
";
/// What the lowered module contains, and what it no longer contains.
const LOWERED: &str = "stackswitch_";
const INTRINSIC: &str = "llvm.stackswitch.";

/// A program with the installed header and library.
const PROGRAM: &str = "#include <stackswitch.h>
static void *body(void *argument, void *first) { (void)argument; return first; }
int main(void) {
  int value;
  void *context = stackswitch_spawn(0, body, 0);
  return stackswitch_resume(context, &value) != &value;
}
";

/// Runs a program with the plugin over [`PROBE`]; gets the program, the plugin and a scratch directory,
/// returns the output.
type Trial = fn(&Path, &Path, &Path) -> io::Result<Vec<u8>>;
const HOSTS: [(&str, &str, Trial); 3] = [
    ("opt", "opt with the plugin", with_opt),
    ("clang", "clang with the plugin", with_clang),
    ("ld.lld", "lld with the plugin", with_lld),
];

pub(super) fn check(checks: &mut Checks, plugin: Option<&Path>) {
    let plugin = match plugin {
        Some(given) => Some(given.to_owned()),
        None => plugin_beside_us(),
    };
    match &plugin {
        Some(path) if path.is_file() => checks.ok("plugin", path.display().to_string()),
        Some(path) => {
            checks.problem("plugin", format!("{} is no file", path.display()), "--plugin names it");
        }
        None => checks.warning(
            "plugin",
            "not beside this command",
            "`make plugin` builds it, `make install` installs it, --plugin names it",
        ),
    }
    for (tool, name, trial) in HOSTS {
        check_host(checks, plugin.as_deref().filter(|path| path.is_file()), tool, name, trial);
    }
    runtime(checks);
}

fn check_host(
    checks: &mut Checks,
    plugin: Option<&Path>,
    tool: &str,
    name: &'static str,
    trial: Trial,
) {
    let major = llvm_major();
    let Some(tool) = Program::with_our_llvm(tool) else {
        let package = if tool == "ld.lld" {
            "lld"
        } else if tool == "opt" {
            "llvm"
        } else {
            tool
        };
        return checks.warning(
            name,
            format!("no {tool} of LLVM {major} in PATH"),
            &format!("install {package}-{major}; the plugin is for that version only"),
        );
    };
    let at = format!("{} ({})", tool.version, tool.path.display());
    let Some(plugin) = plugin else { return checks.ok(name, format!("{at}, not tried")) };
    let advice = "build command and plugin for this LLVM: make build plugin LLVM=VERSION";
    let tried = tempfile::tempdir().and_then(|scratch| trial(&tool.path, plugin, scratch.path()));
    match tried {
        Ok(result) if contains(&result, LOWERED) && !contains(&result, INTRINSIC) => {
            checks.ok(name, format!("{at} loads it and lowers"));
        }
        Ok(_) => checks.problem(name, format!("{at} does not lower"), advice),
        Err(error) => checks.problem(name, format!("{at}: {error}"), advice),
    }
}

/// The plugin of an installation, or of a build, that this command belongs to.
fn plugin_beside_us() -> Option<PathBuf> {
    let command = std::env::current_exe().ok()?;
    let directory = command.parent()?;
    let name = "libstackswitch_plugin.so";
    let built = format!("plugin/llvm-{}/{name}", llvm_major());
    [format!("../lib/{name}"), format!("../{built}"), format!("../../{built}")]
        .iter()
        .map(|path| directory.join(path))
        .find_map(|path| path.canonicalize().ok())
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn with_opt(opt: &Path, plugin: &Path, scratch: &Path) -> io::Result<Vec<u8>> {
    let input = scratch.join("probe.ll");
    fs::write(&input, PROBE)?;
    let mut command = Command::new(opt);
    command.arg(format!("-load-pass-plugin={}", plugin.display()));
    command.args(["-passes=stackswitch-verify,stackswitch-lower", "-S", "-o", "-"]).arg(input);
    Ok(succeed(&mut command)?.stdout)
}

fn with_clang(clang: &Path, plugin: &Path, scratch: &Path) -> io::Result<Vec<u8>> {
    let input = scratch.join("probe.ll");
    fs::write(&input, PROBE)?;
    let mut command = Command::new(clang);
    command.arg(format!("-fpass-plugin={}", plugin.display()));
    command.args(["-O1", "-Wno-override-module", "-S", "-emit-llvm", "-o", "-"]).arg(input);
    Ok(succeed(&mut command)?.stdout)
}

fn with_lld(lld: &Path, plugin: &Path, scratch: &Path) -> io::Result<Vec<u8>> {
    let (input, output) = (scratch.join("probe.bc"), scratch.join("probe.so"));
    let context = Context::create();
    let module = reader::parse(&context, "probe.ll", PROBE.as_bytes()).map_err(io::Error::other)?;
    for_this_machine(&module).map_err(io::Error::other)?;
    fs::write(&input, module.write_bitcode_to_memory().as_slice())?;
    let mut command = Command::new(lld);
    command.arg(format!("--load-pass-plugin={}", plugin.display()));
    succeed(command.arg("-shared").arg(&input).arg("-o").arg(&output))?;
    fs::read(output)
}

/// Sets a module's target to this machine: lld refuses one without.
fn for_this_machine(module: &Module<'_>) -> Result<(), String> {
    Target::initialize_native(&InitializationConfig::default())?;
    let triple = TargetMachine::get_default_triple();
    let target = Target::from_triple(&triple).map_err(|error| error.to_string())?;
    let (level, mode, model) = (OptimizationLevel::Default, RelocMode::Default, CodeModel::Default);
    let machine = target.create_target_machine(&triple, "", "", level, mode, model);
    let machine = machine.ok_or("LLVM has no code generator for this machine")?;
    module.set_triple(&triple);
    module.set_data_layout(&machine.get_target_data().get_data_layout());
    Ok(())
}

/// Compiles, links and runs a C program with the installed header and library.
fn runtime(checks: &mut Checks) {
    const NAME: &str = "runtime library";
    const INSTALL: &str = "`make install PREFIX=...`, then PKG_CONFIG_PATH=PREFIX/lib/pkgconfig";
    if find("pkg-config").is_none() {
        return checks.warning(NAME, "no pkg-config to ask", "install pkg-config");
    }
    let ask = |what: &str| succeed(Command::new("pkg-config").args([what, "stackswitch"]));
    let words = |output: Output| String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let (Ok(version), Ok(flags), Ok(libraries)) =
        (ask("--modversion"), ask("--cflags"), ask("--libs"))
    else {
        return checks.warning(NAME, "not known to pkg-config", INSTALL);
    };
    let (version, flags, libraries) = (words(version), words(flags), words(libraries));
    let Some(cc) = find("cc") else {
        return checks.ok(NAME, format!("{version}, not tried: there is no cc"));
    };
    let ran = tempfile::tempdir().and_then(|scratch| {
        let (source, program) = (scratch.path().join("probe.c"), scratch.path().join("probe"));
        fs::write(&source, PROGRAM)?;
        let mut compile = Command::new(cc);
        compile.args(flags.split_whitespace()).arg("-o").arg(&program).arg(&source);
        succeed(compile.args(libraries.split_whitespace()))?;
        succeed(&mut Command::new(&program))
    });
    match ran {
        Ok(_) => checks.ok(NAME, format!("{version}: a C program links and runs")),
        Err(error) => checks.problem(
            NAME,
            format!("{version}: {error}"),
            "is its directory known to the loader? (ldconfig, LD_LIBRARY_PATH, -Wl,-rpath)",
        ),
    }
}

/// Runs a command. The error is the first line on its stderr.
fn succeed(command: &mut Command) -> io::Result<Output> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(output);
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let said = stderr.lines().map(str::trim).find(|line| !line.is_empty());
    Err(io::Error::other(said.map_or_else(|| output.status.to_string(), str::to_owned)))
}
