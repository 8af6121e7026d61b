//! The README's programs print the text that follows them, and its picture shows the program that
//! it names. The README's Rust is a doc test of the library.

use std::{fs, path::Path, process::Command};

use stackswitch_test_support::{directory, run, text};

use crate::{ROOT, STACKSWITCH};

const README: &str = include_str!("../../../../README.md");

/// The content of the README's first block of that language, and what follows it.
fn block(readme: &'static str, language: &str) -> (&'static str, &'static str) {
    let (_, rest) =
        readme.split_once(&format!("```{language}\n")).expect("a block of that language");
    rest.split_once("```").expect("the end of the block")
}

/// Runs the README's program in that language and compares its output with the next block of text.
fn prints_what_is_said(language: &str, file: &str) {
    let (program, rest) = block(README, language);
    let (said, _) = block(rest, "text");
    let path = directory("readme").unwrap().join(file);
    fs::write(&path, program).unwrap();
    for level in ["-O0", "-O2"] {
        let output = run(Command::new(STACKSWITCH).args(["run", level]).arg(&path)).unwrap();
        assert!(output.status.success(), "{level}: {}", text(&output.stderr));
        assert_eq!(text(&output.stdout), said, "{level}");
    }
}

#[test]
fn the_program_in_ir_prints_what_is_said() {
    prints_what_is_said("llvm", "squares.ll");
}

#[test]
fn the_program_in_c_prints_what_is_said() {
    prints_what_is_said("c", "walk.c");
}

/// The lanes of a timeline, and how many slices it shows as saved and restored.
fn shown(svg: &str) -> (Vec<String>, [usize; 2]) {
    let picture = roxmltree::Document::parse(svg).expect("well-formed SVG");
    let texts = picture.descendants().filter(|n| n.has_tag_name("text")).filter_map(|n| n.text());
    let lanes = texts.map(str::trim).filter(|text| text.starts_with('#')).map(str::to_owned);
    let marks = ["#dc2626", "#15803d"]
        .map(|color| picture.descendants().filter(|n| n.attribute("fill") == Some(color)).count());
    (lanes.collect(), marks)
}

#[test]
fn the_picture_is_of_its_program() {
    let root = Path::new(ROOT);
    let directory = directory("readme").unwrap();
    let (trace, picture) = (directory.join("timeline.json"), directory.join("timeline.svg"));
    let program = root.join("examples/timeline.c");
    for command in [
        Command::new(STACKSWITCH).args(["run", "-O0", "--trace"]).arg(&trace).arg(program),
        Command::new(STACKSWITCH).arg("trace").arg(&trace).arg("-o").arg(&picture),
    ] {
        let output = run(command).unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    let (lanes, marks) = shown(&fs::read_to_string(picture).unwrap());
    assert_eq!(lanes.len(), 7, "main, the host, three readers, two writers: {lanes:?}");
    let said = shown(&fs::read_to_string(root.join("docs/timeline.svg")).unwrap());
    assert_eq!((lanes, marks), said, "draw docs/timeline.svg anew: examples/timeline.c says how");
}
