//! C++ exceptions and contexts: the program prints the same with every compiler, with switches in place
//! and as calls, and ends as it should where nobody catches.

use std::{fs, process::Command};

use libtest_mimic::Failed;
use stackswitch_test_support::{Artifacts, run, text};

use crate::{
    c::{self, Row},
    suite::Tests,
};

/// Ways for the program to end, with the exit code (none: a signal) and what it says.
const ENDS: [(&str, Option<i32>, &str); 3] = [
    ("no-link", None, "ENOLINK: exception that leaves a context's function"),
    ("link-catches-nothing", None, "ENOLINK: exception that leaves a context's function"),
    ("nobody-catches", Some(7), "terminate was called for 68"),
];

/// The program, by every compiler that the library is installed for.
pub fn tests(tests: &mut Tests) {
    c::add_installed(tests, check);
}

fn check(artifacts: &Artifacts, row: &Row) -> Result<(), Failed> {
    let source = c::sources().join("exceptions.cpp");
    let program = row.build(artifacts, "exceptions", &source, &[])?;
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
