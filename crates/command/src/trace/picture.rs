//! Draws a trace as SVG: lanes of contexts from top to bottom, time from left to right.

use std::path::Path;

use svg::{
    Document,
    node::element::{Group, Line, Path as Shape, Rectangle, Text, Title, path::Data},
};

use super::{
    lanes::{Lane, Plan},
    read::Summary,
    timeline::{PIECES, PIECES_PER_MARK, Timeline},
};

/// Pixels for the labels at the left, for the lanes, and for the figures at the right.
const LABELS: f64 = 250.0;
const PLOT: f64 = 1100.0;
const FIGURES: f64 = 160.0;
const WIDTH: f64 = LABELS + PLOT + FIGURES;
/// Pixels above and below the lanes.
const TOP: f64 = 92.0;
const BOTTOM: f64 = 50.0;
/// Pixels of a piece of time.
const PIECE: f64 = PLOT / PIECES as f64;

/// Labels have characters of one width, so that it is known which fit.
const LABEL_FONT: f64 = 11.0;
const LABEL_CHARACTERS: usize = 34;

const RUNNING: &str = "#2563eb";
const RESIDENT: &str = "#cbd5e1";
const DISPLACED: &str = "#f59e0b";
const SAVED: &str = "#dc2626";
const RESTORED: &str = "#15803d";
const QUIET: &str = "#475569";
const GRID: &str = "#e2e8f0";

/// Draws the lanes of a plan with what happens in each.
pub(super) fn draw(
    path: &Path,
    summary: &Summary,
    plan: &Plan,
    timelines: &[Timeline],
) -> Document {
    let heights: Vec<f64> = plan.lanes.iter().map(height).collect();
    let bottom = TOP + heights.iter().sum::<f64>();
    let total = bottom + BOTTOM;
    let title = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let mut document = Document::new()
        .set("width", WIDTH)
        .set("height", total)
        .set("viewBox", (0, 0, WIDTH, total))
        .set("font-family", "sans-serif")
        .set("font-size", 12)
        .add(rectangle(0.0, 0.0, WIDTH, total, "white"))
        .add(
            text(12.0, 26.0, &format!("Contexts of {title}"))
                .set("font-size", 17)
                .set("font-weight", "bold"),
        )
        .add(text(12.0, 46.0, &sums(summary)).set("fill", QUIET))
        .add(legend())
        .add(axis(summary.end, bottom));
    let mut y = TOP;
    for ((lane, timeline), height) in plan.lanes.iter().zip(timelines).zip(heights) {
        document = document.add(draw_lane(y, height, lane, timeline));
        y += height;
    }
    document
}

/// Pixels of a lane: one with several contexts shows how many of them there are.
fn height(lane: &Lane) -> f64 {
    if lane.contexts == 1 { 22.0 } else { 44.0 }
}

/// The line of sums below the title.
fn sums(summary: &Summary) -> String {
    format!(
        "{}, {}, {} in {}; {} saved, {} restored",
        counted(summary.threads() as u64, "thread"),
        counted(summary.contexts.len() as u64, "context"),
        counted_with(summary.switches, "switch", "es"),
        time(summary.end),
        bytes(summary.saved),
        bytes(summary.restored)
    )
}

fn legend() -> Group {
    let mut group = Group::new();
    let mut x = LABELS;
    for (colour, meaning) in [
        (RUNNING, "running"),
        (RESIDENT, "waiting, resident"),
        (DISPLACED, "displaced: bytes on the heap"),
    ] {
        group =
            group.add(rectangle(x, 60.0, 16.0, 10.0, colour)).add(text(x + 22.0, 69.0, meaning));
        x += 46.0 + 6.4 * meaning.len() as f64;
    }
    for (colour, up, meaning) in [(SAVED, false, "slice saved"), (RESTORED, true, "slice restored")]
    {
        group = group.add(triangle(x + 8.0, if up { 70.0 } else { 60.0 }, up, colour)).add(text(
            x + 22.0,
            69.0,
            meaning,
        ));
        x += 46.0 + 6.4 * meaning.len() as f64;
    }
    group
}

/// Vertical lines at round times, with their labels.
fn axis(end: f64, bottom: f64) -> Group {
    let end = if end > 0.0 { end } else { 1.0 };
    let (unit, name) = unit(end);
    let span = end / unit;
    let rough = span / 10.0;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|n| n * power).find(|step| *step >= rough);
    let step = step.unwrap_or(rough);
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    let mut group = Group::new();
    let mut tick = 0_u32;
    while f64::from(tick) * step <= span {
        let at = f64::from(tick) * step;
        let x = tenths(LABELS + at / span * PLOT);
        let line = Line::new().set("x1", x).set("x2", x).set("stroke", GRID);
        let label = text(x, bottom + 18.0, &format!("{at:.decimals$}"));
        group = group
            .add(line.set("y1", TOP).set("y2", bottom + 4.0))
            .add(label.set("text-anchor", "middle").set("fill", QUIET));
        tick += 1;
    }
    let title = format!("time since the start ({name})");
    group.add(text(LABELS + PLOT / 2.0, bottom + 38.0, &title).set("text-anchor", "middle"))
}

fn draw_lane(y: f64, height: f64, lane: &Lane, timeline: &Timeline) -> Group {
    let middle = y + height / 2.0;
    let label = text(LABELS - 8.0, middle + 4.0, &shortened(&lane.label))
        .set("text-anchor", "end")
        .set("font-family", "monospace")
        .set("font-size", LABEL_FONT)
        .add(Title::new(lane.label.as_str()));
    let mut group = Group::new().add(label);
    for (line, figure) in figures(lane, timeline).into_iter().enumerate() {
        let at = middle + 4.0 + 13.0 * line as f64;
        let figure = text(LABELS + PLOT + 8.0, at, &figure);
        group = group.add(figure.set("fill", QUIET).set("font-size", 11));
    }
    group = if lane.contexts == 1 {
        let present = |counts: &[u32]| counts.iter().map(|&n| n.min(1) as f32).collect::<Vec<_>>();
        group
            .add(bars(middle, 4.0, RESIDENT, &present(&timeline.alive)))
            .add(bars(middle, 4.0, DISPLACED, &present(&timeline.displaced)))
            .add(bars(middle, 13.0, RUNNING, &timeline.ran))
    } else {
        let (floor, room) = (y + height - 10.0, height - 14.0);
        let all = lane.contexts as f64;
        group
            .add(area(floor, room / all, RESIDENT, &timeline.alive))
            .add(area(floor, room / all, DISPLACED, &timeline.displaced))
            .add(bars(floor + 4.0, 5.0, RUNNING, &timeline.ran))
    };
    for (mark, (saved, restored)) in &timeline.copies {
        let x = LABELS + (*mark as f64 + 0.5) * PIECES_PER_MARK as f64 * PIECE;
        for (count, up, colour, done) in
            [(*saved, false, SAVED, "saved"), (*restored, true, RESTORED, "restored")]
        {
            if count > 0 {
                let edge = if up { y + height - 1.0 } else { y + 1.0 };
                let title = Title::new(format!("{} {done}", bytes(count)));
                group = group.add(triangle(x, edge, up, colour).add(title));
            }
        }
    }
    group
}

/// The figures at the right of a lane, a text for each line.
fn figures(lane: &Lane, timeline: &Timeline) -> Vec<String> {
    let mut figures = vec![format!("{}, {}", counted(lane.runs, "run"), time(lane.time))];
    if lane.contexts > 1 {
        figures.push(format!("at most {} displaced", timeline.most_displaced));
    }
    figures
}

/// A label that fits: the middle of a long one is left out, as names differ at their ends.
fn shortened(label: &str) -> String {
    let characters: Vec<char> = label.chars().collect();
    if characters.len() <= LABEL_CHARACTERS {
        return label.to_owned();
    }
    let head = LABEL_CHARACTERS / 2;
    let tail = LABEL_CHARACTERS - head - 1;
    let (start, end) = (&characters[..head], &characters[characters.len() - tail..]);
    start.iter().chain(['\u{2026}'].iter()).chain(end).collect()
}

/// Bars in the pieces that are filled, as dark as a piece is full. Neighbours that look alike are
/// one bar.
fn bars(middle: f64, height: f64, colour: &str, filled: &[f32]) -> Group {
    // What fills only a little of its piece must be seen, too.
    let shade = |full: f32| if full > 0.0 { (full * 4.0).ceil().clamp(1.0, 4.0) as u32 } else { 0 };
    let mut group = Group::new().set("fill", colour);
    for (start, end, dark) in runs(filled.iter().map(|&full| shade(full))) {
        if dark > 0 {
            let (x, width) = (LABELS + start as f64 * PIECE, (end - start) as f64 * PIECE);
            let bar = Rectangle::new()
                .set("x", tenths(x))
                .set("y", tenths(middle - height / 2.0))
                .set("width", tenths(width))
                .set("height", height);
            group = group.add(bar.set("opacity", 0.25 + f64::from(dark) * 0.1875));
        }
    }
    group
}

/// A filled area above `floor`, so many pixels high for each that is counted.
fn area(floor: f64, each: f64, colour: &str, counts: &[u32]) -> Shape {
    let mut data = Data::new().move_to((LABELS, tenths(floor)));
    for (start, end, count) in runs(counts.iter().copied()) {
        let y = tenths(floor - f64::from(count) * each);
        data = data
            .line_to((tenths(LABELS + start as f64 * PIECE), y))
            .line_to((tenths(LABELS + end as f64 * PIECE), y));
    }
    data = data.line_to((LABELS + PLOT, tenths(floor))).close();
    Shape::new().set("fill", colour).set("d", data)
}

/// Neighbours that are equal: where they start, where they end, and the value.
fn runs(values: impl Iterator<Item = u32>) -> Vec<(usize, usize, u32)> {
    let mut runs: Vec<(usize, usize, u32)> = Vec::new();
    for (index, value) in values.enumerate() {
        match runs.last_mut() {
            Some(last) if last.2 == value => last.1 = index + 1,
            _ => runs.push((index, index + 1, value)),
        }
    }
    runs
}

fn rectangle(x: f64, y: f64, width: f64, height: f64, colour: &str) -> Rectangle {
    Rectangle::new()
        .set("x", tenths(x))
        .set("y", tenths(y))
        .set("width", width)
        .set("height", height)
        .set("fill", colour)
}

/// A text at a point. XML has no control characters.
fn text(x: f64, y: f64, text: &str) -> Text {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    Text::new(text).set("x", tenths(x)).set("y", tenths(y))
}

/// A mark with its tip above its base, or below.
fn triangle(x: f64, base: f64, up: bool, colour: &str) -> Shape {
    let tip = if up { base - 7.0 } else { base + 7.0 };
    let data = Data::new()
        .move_to((tenths(x - 3.5), tenths(base)))
        .line_to((tenths(x + 3.5), tenths(base)))
        .line_to((tenths(x), tenths(tip)))
        .close();
    Shape::new().set("fill", colour).set("d", data)
}

/// A coordinate with one decimal.
fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// A number of things.
fn counted(count: u64, thing: &str) -> String {
    counted_with(count, thing, "s")
}

/// A number of things whose plural has that ending.
fn counted_with(count: u64, thing: &str, ending: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}{ending}") }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_fit_and_keep_both_ends() {
        assert_eq!(shortened("#1 short"), "#1 short");
        let long = "#17 my_crate::network::connection::read_until_the_end";
        let short = shortened(long);
        assert_eq!(short.chars().count(), LABEL_CHARACTERS);
        assert!(short.starts_with("#17 my_crate") && short.ends_with("until_the_end"), "{short}");
        // Characters of a monospaced font are 0.6 of its size wide, some fonts a little more.
        assert!(LABEL_CHARACTERS as f64 * LABEL_FONT * 0.63 < LABELS - 8.0);
    }

    #[test]
    fn equal_neighbours_are_one_run() {
        assert_eq!(runs([2, 2, 0, 1, 1].into_iter()), [(0, 2, 2), (2, 3, 0), (3, 5, 1)]);
        assert!(runs([].into_iter()).is_empty());
    }
}
