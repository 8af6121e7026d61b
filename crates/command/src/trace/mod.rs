//! Traces: which context ran when, and what was copied for it. `run --trace` records a trace, `trace`
//! draws it.

mod lanes;
mod picture;
mod read;
mod record;
mod timeline;

use std::path::PathBuf;

use super::{failure::Failure, output};
pub(super) use record::Recorder;

const EXAMPLES: &str = "\
Examples:
  stackswitch run --trace trace.json program.ll
  stackswitch trace trace.json -o trace.svg
  stackswitch trace trace.json --lanes 100 >trace.svg

Chrome (chrome://tracing) and Perfetto read the trace, too.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// What `run --trace` has written
    file: PathBuf,
    /// Where the picture goes (SVG); `-` is the standard output
    #[arg(short, long, value_name = "OUT", default_value = "-")]
    output: PathBuf,
    /// The most lanes to draw; where there are more contexts, those with the same function share one
    #[arg(long, value_name = "N", default_value = "40", value_parser = clap::value_parser!(u16).range(1..=1000))]
    lanes: u16,
}

/// Draws a trace.
pub(super) fn draw(args: &Args) -> Result<(), Failure> {
    let summary = read::summary(&args.file)?;
    if summary.contexts.is_empty() {
        let message = format!("{}: the trace is empty, no context has run", args.file.display());
        return Err(Failure::data(message).hint("`stackswitch run --trace` writes a trace"));
    }
    let plan = lanes::plan(&summary, args.lanes.into());
    let timelines = timeline::collect(&args.file, &summary, &plan)?;
    let picture = picture::draw(&args.file, &summary, &plan, &timelines);
    output::write(&args.output, picture.to_string().as_bytes())
}
