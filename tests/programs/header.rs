//! The classes of `stackswitch.hpp`: what a program prints with them does not depend on who compiles it, and
//! how, nor on the version of the language.

use std::{fs, process::Command};

use libtest_mimic::Failed;
use stackswitch_test_support::{Artifacts, run, text};

use crate::{
    c::{self, Linkage, Row},
    suite::Tests,
};

/// The program, by every compiler that the library is installed for.
pub fn tests(tests: &mut Tests) {
    c::add_installed(tests, check);
}

fn check(artifacts: &Artifacts, row: &Row) -> Result<(), Failed> {
    prints_what_is_expected(artifacts, row, "header", "-std=c++17")?;
    if matches!(row.linkage, Linkage::Static) {
        prints_what_is_expected(artifacts, row, "header-20", "-std=c++20")?;
    }
    Ok(())
}

fn prints_what_is_expected(
    artifacts: &Artifacts,
    row: &Row,
    suite: &str,
    standard: &str,
) -> Result<(), Failed> {
    let source = c::sources().join("header.cpp");
    let program = row.build(artifacts, suite, &source, &[standard])?;
    let expected = fs::read_to_string(source.with_extension("expected"))?;
    let output = run(&mut Command::new(&program))?;
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    if !output.status.success() || stdout != expected {
        return Err(format!("{standard}: {}\n{stdout}\n{stderr}", output.status).into());
    }
    Ok(())
}
