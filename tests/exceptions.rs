//! C++ exceptions and contexts: the program prints the same with every compiler, with switches in place
//! and as calls, and ends as it should where nobody catches.
//!
//! Needs what `make test` builds and is ignored without it.

mod support;

use std::{fs, process::Command, sync::Arc};

use libtest_mimic::{Arguments, Failed, Trial};
use support::{
    Artifacts,
    c::{self, Compiler, INSTALLED, Linkage},
    run, text,
};

/// Above the first switches are in place.
const LEVELS: [&str; 4] = ["-O0", "-O1", "-O2", "-O3"];

/// Ways for the program to end, with the exit code (none: a signal) and what it says.
const ENDS: [(&str, Option<i32>, &str); 3] = [
    ("no-link", None, "ENOLINK: exception that leaves a context's function"),
    ("link-catches-nothing", None, "ENOLINK: exception that leaves a context's function"),
    ("nobody-catches", Some(7), "terminate was called for 68"),
];

fn main() {
    let arguments = Arguments::from_args();
    let artifacts = Artifacts::find().map(Arc::new);
    let mut trials = Vec::new();
    for (compiler_name, compiler, linkages) in INSTALLED {
        for level in LEVELS {
            for &(linkage_name, linkage) in linkages {
                let name = format!("{compiler_name}{level}-{linkage_name}");
                let (file, artifacts) = (name.clone(), artifacts.clone());
                let ignored = artifacts.is_none();
                let test = move || {
                    let artifacts = artifacts.ok_or("needs what `make test` builds")?;
                    check(&artifacts, compiler, level, &file, linkage)
                };
                trials.push(Trial::test(name, test).with_ignored_flag(ignored));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn check(
    artifacts: &Artifacts,
    compiler: Compiler,
    level: &str,
    name: &str,
    linkage: Linkage,
) -> Result<(), Failed> {
    let source = c::sources().join("exceptions.cpp");
    let program = c::build(artifacts, compiler, &source, &[level], ("exceptions", name), linkage)?;
    let output = run(&mut Command::new(&program))?;
    let expected = fs::read_to_string(source.with_extension("expected"))?;
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    if !output.status.success() || stdout != expected {
        return Err(format!("{}\n{stdout}\nstderr: {stderr}", output.status).into());
    }
    for (end, code, says) in ENDS {
        let output = run(Command::new(&program).arg(end))?;
        let stderr = text(&output.stderr);
        if output.status.code() != code || !stderr.contains(says) {
            return Err(format!("{end}: {}\n{stderr}", output.status).into());
        }
    }
    Ok(())
}
