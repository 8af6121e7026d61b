//! Programs written for <ucontext.h> do the same with the runtime, unchanged: the command line
//! puts the drop-in in front of them, or asks the plugin to replace the calls.

use std::process::Command;

use libtest_mimic::Failed;
use stackswitch_test_support::{Artifacts, run, text};

use crate::{
    c::{self, Compiler, Linkage},
    suite::Tests,
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

/// Every program, with the drop-in header and with calls that the plugin replaces.
pub fn tests(tests: &mut Tests) {
    for (compiler_name, compiler, flags) in COMPILERS {
        for (program, masks) in PROGRAMS {
            let name = format!("{program}-{compiler_name}");
            let file = name.clone();
            tests.add_with_artifacts(name, move |artifacts| {
                let mask = masks.then_some("-DSTACKSWITCH_UCONTEXT_SIGMASK=1");
                let drop_in = ["-include", "stackswitch/ucontext.h"].into_iter().chain(mask);
                same(artifacts, compiler, program, flags, drop_in, &file)
            });
        }
        for program in ["refused", "mixed"] {
            let name = format!("{program}-{compiler_name}");
            let file = name.clone();
            tests.add_with_artifacts(name, move |artifacts| {
                says_so(artifacts, compiler, program, flags, &file)
            });
        }
    }
    for (way, compiler, level) in REPLACING {
        for (program, masks) in PROGRAMS {
            let name = format!("{program}-replaced-{way}");
            let file = name.clone();
            tests.add_with_artifacts(name, move |artifacts| {
                let plugin = c::plugin(artifacts, compiler).ok_or("it has no plugin")?;
                let plugin = format!("-fplugin={}", plugin.display());
                let how = if masks { "=sigmask" } else { "" };
                let option = format!("-stackswitch-from-ucontext{how}");
                let replaced = [plugin.as_str(), "-mllvm", option.as_str()];
                let flags = [level, "-Wno-cast-function-type"];
                same(artifacts, compiler, program, &flags, replaced.into_iter(), &file)
            });
        }
    }
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
