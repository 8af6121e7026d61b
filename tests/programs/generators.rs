//! Classes of C++ for generators: what they give does not depend on who compiles them, and how. Where
//! the compiler can see through them, no context is made.

use std::{fs, process::Command};

use libtest_mimic::Failed;
use stackswitch_test_support::{Artifacts, run, text};

use crate::{
    c::{self, Compiler, INSTALLED, Linkage},
    suite::Tests,
};

const LEVELS: [&str; 4] = ["-O0", "-O1", "-O2", "-O3"];

/// How many contexts the program makes in functions that can be seen through, and in others, where
/// nobody does.
const ALL_MADE: &str = "25 3\n";
/// And by our passes.
const FEW_MADE: &str = "0 3\n";

/// The program, by every compiler that the library is installed for.
pub fn tests(tests: &mut Tests) {
    for (compiler_name, compiler, linkages) in INSTALLED {
        for &(linkage_name, linkage) in linkages {
            for level in LEVELS {
                let name = format!("{compiler_name}-{linkage_name}{level}");
                let file = name.clone();
                tests.add_with_artifacts(name, move |artifacts| {
                    check(artifacts, compiler, &file, level, linkage)
                });
            }
        }
    }
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
