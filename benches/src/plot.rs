//! Draws a plot for each curve.

use std::io;
use std::path::Path;

use plotters::prelude::*;

use crate::results::{Record, Results};

const SIZE: (u32, u32) = (960, 600);

/// Writes `BENCH.svg` for each bench that has figures at more than one parameter, and a bar
/// chart for the others.
pub fn all(results: &Results, folder: &Path) -> io::Result<()> {
    for bench in results.benches() {
        let path = folder.join(format!("{bench}.svg"));
        let of_bench: Vec<_> = results.records.iter().filter(|r| r.bench == bench).collect();
        let first = of_bench[0].param;
        let drawn = if of_bench.iter().all(|record| record.param == first) {
            bars(&path, bench, results, &of_bench)
        } else {
            curve(&path, bench, results)
        };
        drawn.map_err(io::Error::other)?;
    }
    Ok(())
}

type Drawn = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// What the parameter of a bench is.
fn parameter(bench: &str) -> &'static str {
    if bench.starts_with("sliced") { "bytes of a slice" } else { "contexts" }
}

/// A subject has one colour in all plots.
fn colour(results: &Results, subject: &str) -> RGBAColor {
    let index = results.records.iter().position(|record| record.subject == subject);
    let before = &results.records[..index.unwrap_or(0)];
    let mut names: Vec<&str> = before.iter().map(|record| record.subject.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    Palette99::pick(names.len()).to_rgba()
}

/// Both axes logarithmic: parameters and figures go over decades.
fn curve(path: &Path, bench: &str, results: &Results) -> Drawn {
    let points = |subject: &str| -> Vec<(f64, f64)> {
        let with_param = results.of_subject(bench, subject);
        with_param.filter_map(|r| Some((r.param? as f64, r.median))).collect()
    };
    let subjects = results.subjects(bench);
    let every: Vec<(f64, f64)> = subjects.iter().flat_map(|subject| points(subject)).collect();
    let range = |of: fn(&(f64, f64)) -> f64, margin: f64| {
        let least = every.iter().map(of).fold(f64::INFINITY, f64::min);
        let most = every.iter().map(of).fold(0.0, f64::max);
        least / margin..most * margin
    };
    let unit = results.records.iter().find(|r| r.bench == bench).map_or("", |r| r.unit.as_str());
    let root = SVGBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE).map_err(text)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(bench, ("sans-serif", 24))
        .margin(12)
        .margin_right(40)
        .x_label_area_size(44)
        .y_label_area_size(72)
        .build_cartesian_2d(range(|p| p.0, 1.0).log_scale(), range(|p| p.1, 1.4).log_scale())
        .map_err(text)?;
    chart
        .configure_mesh()
        .x_desc(parameter(bench))
        .y_desc(unit)
        .x_label_formatter(&|x| format!("{x}"))
        .y_label_formatter(&|y| format!("{y}"))
        .light_line_style(BLACK.mix(0.05))
        .draw()
        .map_err(text)?;
    for subject in subjects {
        let points = points(subject);
        if points.is_empty() {
            continue;
        }
        let colour = colour(results, subject);
        chart
            .draw_series(LineSeries::new(points, colour.stroke_width(2)).point_size(2))
            .map_err(text)?
            .label(subject)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.4))
        .draw()
        .map_err(text)?;
    root.present().map_err(text)
}

/// One bar a subject, on a logarithmic axis, labelled with its figure.
fn bars(path: &Path, bench: &str, results: &Results, records: &[&Record]) -> Drawn {
    let most = records.iter().map(|r| r.median).fold(1.0, f64::max);
    let positive = records.iter().map(|r| r.median).filter(|median| *median > 0.0);
    let least = positive.fold(most, f64::min) / 2.0;
    let rows = records.len() as f64;
    let root = SVGBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE).map_err(text)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(bench, ("sans-serif", 24))
        .margin(12)
        .x_label_area_size(44)
        .build_cartesian_2d((least..most * 8.0).log_scale(), 0.0..rows)
        .map_err(text)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .x_desc(records[0].unit.as_str())
        .draw()
        .map_err(text)?;
    for (index, record) in records.iter().enumerate() {
        let low = rows - 1.0 - index as f64;
        let colour = colour(results, &record.subject);
        let end = record.median.max(least);
        let bar = Rectangle::new([(least, low + 0.2), (end, low + 0.8)], colour.filled());
        chart.draw_series([bar]).map_err(text)?;
        let label = format!("{} {:.1}", record.subject, record.median);
        let label = Text::new(label, (end * 1.05, low + 0.6), ("sans-serif", 16));
        chart.draw_series([label]).map_err(text)?;
    }
    root.present().map_err(text)
}

fn text<E: std::error::Error + Send + Sync + 'static>(
    error: E,
) -> Box<dyn std::error::Error + Send + Sync> {
    Box::new(error)
}

#[cfg(test)]
mod tests {
    use super::all;
    use crate::measure::Summary;
    use crate::results::Results;

    #[test]
    fn a_plot_names_all_its_subjects() {
        let mut results = Results::default();
        let summary = |median| Summary { median, min: median };
        results.add("ring", "stackswitch", Some(2), "ns", summary(3.0));
        results.add("ring", "stackswitch", Some(1000), "ns", summary(4.0));
        results.add("ring", "c++20", Some(2), "ns", summary(1.0));
        results.add("hot", "stackswitch", Some(32), "bytes", summary(0.0));
        let folder = std::env::temp_dir().join(format!("plots-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        all(&results, &folder).unwrap();
        let read = |name| std::fs::read_to_string(folder.join(name)).unwrap();
        let (curve, bars) = (read("ring.svg"), read("hot.svg"));
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(curve.contains("stackswitch") && curve.contains("c++20"));
        assert!(bars.contains("stackswitch 0.0"));
    }
}
