//! Traces: who ran when, and what was copied for it. `run --trace` records, `trace` draws.

mod read;
mod record;
mod svg;

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
};

use super::failure::Failure;
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
    /// The most contexts to draw, those that ran most often; the others share a lane
    #[arg(long, value_name = "N", default_value = "40", value_parser = clap::value_parser!(u16).range(1..=1000))]
    lanes: u16,
}

/// Draws a trace.
pub(super) fn draw(args: &Args) -> Result<(), Failure> {
    let summary = read::summary(&args.file)?;
    let picture = svg::draw(&args.file, &summary, args.lanes.into())?;
    let written = if args.output == Path::new("-") {
        let mut out = std::io::stdout().lock();
        out.write_all(picture.as_bytes()).and_then(|()| out.flush())
    } else {
        File::create(&args.output).and_then(|mut file| file.write_all(picture.as_bytes()))
    };
    written.map_err(|error| Failure::output(&args.output, &error))
}
