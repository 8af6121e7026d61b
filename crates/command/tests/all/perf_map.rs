//! `run --perf-map` writes the file in which `perf` looks for names.

use std::{fs, path::Path, process::Command};

use crate::STACKSWITCH;

/// A program with debug information.
const LINES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/ir/lines.ll");

#[test]
fn perf_finds_the_functions_in_its_map() {
    let mut command = Command::new(STACKSWITCH);
    let child = command.args(["run", "--perf-map", "--no-stackless", LINES]).spawn().unwrap();
    let map = format!("/tmp/perf-{}.map", child.id());
    // 84 / 4, twice.
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(42));
    let lines = fs::read_to_string(&map).unwrap();
    fs::remove_file(&map).unwrap();
    for name in ["leaf", "_ZN5guest4bodyEv", "half", "main"] {
        let line = lines.lines().find(|line| line.ends_with(&format!(" {name}")));
        let words: Vec<_> = line.unwrap_or_else(|| panic!("{lines}")).split(' ').collect();
        let numbers = words[..2].iter().map(|word| u64::from_str_radix(word, 16).unwrap());
        assert!(numbers.min() > Some(0), "{lines}");
    }
}

#[test]
fn a_map_is_only_written_when_asked_for() {
    let mut command = Command::new(STACKSWITCH);
    let child = command.args(["run", LINES]).spawn().unwrap();
    let map = format!("/tmp/perf-{}.map", child.id());
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(42));
    assert!(!Path::new(&map).exists());
}
