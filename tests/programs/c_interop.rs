//! A C program with the installed header and library prints the same whether clang with the
//! plugin compiled it, or gcc, which knows nothing of it. The flags come from pkg-config.

use std::{fs, process::Command};

use libtest_mimic::Failed;
use stackswitch_test_support::{Artifacts, run, text};

use crate::{
    c::{self, Compiler, INSTALLED, Linkage},
    suite::Tests,
};

/// At the first all clang's functions are `optnone`.
const LEVELS: [&str; 4] = ["-O0", "-O1", "-O2", "-O3"];

/// The program, by every compiler that the library is installed for.
pub fn tests(tests: &mut Tests) {
    for (compiler_name, compiler, linkages) in INSTALLED {
        for level in LEVELS {
            for &(linkage_name, linkage) in linkages {
                let name = format!("{compiler_name}{level}-{linkage_name}");
                let file = name.clone();
                tests.add_with_artifacts(name, move |artifacts| {
                    check(artifacts, compiler, level, &file, linkage)
                });
            }
        }
    }
}

fn check(
    artifacts: &Artifacts,
    compiler: Compiler,
    level: &str,
    name: &str,
    linkage: Linkage,
) -> Result<(), Failed> {
    let source = c::sources().join("interop.c");
    let program = c::build(artifacts, compiler, &source, &[level], ("c_interop", name), linkage)?;
    let output = run(&mut Command::new(&program))?;
    let expected = fs::read_to_string(source.with_extension("expected"))?;
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    if !output.status.success() || stdout != expected {
        return Err(format!("{}\n{stdout}\nstderr: {stderr}", output.status).into());
    }
    Ok(())
}
