//! What `run --stats` says about the program of `make run`, and the bar that it must meet.

use std::{path::Path, process::Command};

use stackswitch_test_support::{succeed, text};

use crate::{ROOT, STACKSWITCH};

/// Bytes of heap that a parked context may cost beyond its slice.
const MOST_BEYOND_SLICE: f64 = 300.0;

/// The number before a piece of text.
fn number(stats: &str, after: &str) -> f64 {
    let (before, _) =
        stats.split_once(after).unwrap_or_else(|| panic!("no {after:?} in:\n{stats}"));
    let word = before.split_whitespace().next_back().unwrap_or_default();
    word.parse().unwrap_or_else(|_| panic!("no number before {after:?} in:\n{stats}"))
}

#[test]
fn thirty_thousand_parked_contexts_are_cheap() {
    let program = Path::new(ROOT).join("ir_tests/thirty_thousand.ll");
    let output = succeed(Command::new(STACKSWITCH).arg("run").arg(program).arg("--stats")).unwrap();
    let stats = text(&output.stderr);
    assert!(number(&stats, " at peak, ") >= 30_000.0, "{stats}");
    assert!(number(&stats, " of them slow") > 0.0, "{stats}");
    assert!(number(&stats, " bytes saved") > 0.0, "{stats}");
    assert!(number(&stats, " of heap beyond it") <= MOST_BEYOND_SLICE, "{stats}");
}
