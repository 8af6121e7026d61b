//! Programs written for <ucontext.h> do the same with the runtime, unchanged: the command line
//! puts the drop-in in front of them, or asks the plugin to replace the calls.
//!
//! Needs what `make test` builds and is ignored without it.

mod support;

use std::{process::Command, sync::Arc};

use libtest_mimic::{Arguments, Failed, Trial};
use support::{
    Artifacts,
    c::{self, Compiler, Linkage},
    run, text,
};

/// The programs, and whether the signal mask counts in them.
const PROGRAMS: [(&str, bool); 7] = [
    ("generators", false),
    ("helpers", false),
    ("reentered", false),
    ("returns_twice", false),
    ("scheduler", false),
    ("threads", false),
    ("signal_mask", true),
];

/// Compilers that can be asked to replace the calls, and how they optimise.
const REPLACING: [(&str, Compiler, &str); 6] = [
    ("O0", Compiler::ClangWithPlugin, "-O0"),
    ("O1", Compiler::ClangWithPlugin, "-O1"),
    ("O2", Compiler::ClangWithPlugin, "-O2"),
    ("O3", Compiler::ClangWithPlugin, "-O3"),
    ("other-O0", Compiler::OtherClangWithPlugin, "-O0"),
    ("other-O2", Compiler::OtherClangWithPlugin, "-O2"),
];

/// The compilers with their flags: programs for <ucontext.h> have to live with some warnings.
const COMPILERS: [(&str, Compiler, &[&str]); 4] = [
    ("gcc-O0", Compiler::Gcc, &["-O0", "-Wno-cast-function-type"]),
    ("gcc-O2", Compiler::Gcc, &["-O2", "-Wno-cast-function-type", "-Wno-clobbered"]),
    ("clang-plugin-O2", Compiler::ClangWithPlugin, &["-O2", "-Wno-cast-function-type"]),
    ("other-clang-plugin-O2", Compiler::OtherClangWithPlugin, &["-O2", "-Wno-cast-function-type"]),
];

type Test = Box<dyn Fn(&Artifacts) -> Result<(), Failed> + Send>;

fn main() {
    let arguments = Arguments::from_args();
    let artifacts = Artifacts::find().map(Arc::new);
    let mut trials = Vec::new();
    let mut add = |name: String, test: Test| {
        let artifacts = artifacts.clone();
        let ignored = artifacts.is_none();
        let test = move || test(&*artifacts.ok_or("needs what `make test` builds")?);
        trials.push(Trial::test(name, test).with_ignored_flag(ignored));
    };
    for (compiler_name, compiler, flags) in COMPILERS {
        for (program, masks) in PROGRAMS {
            let name = format!("{program}-{compiler_name}");
            let file = name.clone();
            let test = move |artifacts: &Artifacts| {
                let mask = masks.then_some("-DSTACKSWITCH_UCONTEXT_SIGMASK=1");
                let drop_in = ["-include", "stackswitch/ucontext.h"].into_iter().chain(mask);
                same(artifacts, compiler, program, flags, drop_in, &file)
            };
            add(name, Box::new(test));
        }
        let name = format!("refused-{compiler_name}");
        let file = name.clone();
        let test =
            move |artifacts: &Artifacts| says_so(artifacts, compiler, "refused", flags, &file);
        add(name, Box::new(test));
        let name = format!("mixed-{compiler_name}");
        let file = name.clone();
        let test = move |artifacts: &Artifacts| says_so(artifacts, compiler, "mixed", flags, &file);
        add(name, Box::new(test));
    }
    for (way, compiler, level) in REPLACING {
        for (program, masks) in PROGRAMS {
            let name = format!("{program}-replaced-{way}");
            let file = name.clone();
            let test = move |artifacts: &Artifacts| {
                let plugin = c::plugin(artifacts, compiler).ok_or("it has no plugin")?;
                let plugin = format!("-fplugin={}", plugin.display());
                let how = if masks { "=sigmask" } else { "" };
                let option = format!("-stackswitch-from-ucontext{how}");
                let replaced = [plugin.as_str(), "-mllvm", option.as_str()];
                let flags = [level, "-Wno-cast-function-type"];
                same(artifacts, compiler, program, &flags, replaced.into_iter(), &file)
            };
            add(name, Box::new(test));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// The program prints the same and ends the same with the system's functions and with the
/// runtime's, which the other flags ask for.
fn same<'a>(
    artifacts: &Artifacts,
    compiler: Compiler,
    program: &str,
    flags: &[&'a str],
    ours: impl Iterator<Item = &'a str>,
    name: &str,
) -> Result<(), Failed> {
    let source = c::sources().join(format!("ucontext_{program}.c"));
    let outcome = |flags: &[&str], name: &str| -> Result<_, String> {
        let place = ("ucontext", name);
        let path = c::build(artifacts, compiler, &source, flags, place, Linkage::Static)?;
        let output = run(&mut Command::new(path))?;
        Ok((output.status, text(&output.stdout), text(&output.stderr)))
    };
    let system = outcome(flags, &format!("{name}-system"))?;
    let flags: Vec<_> = flags.iter().copied().chain(ours).collect();
    let ours = outcome(&flags, name)?;
    if system.1.is_empty() || ours != system {
        return Err(format!("system: {system:?}\nours: {ours:?}").into());
    }
    Ok(())
}

/// The program finds out itself whether all is as it should be: what glibc does not notice fails
/// with EINVAL, and both layers know of each other.
fn says_so(
    artifacts: &Artifacts,
    compiler: Compiler,
    program: &str,
    flags: &[&str],
    name: &str,
) -> Result<(), Failed> {
    let source = c::sources().join(format!("ucontext_{program}.c"));
    let path = c::build(artifacts, compiler, &source, flags, ("ucontext", name), Linkage::Shared)?;
    let output = run(&mut Command::new(path))?;
    if !output.status.success() {
        return Err(format!("{}\n{}", output.status, text(&output.stdout)).into());
    }
    Ok(())
}
