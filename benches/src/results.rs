//! Stores, writes and prints the figures of a run.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Serialize, Serializer};

use crate::measure::Summary;

/// One figure.
#[derive(Clone, Debug, Serialize)]
pub struct Record {
    /// What was done.
    pub bench: String,
    /// Who did it.
    pub subject: String,
    /// At which size, if there is more than one.
    #[serde(serialize_with = "number_or_nothing")]
    pub param: Option<usize>,
    /// Of the two figures.
    pub unit: &'static str,
    /// See [`Summary`].
    pub median: f64,
    /// See [`Summary`].
    pub min: f64,
}

fn number_or_nothing<S: Serializer>(param: &Option<usize>, to: S) -> Result<S::Ok, S::Error> {
    match param {
        Some(number) => to.serialize_u64(*number as u64),
        None => to.serialize_str(""),
    }
}

/// All figures, and what there is to say about them.
#[derive(Default)]
pub struct Results {
    /// In the order in which they were measured.
    pub records: Vec<Record>,
    notes: Vec<String>,
}

impl Results {
    /// Keeps a figure, and shows it as progress.
    pub fn add(
        &mut self,
        bench: &str,
        subject: &str,
        param: Option<usize>,
        unit: &'static str,
        summary: Summary,
    ) {
        let Summary { median, min } = summary;
        let shown = param.map_or(String::new(), |param| format!(" {param}"));
        eprintln!("{bench}{shown} {subject}: {median:.2} {unit}");
        let (bench, subject) = (bench.into(), subject.into());
        self.records.push(Record { bench, subject, param, unit, median, min });
    }

    /// Something that a reader of the table must know.
    pub fn note(&mut self, note: String) {
        eprintln!("note: {note}");
        self.notes.push(note);
    }

    /// All records of one subject in a bench.
    pub fn of(&self, bench: &str, subject: &str) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(move |r| r.bench == bench && r.subject == subject)
    }

    /// The median at one parameter.
    pub fn median(&self, bench: &str, subject: &str, param: Option<usize>) -> Option<f64> {
        self.of(bench, subject).find(|record| record.param == param).map(|record| record.median)
    }

    /// Names in the order of their first appearance.
    pub fn benches(&self) -> Vec<&str> {
        distinct(self.records.iter().map(|record| record.bench.as_str()))
    }

    /// The subjects of a bench, as [`Self::benches`].
    pub fn subjects(&self, bench: &str) -> Vec<&str> {
        let of_bench = self.records.iter().filter(|record| record.bench == bench);
        distinct(of_bench.map(|record| record.subject.as_str()))
    }

    /// Writes `results.json` into a folder.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let mut text = serde_json::to_string_pretty(&self.records)?;
        text.push('\n');
        fs::write(folder.join("results.json"), text)
    }

    /// Prints a table for each bench. A sweep too long to read is left to its plot.
    pub fn print(&self) {
        const LONGEST: usize = 40;
        for bench in self.benches() {
            let of_bench: Vec<_> = self.records.iter().filter(|r| r.bench == bench).collect();
            println!("\n{bench} ({})", of_bench[0].unit);
            if of_bench.len() > LONGEST * self.subjects(bench).len() {
                println!("  {} figures: see the plot", of_bench.len());
                continue;
            }
            println!("  {:<20} {:>10} {:>12} {:>12}", "subject", "param", "median", "min");
            for record in of_bench {
                let param = record.param.map_or(String::new(), |param| param.to_string());
                let Record { subject, median, min, .. } = record;
                println!("  {subject:<20} {param:>10} {median:>12.2} {min:>12.2}");
            }
        }
        println!();
        for note in &self.notes {
            println!("note: {note}");
        }
    }
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut list = Vec::new();
    for name in names {
        if !list.contains(&name) {
            list.push(name);
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::Results;
    use crate::measure::Summary;

    #[test]
    fn a_record_has_the_fields_that_readers_expect() {
        let mut results = Results::default();
        results.add("ring", "stackswitch", Some(2), "ns", Summary { median: 3.5, min: 3.0 });
        results.add("resident", "c++20", None, "ns", Summary { median: 1.0, min: 1.0 });
        let json = serde_json::to_value(&results.records).unwrap();
        assert_eq!(
            json,
            serde_json::json!([
                {"bench": "ring", "subject": "stackswitch", "param": 2, "unit": "ns",
                 "median": 3.5, "min": 3.0},
                {"bench": "resident", "subject": "c++20", "param": "", "unit": "ns",
                 "median": 1.0, "min": 1.0},
            ])
        );
    }
}
