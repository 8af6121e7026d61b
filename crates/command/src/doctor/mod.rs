//! `stackswitch doctor`: tries whether everything that is needed is installed and works.

mod build;
mod checks;
mod limits;
mod machine;
mod self_test;

use std::{path::PathBuf, process::ExitCode};

use serde_json::json;

use checks::{Checks, Status};

use super::{
    colour::HEADING,
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
