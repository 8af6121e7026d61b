//! Classes of C++ for generators: what they give does not depend on who compiles them, and how. Where
//! the compiler can see through them, no context is made.
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

const LEVELS: [&str; 4] = ["-O0", "-O1", "-O2", "-O3"];

/// How many contexts the program makes in functions that can be seen through, and in others, where
/// nobody does.
const ALL_MADE: &str = "25 3\n";
/// And by our passes.
const FEW_MADE: &str = "0 3\n";

fn main() {
    let arguments = Arguments::from_args();
    let artifacts = Artifacts::find().map(Arc::new);
    let mut trials = Vec::new();
    for (compiler_name, compiler, linkages) in INSTALLED {
        for &(linkage_name, linkage) in linkages {
            for level in LEVELS {
                let name = format!("{compiler_name}-{linkage_name}{level}");
                let (file, artifacts) = (name.clone(), artifacts.clone());
                let ignored = artifacts.is_none();
                let test = move || {
                    let artifacts = artifacts.ok_or("needs what `make test` builds")?;
                    check(&artifacts, compiler, &file, level, linkage)
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
    name: &str,
    level: &str,
    linkage: Linkage<'_>,
) -> Result<(), Failed> {
    let source = c::sources().join("generators.cpp");
    let flags = ["-std=c++17", level];
    let program = c::build(artifacts, compiler, &source, &flags, ("generators", name), linkage)?;
    let seen_through = !matches!(compiler, Compiler::Gcc) && level != "-O0";
    let made = if seen_through { FEW_MADE } else { ALL_MADE };
    let given = fs::read_to_string(source.with_extension("expected"))?;
    for (argument, expected) in [("", &given[..]), ("made", made)] {
        let output = run(Command::new(&program).arg(argument))?;
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        if !output.status.success() || stdout != expected {
            return Err(format!("{argument}: {}\n{stdout}\n{stderr}", output.status).into());
        }
    }
    Ok(())
}
