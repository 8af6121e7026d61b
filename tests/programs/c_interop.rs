//! A C program with the installed header and library prints the same whether clang with the
//! plugin compiled it, or gcc, which knows nothing of it. The flags come from pkg-config.

use std::{fs, process::Command};

use libtest_mimic::Failed;
use stackswitch_test_support::{Artifacts, run, text};

use crate::{
    c::{self, Row},
    suite::Tests,
};

/// The program, by every compiler that the library is installed for.
pub fn tests(tests: &mut Tests) {
    c::add_installed(tests, check);
}

fn check(artifacts: &Artifacts, row: &Row) -> Result<(), Failed> {
    let source = c::sources().join("interop.c");
    let program = row.build(artifacts, "c_interop", &source, &[])?;
    let output = run(&mut Command::new(&program))?;
    let expected = fs::read_to_string(source.with_extension("expected"))?;
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    if !output.status.success() || stdout != expected {
        return Err(format!("{}\n{stdout}\nstderr: {stderr}", output.status).into());
    }
    Ok(())
}
