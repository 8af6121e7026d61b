//! `stackswitch bench` measures what it says. How fast things are is not for tests.

use std::process::Command;

use serde_json::Value;
use stackswitch_test_support::{succeed, text};

use crate::STACKSWITCH;

#[test]
fn every_figure_is_there() {
    let bench = || {
        let mut command = Command::new(STACKSWITCH);
        command.args(["bench", "--time", "5"]);
        command
    };
    let output = succeed(bench().arg("--json")).unwrap();
    assert!(output.stderr.is_empty(), "no progress bar without a terminal");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let figures = report["figures"].as_array().unwrap();
    let figure = |name: &str| {
        let found = figures.iter().find(|figure| figure["name"] == name);
        let figure = found.unwrap_or_else(|| panic!("no {name} in {report:#}"));
        let (median, min) = (figure["median"].as_f64().unwrap(), figure["min"].as_f64().unwrap());
        assert!(min > 0.0 && min <= median, "{figure}");
        (median, figure["unit"].as_str().unwrap().to_owned())
    };
    for name in ["switch, in place", "switch, by a call", "spawn, run, destroy"] {
        assert_eq!(figure(name).1, "ns");
    }
    // 128 bytes of locals with the record and the frame, and the header beyond them.
    let (slice, unit) = figure("parked context, its slice");
    assert_eq!(unit, "bytes");
    assert!((192.0..400.0).contains(&slice), "{slice}");
    let (all, _) = figure("parked context, all of it");
    assert!((slice + 64.0..slice + 200.0).contains(&all), "{all} with a slice of {slice}");

    let table = text(&succeed(&mut bench()).unwrap().stdout);
    for figure in figures {
        let name = figure["name"].as_str().unwrap();
        assert!(table.contains(name), "{name} in:\n{table}");
    }
}
