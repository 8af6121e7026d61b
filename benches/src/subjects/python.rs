//! The subjects that exist for Python only, in a process of their own.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use stackswitch_bench::measure::{Plan, Subject};

/// A package in one bench.
pub struct Python {
    pub command: PathBuf,
    pub package: &'static str,
    pub bench: &'static str,
}

/// The program that measures them.
const PROGRAM: &str = include_str!("../../subjects/peers.py");

impl Python {
    /// Whether the package can be used.
    pub fn exists(&self) -> bool {
        let import = format!("import {}", self.package);
        let mut python = Command::new(&self.command);
        let python = python.args(["-c", &import]).stdout(Stdio::null()).stderr(Stdio::null());
        python.status().is_ok_and(|status| status.success())
    }
}

impl Subject for Python {
    fn samples(&self, _: usize, plan: &Plan) -> Vec<f64> {
        let output = Command::new(&self.command)
            .args(["-c", PROGRAM, self.package, self.bench, &plan.samples.to_string()])
            .stderr(Stdio::inherit())
            .output();
        let text = output.map(|output| output.stdout).unwrap_or_default();
        String::from_utf8_lossy(&text).lines().filter_map(|line| line.parse().ok()).collect()
    }
}
