//! Our coroutines driven by a Rust program through the JIT, in a process of its own.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use stackswitch_bench::measure::{Plan, Subject};

/// The program that measures, which is built beside this one.
pub struct Host(PathBuf);

impl Host {
    /// Finds the program; `None` if it has not been built.
    pub fn find() -> Option<Self> {
        let program = env::current_exe().ok()?.with_file_name("stackswitch-bench-host");
        program.is_file().then_some(Self(program))
    }
}

impl Subject for Host {
    fn samples(&self, _: usize, plan: &Plan) -> Vec<f64> {
        let output = Command::new(&self.0)
            .args([plan.samples.to_string(), plan.time.as_micros().to_string()])
            .stderr(Stdio::inherit())
            .output();
        let text = output.map(|output| output.stdout).unwrap_or_default();
        String::from_utf8_lossy(&text).lines().filter_map(|line| line.parse().ok()).collect()
    }
}
