//! Programs written for <ucontext.h> do the same with the drop-in, unchanged: the command line
//! puts it in front of them.
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

/// The programs, with the flags that the drop-in needs for each.
const PROGRAMS: [(&str, &[&str]); 3] = [
    ("generators", &[]),
    ("returns_twice", &[]),
    ("signal_mask", &["-DSTACKSWITCH_UCONTEXT_SIGMASK=1"]),
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
        for (program, own) in PROGRAMS {
            let name = format!("{program}-{compiler_name}");
            let flags = [flags, own].concat();
            let file = name.clone();
            add(name, Box::new(move |artifacts| same(artifacts, compiler, program, &flags, &file)));
        }
        let name = format!("refused-{compiler_name}");
        let file = name.clone();
        add(name, Box::new(move |artifacts| refused(artifacts, compiler, flags, &file)));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// The program prints the same and ends the same with either header.
fn same(
    artifacts: &Artifacts,
    compiler: Compiler,
    program: &str,
    flags: &[&str],
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
    let drop_in = [flags, &["-include", "stackswitch/ucontext.h"]].concat();
    let ours = outcome(&drop_in, name)?;
    if system.1.is_empty() || ours != system {
        return Err(format!("system: {system:?}\nours: {ours:?}").into());
    }
    Ok(())
}

/// What glibc does not notice fails with EINVAL; the program says so itself.
fn refused(
    artifacts: &Artifacts,
    compiler: Compiler,
    flags: &[&str],
    name: &str,
) -> Result<(), Failed> {
    let source = c::sources().join("ucontext_refused.c");
    let path = c::build(artifacts, compiler, &source, flags, ("ucontext", name), Linkage::Shared)?;
    let output = run(&mut Command::new(path))?;
    if !output.status.success() {
        return Err(format!("{}\n{}", output.status, text(&output.stdout)).into());
    }
    Ok(())
}
