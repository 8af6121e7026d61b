//! The README's program of IR prints what the README says. Its Rust is a doc test of the library.

mod support;

use std::{fs, process::Command};

use support::{STACKSWITCH, directory, run, text};

/// The content of the README's first block of that language.
fn block(language: &str) -> String {
    let readme = include_str!("../README.md");
    let opening = format!("```{language}\n");
    let (_, rest) = readme.split_once(&opening).expect("a block of that language");
    rest.split_once("```").expect("its end").0.to_owned()
}

#[test]
fn the_program_prints_what_is_said() {
    let path = directory("readme").unwrap().join("squares.ll");
    fs::write(&path, block("llvm")).unwrap();
    let output = run(Command::new(STACKSWITCH).arg("run").arg(&path)).unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), block("text"));
}
