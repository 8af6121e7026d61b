//! `stackswitch doctor` sees what is there and what is not.

use std::{fs, process::Command};

use serde_json::Value;
use stackswitch_test_support::{Artifacts, directory, run, text};

use crate::STACKSWITCH;

/// Runs it; gives the exit status and the report.
fn doctor(command: &mut Command) -> (Option<i32>, Value) {
    let output = run(command).unwrap();
    let report = serde_json::from_slice(&output.stdout);
    let report = report.unwrap_or_else(|e| panic!("{e} in {}", text(&output.stderr)));
    (output.status.code(), report)
}

fn command() -> Command {
    let mut command = Command::new(STACKSWITCH);
    command.args(["doctor", "--json"]);
    command
}

/// The check of that name.
fn check<'r>(report: &'r Value, name: &str) -> &'r Value {
    let found = report["checks"].as_array().unwrap().iter().find(|check| check["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {report:#}"))
}

const HOSTS: [&str; 3] = ["opt with the plugin", "clang with the plugin", "lld with the plugin"];

#[test]
fn what_works_is_ok() {
    let (mut command, artifacts) = (command(), Artifacts::find());
    if let Some(Artifacts { prefix, .. }) = &artifacts {
        command.env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig"));
        command.env("LD_LIBRARY_PATH", prefix.join("lib"));
        command.arg("--plugin").arg(std::env::var_os("STACKSWITCH_PLUGIN").unwrap());
    }
    let (status, report) = doctor(&mut command);
    assert_eq!(status, Some(0), "{report:#}");
    assert_eq!(report["problems"], 0);
    for name in ["switches and slices, -O0", "switches and slices, -O2", "stack overflow"] {
        assert_eq!(check(&report, name)["status"], "ok", "{report:#}");
    }
    if artifacts.is_some() {
        for name in HOSTS.iter().chain(&["plugin", "runtime library"]) {
            assert_eq!(check(&report, name)["status"], "ok", "{report:#}");
        }
        for name in HOSTS {
            let found = check(&report, name)["found"].as_str().unwrap();
            assert!(found.ends_with("loads it and lowers"), "{found}");
        }
    }
}

#[test]
fn what_is_missing_is_a_warning_with_advice() {
    let (status, report) = doctor(command().env("PATH", "/nowhere"));
    assert_eq!(status, Some(0));
    for name in HOSTS.iter().chain(&["runtime library"]) {
        let check = check(&report, name);
        assert_eq!(check["status"], "warning", "{check}");
        assert!(check["advice"].as_str().unwrap().contains("install"), "{check}");
    }
    let warnings = report["checks"].as_array().unwrap().iter().filter(|c| c["status"] == "warning");
    assert_eq!(report["warnings"], warnings.count());
}

#[test]
fn a_plugin_that_does_not_load_is_a_problem() {
    let plugin = directory("doctor").unwrap().join("plugin.so");
    fs::write(&plugin, "no plugin").unwrap();
    let (status, report) = doctor(command().arg("--plugin").arg(&plugin));
    assert_eq!(status, Some(69));
    assert_eq!(report["problems"], 3);
    for name in HOSTS {
        let check = check(&report, name);
        assert_eq!(check["status"], "problem", "{check}");
        assert!(check["found"].as_str().unwrap().contains("plugin.so"), "LLVM's words: {check}");
    }
    let (status, report) = doctor(command().args(["--plugin", "no-such-file"]));
    assert_eq!(status, Some(69));
    assert_eq!(check(&report, "plugin")["status"], "problem");
}

#[test]
fn limits_are_seen() {
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -v 8000000; ulimit -n 100; exec \"$0\" doctor --json", STACKSWITCH]);
    let (_, report) = doctor(&mut shell);
    assert_eq!(check(&report, "files")["status"], "warning");
    let space = check(&report, "address space");
    assert_eq!(space["status"], "warning");
    assert!(space["found"].as_str().unwrap().starts_with("7.6 GiB"), "{space}");
}

#[test]
fn text_is_for_people() {
    let output = run(Command::new(STACKSWITCH).arg("doctor").env("PATH", "/nowhere")).unwrap();
    let said = text(&output.stdout);
    for group in ["\nCPU\n", "\nLimits\n", "\nAhead of time\n"] {
        assert!(said.contains(group), "{said}");
    }
    assert!(said.contains("  ok       stack overflow: "), "{said}");
    assert!(said.contains("\n           install "), "advice: {said}");
    assert!(said.ends_with(" warnings, 0 problems\n"), "{said}");
}
