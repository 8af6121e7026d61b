//! `stackswitch doctor`: tries whether everything that is needed is installed and works.

mod build;
mod limits;
mod machine;
mod self_test;

use std::{path::PathBuf, process::ExitCode};

use anstyle::Style;
use serde_json::json;

use super::{
    colour::{ERROR, GOOD, HEADING, WARNING},
    failure::{EX_UNAVAILABLE, Failure},
    output,
};

const EXAMPLES: &str = "\
Examples:
  stackswitch doctor
  stackswitch doctor --plugin build/libstackswitch_plugin.so
  stackswitch doctor --json | jq '.checks[] | select(.status != \"ok\")'

Exit status:
  0   no problems; there may be warnings
  69  a problem: something does not work";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Write JSON instead of text
    #[arg(long)]
    json: bool,
    /// The plugin to try [default: the one installed or built beside this command]
    #[arg(long, value_name = "FILE")]
    plugin: Option<PathBuf>,
}

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    /// As it should be.
    Ok,
    /// Something cannot be used, or only with limits.
    Warning,
    /// Something does not work.
    Problem,
}

impl Status {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }

    const fn style(self) -> Style {
        match self {
            Self::Ok => GOOD,
            Self::Warning => WARNING,
            Self::Problem => ERROR,
        }
    }
}

/// One check.
#[derive(Debug)]
struct Check {
    group: &'static str,
    name: &'static str,
    status: Status,
    /// What was found.
    found: String,
    /// What to do about it.
    advice: Option<String>,
}

/// The checks so far.
#[derive(Debug, Default)]
struct Checks {
    group: &'static str,
    list: Vec<Check>,
}

impl Checks {
    fn ok(&mut self, name: &'static str, found: impl Into<String>) {
        self.add(name, Status::Ok, found.into(), None);
    }

    fn warning(&mut self, name: &'static str, found: impl Into<String>, advice: &str) {
        self.add(name, Status::Warning, found.into(), Some(advice.to_owned()));
    }

    fn problem(&mut self, name: &'static str, found: impl Into<String>, advice: &str) {
        self.add(name, Status::Problem, found.into(), Some(advice.to_owned()));
    }

    fn add(&mut self, name: &'static str, status: Status, found: String, advice: Option<String>) {
        self.list.push(Check { group: self.group, name, status, found, advice });
    }

    fn count(&self, status: Status) -> usize {
        self.list.iter().filter(|check| check.status == status).count()
    }
}

/// Makes all checks and prints them.
pub(super) fn examine(args: &Args) -> Result<ExitCode, Failure> {
    let mut checks = Checks::default();
    for (group, check) in [
        ("Just in time", self_test::check as fn(&mut Checks)),
        ("CPU", machine::check),
        ("Limits", limits::check),
    ] {
        checks.group = group;
        check(&mut checks);
    }
    checks.group = "Ahead of time";
    build::check(&mut checks, args.plugin.as_deref());
    let text = if args.json { as_json(&checks) } else { as_text(&checks) };
    output::print(&text)?;
    let healthy = checks.count(Status::Problem) == 0;
    Ok(if healthy { ExitCode::SUCCESS } else { ExitCode::from(EX_UNAVAILABLE) })
}

fn as_json(checks: &Checks) -> String {
    let list: Vec<_> = checks
        .list
        .iter()
        .map(|check| {
            json!({
                "group": check.group, "name": check.name, "status": check.status.word(),
                "found": check.found, "advice": check.advice,
            })
        })
        .collect();
    let report = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "llvm": stackswitch_ir::LLVM_VERSION,
        "checks": list,
        "warnings": checks.count(Status::Warning),
        "problems": checks.count(Status::Problem),
    });
    format!("{report:#}\n")
}

fn as_text(checks: &Checks) -> String {
    let mut text = String::new();
    let mut group = "";
    for check in &checks.list {
        if check.group != group {
            group = check.group;
            text += &format!("{HEADING}{group}{HEADING:#}\n");
        }
        let (style, word) = (check.status.style(), check.status.word());
        text += &format!("  {style}{word:<8}{style:#} {}: {}\n", check.name, check.found);
        if let Some(advice) = &check.advice {
            text += &format!("           {advice}\n");
        }
    }
    let (warnings, problems) = (checks.count(Status::Warning), checks.count(Status::Problem));
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    text += &format!(
        "{warnings} warning{}, {problems} problem{}\n",
        plural(warnings),
        plural(problems)
    );
    text
}
