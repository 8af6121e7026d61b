//! `stackswitch bench`: measures what switches, slices and contexts cost on this machine, in seconds.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use stackswitch::jit::{self, Jit};
use stackswitch_rt::abi;

use super::{colour::HEADING, failure::Failure, output};

const EXAMPLES: &str = "\
Examples:
  stackswitch bench
  stackswitch bench --time 500 --json

Each figure is the median of 9 samples of processor time, and their minimum. A machine that does
other things meanwhile shows in medians far above the minimum. Progress is shown on terminals.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Write JSON instead of a table
    #[arg(long)]
    json: bool,
    /// How long a figure may take, in milliseconds
    #[arg(long, value_name = "MS", default_value = "200", value_parser = clap::value_parser!(u64).range(1..=60_000))]
    time: u64,
}

/// A function that is measured. It does something `count` times with contexts that have `bytes` of
/// locals.
type Workload = unsafe extern "C" fn(count: u64, bytes: u64);

const PROGRAMS: &str = include_str!("programs.ll");
/// Samples of each figure.
const SAMPLES: u32 = 9;
/// Contexts that are parked to see what they cost.
const PARKED: u64 = 10_000;

/// A figure that is a time.
struct Timed {
    name: &'static str,
    function: &'static str,
    /// Whether the usual switch is in place.
    in_place: bool,
    bytes: u64,
    /// How many switches or contexts each of the `count` times has.
    each: f64,
}

const TIMED: [Timed; 7] = [
    Timed { name: "switch, in place", function: "ping_pong", in_place: true, bytes: 0, each: 2.0 },
    Timed {
        name: "switch, by a call",
        function: "ping_pong",
        in_place: false,
        bytes: 0,
        each: 2.0,
    },
    Timed {
        name: "spawn, run, destroy",
        function: "lifecycle",
        in_place: true,
        bytes: 0,
        each: 1.0,
    },
    sliced("copying resume and suspend, 128 bytes", 128),
    sliced("copying resume and suspend, 1 KiB", 1 << 10),
    sliced("copying resume and suspend, 16 KiB", 16 << 10),
    sliced("moving resume and suspend, 1 MiB", 1 << 20),
];

const fn sliced(name: &'static str, bytes: u64) -> Timed {
    Timed { name, function: "sliced", in_place: true, bytes, each: 1.0 }
}

/// A result.
struct Figure {
    name: String,
    unit: &'static str,
    median: f64,
    min: f64,
}

/// Measures everything and prints it.
pub(super) fn measure(args: &Args) -> Result<(), Failure> {
    let inline = program(true)?;
    let calls = program(false)?;
    let budget = Duration::from_millis(args.time);
    let progress = progress();
    let mut figures = Vec::new();
    for timed in &TIMED {
        progress.set_message(timed.name);
        let jit = if timed.in_place { &inline } else { &calls };
        figures.push(time(jit, timed, budget, &progress)?);
    }
    progress.set_message("parked contexts");
    figures.extend(park(&inline)?);
    progress.finish_and_clear();
    let text = if args.json { as_json(&figures) } else { as_table(&figures) };
    output::print(&text)
}

fn program(in_place: bool) -> Result<Jit, jit::Error> {
    let jit = Jit::builder().inline_switches(in_place).build()?;
    jit.add_ir("programs.ll", PROGRAMS)?;
    Ok(jit)
}

/// A bar on terminals, nothing elsewhere.
fn progress() -> ProgressBar {
    let bar = ProgressBar::new(TIMED.len() as u64 * u64::from(SAMPLES) + 1);
    // Without a style it is drawn, only plainer.
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}") {
        bar.set_style(style);
    }
    bar
}

/// The processor time of this thread, which does not count the time of other programs.
fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the structure is ours to fill; every Linux has this clock.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Runs a workload; returns the processor time that it took.
fn sample(jit: &Jit, workload: Workload, count: u64, bytes: u64) -> Result<Duration, jit::Error> {
    // SAFETY: the workloads are sound, and leave nothing undone in frames of the host.
    unsafe {
        jit.call(|| {
            let start = processor_time();
            workload(count, bytes);
            processor_time() - start
        })
    }
}

fn workload(jit: &Jit, name: &str) -> Result<Workload, jit::Error> {
    Ok(*jit.function::<Workload>(name)?)
}

fn time(
    jit: &Jit,
    timed: &Timed,
    budget: Duration,
    progress: &ProgressBar,
) -> Result<Figure, jit::Error> {
    let function = workload(jit, timed.function)?;
    // One part of the time is for finding the count, which also warms up; the others for the samples.
    let enough = budget / (SAMPLES + 1);
    let mut count: u64 = 2;
    loop {
        let taken = sample(jit, function, count, timed.bytes)?;
        if taken >= enough || count > u64::from(u32::MAX) {
            break;
        }
        let missing = enough.as_nanos() / taken.as_nanos().max(1);
        count *= u64::try_from(missing).unwrap_or(u64::MAX).saturating_add(1).clamp(2, 16);
    }
    let mut samples = Vec::new();
    for _ in 0..SAMPLES {
        let taken = sample(jit, function, count, timed.bytes)?;
        samples.push(taken.as_nanos() as f64 / count as f64 / timed.each);
        progress.inc(1);
    }
    samples.sort_by(f64::total_cmp);
    let (median, min) = (samples[samples.len() / 2], samples[0]);
    Ok(Figure { name: timed.name.to_owned(), unit: "ns", median, min })
}

/// Bytes of heap that displaced contexts with 128 bytes of locals cost.
fn park(jit: &Jit) -> Result<[Figure; 2], jit::Error> {
    let stats = || {
        let mut stats = abi::Stats::default();
        // SAFETY: the statistics are ours to fill.
        unsafe { abi::stackswitch_get_stats(&raw mut stats) };
        stats
    };
    let before = stats();
    sample(jit, workload(jit, "park")?, PARKED, 128)?;
    let after = stats();
    let parked = (after.contexts_parked - before.contexts_parked).max(1) as f64;
    let slice = (after.bytes_parked - before.bytes_parked) as f64 / parked;
    let heap = (after.heap_bytes - before.heap_bytes) as f64 / parked;
    Ok([("parked context, its slice", slice), ("parked context, all of it", heap)].map(
        |(name, bytes)| Figure { name: name.to_owned(), unit: "bytes", median: bytes, min: bytes },
    ))
}

fn as_json(figures: &[Figure]) -> String {
    let list: Vec<_> = figures
        .iter()
        .map(|f| json!({"name": f.name, "unit": f.unit, "median": f.median, "min": f.min}))
        .collect();
    format!("{:#}\n", json!({"version": env!("CARGO_PKG_VERSION"), "figures": list}))
}

fn as_table(figures: &[Figure]) -> String {
    let mut text = format!("{HEADING}{:<40} {:>10} {:>10}{HEADING:#}\n", "", "median", "minimum");
    for Figure { name, unit, median, min } in figures {
        // More than three digits would only be noise.
        let digits = |value: f64| {
            let decimals = if value < 10.0 {
                2
            } else if value < 100.0 {
                1
            } else {
                0
            };
            format!("{value:.decimals$}")
        };
        text += &format!("{name:<40} {:>10} {:>10} {unit}\n", digits(*median), digits(*min));
    }
    text
}
