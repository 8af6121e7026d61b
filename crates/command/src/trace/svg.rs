//! Draws a trace: a lane for each context, time from left to right.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    path::Path,
};

use super::read::{self, Id, Summary, What};
use crate::failure::Failure;

const LABELS: f64 = 190.0;
const PLOT: f64 = 1100.0;
const FIGURES: f64 = 150.0;
const WIDTH: f64 = LABELS + PLOT + FIGURES;
const TOP: f64 = 92.0;
const LANE: f64 = 22.0;
const BOTTOM: f64 = 50.0;
/// Pieces of time, two a pixel: what is shorter is drawn by how much of its piece it fills.
const PIECES: usize = 2200;
/// Marks of copies are this many pieces apart at least.
const MARK: usize = 14;

const RUNNING: &str = "#2563eb";
const IN_PLACE: &str = "#cbd5e1";
const PARKED: &str = "#f59e0b";
const SAVED: &str = "#dc2626";
const RESTORED: &str = "#15803d";

/// What is drawn in a lane.
struct Drawing {
    label: String,
    figures: String,
    /// How much of each piece it ran.
    ran: Vec<f32>,
    /// In which pieces it was there, and parked.
    there: Vec<bool>,
    parked: Vec<bool>,
    /// Bytes saved and restored, by the piece that the mark is in.
    copies: BTreeMap<usize, (u64, u64)>,
    /// Since which piece it is parked.
    parked_since: Option<usize>,
}

impl Drawing {
    fn new(label: String, figures: String) -> Self {
        let (there, parked) = (vec![false; PIECES], vec![false; PIECES]);
        let (ran, copies) = (vec![0.0; PIECES], BTreeMap::new());
        Self { label, figures, ran, there, parked, copies, parked_since: None }
    }
}

/// Where a time lies, in pieces.
#[derive(Clone, Copy)]
struct Scale {
    end: f64,
}

impl Scale {
    fn exact(self, at: f64) -> f64 {
        (at / self.end * PIECES as f64).clamp(0.0, PIECES as f64)
    }

    /// The piece that a time is in.
    fn piece(self, at: f64) -> usize {
        (self.exact(at) as usize).min(PIECES - 1)
    }
}

/// Draws the trace in a file as SVG, with at most `most` contexts in lanes of their own.
pub(super) fn draw(path: &Path, summary: &Summary, most: usize) -> Result<String, Failure> {
    let scale = Scale { end: if summary.end > 0.0 { summary.end } else { 1.0 } };
    let chosen = choose(summary, most);
    let mut lanes: BTreeMap<Id, Drawing> = BTreeMap::new();
    let (mut others, mut other_runs) = (0_u64, 0);
    for (id, lane) in &summary.lanes {
        if !chosen.contains(id) {
            others += 1;
            other_runs += lane.runs;
            continue;
        }
        let times = if lane.runs == 1 { "run" } else { "runs" };
        let figures = format!("{} {times}, {}", lane.runs, time(lane.time));
        let mut drawing = Drawing::new(lane.name.clone(), figures);
        let last = if lane.gone { lane.last } else { summary.end };
        drawing.there[scale.piece(lane.first)..=scale.piece(last)].fill(true);
        lanes.insert(*id, drawing);
    }
    // Below all others.
    const OTHERS: Id = (u64::MAX, u64::MAX);
    if others > 0 {
        let label = format!("{others} others");
        lanes.insert(OTHERS, Drawing::new(label, format!("{other_runs} runs")));
    }
    read::events(path, |id, at, what| {
        let own = chosen.contains(&id);
        if let Some(lane) = lanes.get_mut(if own { &id } else { &OTHERS }) {
            note(lane, scale, at, what, own);
        }
    })?;
    for lane in lanes.values_mut() {
        if let Some(since) = lane.parked_since {
            let there = (since..PIECES).filter(|&piece| lane.there[piece]).collect::<Vec<_>>();
            there.into_iter().for_each(|piece| lane.parked[piece] = true);
        }
    }
    Ok(picture(path, summary, scale, &lanes))
}

/// The contexts that have lanes of their own: those that ran most often, the older first.
fn choose(summary: &Summary, most: usize) -> BTreeSet<Id> {
    let mut ids: Vec<_> = summary.lanes.iter().map(|(id, lane)| (lane.runs, *id)).collect();
    ids.sort_by_key(|&(runs, id)| (std::cmp::Reverse(runs), id));
    ids.into_iter().take(most).map(|(_, id)| id).collect()
}

/// Notes an event in a lane, which is the context's own or shared.
fn note(lane: &mut Drawing, scale: Scale, at: f64, what: What, own: bool) {
    let piece = scale.piece(at);
    match what {
        What::Ran { duration, .. } => {
            let (start, end) = (scale.exact(at), scale.exact(at + duration));
            for piece in piece..=scale.piece(at + duration) {
                let low = start.max(piece as f64);
                let high = end.min(piece as f64 + 1.0);
                lane.ran[piece] += (high - low).max(0.0) as f32;
            }
        }
        What::Saved(bytes) => {
            lane.copies.entry(piece / MARK).or_default().0 += bytes;
            if own && lane.parked_since.is_none() {
                lane.parked_since = Some(piece);
            }
        }
        What::Restored(bytes) => {
            lane.copies.entry(piece / MARK).or_default().1 += bytes;
            if let Some(since) = lane.parked_since.take() {
                lane.parked[since..=piece.max(since)].fill(true);
            }
        }
        What::Began | What::Finished | What::Destroyed => {}
    }
}

/// The whole picture.
fn picture(path: &Path, summary: &Summary, scale: Scale, lanes: &BTreeMap<Id, Drawing>) -> String {
    let plot_bottom = TOP + LANE * lanes.len() as f64;
    let height = plot_bottom + BOTTOM;
    let mut svg = Svg(String::new());
    svg.line(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\">"
    ));
    svg.line(format_args!("<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"white\"/>"));
    let title = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    svg.text(12.0, 26.0, "font-size=\"17\" font-weight=\"bold\"", &format!("Contexts of {title}"));
    let threads = summary.threads();
    let sums = format!(
        "{threads} thread{}, {} contexts, {} switches in {}; {} saved, {} restored",
        if threads == 1 { "" } else { "s" },
        summary.lanes.len(),
        summary.switches,
        time(summary.end),
        bytes(summary.saved),
        bytes(summary.restored)
    );
    svg.text(12.0, 46.0, "fill=\"#475569\"", &sums);
    legend(&mut svg);
    axis(&mut svg, scale, plot_bottom);
    for (index, (id, lane)) in lanes.iter().enumerate() {
        let thread = (threads > 1 && id.0 != u64::MAX).then_some(id.0);
        lane_of(&mut svg, TOP + LANE * index as f64, lane, thread);
    }
    svg.line(format_args!("</svg>"));
    svg.0
}

fn legend(svg: &mut Svg) {
    let mut x = LABELS;
    for (colour, what) in [
        (RUNNING, "running"),
        (IN_PLACE, "waiting, in place"),
        (PARKED, "parked: bytes on the heap"),
    ] {
        svg.line(format_args!(
            "<rect x=\"{x}\" y=\"60\" width=\"16\" height=\"10\" fill=\"{colour}\"/>"
        ));
        svg.text(x + 22.0, 69.0, "", what);
        x += 46.0 + 6.4 * what.len() as f64;
    }
    for (colour, up, what) in [(SAVED, false, "slice saved"), (RESTORED, true, "slice restored")] {
        svg.triangle(x + 8.0, if up { 70.0 } else { 60.0 }, up, colour, None);
        svg.text(x + 22.0, 69.0, "", what);
        x += 46.0 + 6.4 * what.len() as f64;
    }
}

/// Vertical lines at round times, with their labels.
fn axis(svg: &mut Svg, scale: Scale, bottom: f64) {
    let (unit, name) = unit(scale.end);
    let span = scale.end / unit;
    let rough = span / 10.0;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|n| n * power).find(|step| *step >= rough);
    let step = step.unwrap_or(rough);
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    let mut tick = 0_u32;
    while f64::from(tick) * step <= span {
        let at = f64::from(tick) * step;
        let x = LABELS + at / span * PLOT;
        svg.line(format_args!(
            "<line x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{:.1}\" stroke=\"#e2e8f0\"/>",
            bottom + 4.0
        ));
        svg.text(
            x,
            bottom + 18.0,
            "text-anchor=\"middle\" fill=\"#475569\"",
            &format!("{at:.decimals$}"),
        );
        tick += 1;
    }
    let middle = LABELS + PLOT / 2.0;
    svg.text(
        middle,
        bottom + 38.0,
        "text-anchor=\"middle\"",
        &format!("time since the start ({name})"),
    );
}

fn lane_of(svg: &mut Svg, y: f64, lane: &Drawing, thread: Option<u64>) {
    let label = match thread {
        Some(thread) => format!("{thread}: {}", lane.label),
        None => lane.label.clone(),
    };
    let mut shown: String = label.chars().take(26).collect();
    if shown.len() < label.len() {
        shown.push('\u{2026}');
    }
    let middle = y + LANE / 2.0;
    let text = "text-anchor=\"end\"";
    svg.text(LABELS - 8.0, middle + 4.0, text, &shown);
    svg.text(LABELS + PLOT + 8.0, middle + 4.0, "fill=\"#475569\" font-size=\"11\"", &lane.figures);
    bars(svg, middle, 4.0, IN_PLACE, |piece| f32::from(u8::from(lane.there[piece])));
    bars(svg, middle, 4.0, PARKED, |piece| f32::from(u8::from(lane.parked[piece])));
    bars(svg, middle, 13.0, RUNNING, |piece| lane.ran[piece]);
    for (place, (saved, restored)) in &lane.copies {
        let x = LABELS + (*place as f64 + 0.5) * MARK as f64 * PLOT / PIECES as f64;
        if *saved > 0 {
            let title = format!("{} saved", bytes(*saved));
            svg.triangle(x, y + 1.0, false, SAVED, Some(&title));
        }
        if *restored > 0 {
            let title = format!("{} restored", bytes(*restored));
            svg.triangle(x, y + LANE - 1.0, true, RESTORED, Some(&title));
        }
    }
}

/// Bars where `filled` says, as dark as the pieces are full; neighbours that look alike are one.
fn bars(svg: &mut Svg, middle: f64, height: f64, colour: &str, filled: impl Fn(usize) -> f32) {
    // What fills only a little of its piece must be seen, too.
    let shade = |piece| match filled(piece) {
        0.0 => 0,
        full => (full * 4.0).ceil().clamp(1.0, 4.0) as u32,
    };
    let pixel = PLOT / PIECES as f64;
    let mut start = 0;
    while start < PIECES {
        let dark = shade(start);
        let end = (start..PIECES).find(|&piece| shade(piece) != dark).unwrap_or(PIECES);
        if dark > 0 {
            svg.line(format_args!(
                "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height}\" \
                 fill=\"{colour}\" opacity=\"{}\"/>",
                LABELS + start as f64 * pixel,
                middle - height / 2.0,
                (end - start) as f64 * pixel,
                0.25 + f64::from(dark) * 0.1875
            ));
        }
        start = end;
    }
}

/// SVG's text as it grows.
struct Svg(String);

impl Svg {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // A string takes whatever is written to it.
        let _ = self.0.write_fmt(line);
        self.0.push('\n');
    }

    fn text(&mut self, x: f64, y: f64, style: &str, text: &str) {
        let text = escaped(text);
        self.line(format_args!("<text x=\"{x:.1}\" y=\"{y:.1}\" {style}>{text}</text>"));
    }

    /// A mark with its point at a place: from above it, or from below.
    fn triangle(&mut self, x: f64, y: f64, up: bool, colour: &str, title: Option<&str>) {
        let (base, point) = if up { (y, y - 7.0) } else { (y, y + 7.0) };
        let title = title.map(|t| format!("<title>{}</title>", escaped(t))).unwrap_or_default();
        self.line(format_args!(
            "<path d=\"M{:.1} {base:.1}L{:.1} {base:.1}L{x:.1} {point:.1}Z\" fill=\"{colour}\">{title}</path>",
            x - 3.5,
            x + 3.5
        ));
    }
}

fn escaped(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The unit for times of about so many microseconds: its length in them and its name.
fn unit(micros: f64) -> (f64, &'static str) {
    match micros {
        m if m < 2.0 => (1e-3, "ns"),
        m if m < 2e3 => (1.0, "\u{b5}s"),
        m if m < 2e6 => (1e3, "ms"),
        _ => (1e6, "s"),
    }
}

/// A time for people.
fn time(micros: f64) -> String {
    let (unit, name) = unit(micros);
    format!("{:.1} {name}", micros / unit)
}

/// A number of bytes for people.
fn bytes(count: u64) -> String {
    match count as f64 {
        c if c < 10_240.0 => format!("{count} bytes"),
        c if c < 10_485_760.0 => format!("{:.1} KiB", c / 1024.0),
        c => format!("{:.1} MiB", c / 1_048_576.0),
    }
}
