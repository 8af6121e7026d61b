//! Classes of C++ for generators: what they give does not depend on who compiles them, and how. Where
//! the compiler can see through them, no context is made.

use std::{fs, process::Command};

use libtest_mimic::Failed;
use stackswitch_test_support::{Artifacts, run, text};

use crate::{
    c::{self, Compiler, Row},
    suite::Tests,
};

/// How many contexts the program makes in functions that can be seen through, and in others, where
/// nobody does.
const ALL_MADE: &str = "25 3\n";
/// And by our passes.
const FEW_MADE: &str = "0 3\n";

/// The program, by every compiler that the library is installed for.
pub fn tests(tests: &mut Tests) {
    c::add_installed(tests, check);
}

fn check(artifacts: &Artifacts, row: &Row) -> Result<(), Failed> {
    let source = c::sources().join("generators.cpp");
    let program = row.build(artifacts, "generators", &source, &["-std=c++17"])?;
    let seen_through = !matches!(row.compiler, Compiler::Gcc) && row.level != "-O0";
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
