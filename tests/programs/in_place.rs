//! Switches in place, in frames of every kind, as compilers are asked to make them: C++ programs,
//! compiled in many ways, must find all as it should be.

use std::{fs, process::Command};

use libtest_mimic::Failed;
use stackswitch_test_support::{Artifacts, run, text};

use crate::{
    c::{self, Compiler, Linkage},
    suite::Tests,
};

/// The programs: the coroutine layer's switches, those in functions that handle exceptions, and
/// `swapcontext`.
const PROGRAMS: [&str; 3] = ["in_place", "in_place_handlers", "in_place_posix"];

/// Names and flags.
const WAYS: [(&str, &[&str]); 15] = [
    ("O0", &["-O0"]),
    ("O1", &["-O1"]),
    ("O2", &["-O2"]),
    ("O3", &["-O3"]),
    ("Os", &["-Os"]),
    ("frame-pointer", &["-O2", "-fno-omit-frame-pointer"]),
    ("no-red-zone", &["-O2", "-mno-red-zone"]),
    ("cf-protection", &["-O2", "-fcf-protection"]),
    ("pic", &["-O2", "-fPIC"]),
    ("large", &["-O2", "-fPIC", "-mcmodel=large"]),
    ("debug", &["-O2", "-g"]),
    ("sync-tables", &["-O2", "-fno-asynchronous-unwind-tables"]),
    ("realigned", &["-O2", "-mstackrealign"]),
    ("avx2", &["-O2", "-mavx2"]),
    ("avx512", &["-O2", "-mavx512f", "-mavx512bw", "-mavx512vl"]),
];

/// Who compiles, and how the runtime is linked.
const KINDS: [(&str, Compiler, Linkage<'_>); 4] = [
    ("static", Compiler::ClangWithPlugin, Linkage::Static),
    ("shared", Compiler::ClangWithPlugin, Linkage::Shared),
    ("other-static", Compiler::OtherClangWithPlugin, Linkage::Static),
    ("other-lto", Compiler::OtherClangWithPlugin, Linkage::Lto("-flto=full")),
];

/// Every program, compiled in every way that this machine can run, by every kind of compiler.
pub fn tests(tests: &mut Tests) {
    for program in PROGRAMS {
        for (way, flags) in WAYS.into_iter().filter(|(way, _)| runs_here(way)) {
            for (kind, compiler, linkage) in KINDS {
                let name = format!("{program}-{way}-{kind}");
                let file = name.clone();
                tests.add_with_artifacts(name, move |artifacts| {
                    check(artifacts, program, compiler, &file, flags, linkage)
                });
            }
        }
    }
}

/// Whether this CPU has what a way asks for.
fn runs_here(way: &str) -> bool {
    #[cfg(target_arch = "x86_64")]
    match way {
        "avx2" => return is_x86_feature_detected!("avx2"),
        "avx512" => {
            return is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl");
        }
        _ => {}
    }
    true
}

fn check(
    artifacts: &Artifacts,
    program: &str,
    compiler: Compiler,
    name: &str,
    flags: &[&str],
    linkage: Linkage<'_>,
) -> Result<(), Failed> {
    let source = c::sources().join(program).with_extension("cpp");
    let to = ("in_place", name);
    let program = c::build(artifacts, compiler, &source, flags, to, linkage)?;
    let output = run(&mut Command::new(&program))?;
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    if !output.status.success() || stdout != fs::read_to_string(source.with_extension("expected"))?
    {
        return Err(format!("{}\n{stdout}\nstderr: {stderr}", output.status).into());
    }
    Ok(())
}
