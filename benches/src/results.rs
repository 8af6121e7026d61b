//! Stores, writes and prints the figures of a run.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::machine::Machine;
use crate::measure::Summary;

/// One figure.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// What was done.
    pub bench: String,
    /// Who did it.
    pub subject: String,
    /// At which size, if there is more than one.
    #[serde(serialize_with = "number_or_nothing", deserialize_with = "number_if_any")]
    pub param: Option<usize>,
    /// Of the two figures.
    pub unit: String,
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

fn number_if_any<'de, D: Deserializer<'de>>(from: D) -> Result<Option<usize>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Param {
        Number(usize),
        Nothing(#[allow(dead_code)] String),
    }
    Ok(match Param::deserialize(from)? {
        Param::Number(number) => Some(number),
        Param::Nothing(_) => None,
    })
}

/// All figures, and what there is to say about them.
#[derive(Default, Serialize, Deserialize)]
pub struct Results {
    /// Where and when they were measured.
    pub machine: Machine,
    /// In the order in which they were measured.
    pub records: Vec<Record>,
    #[serde(skip)]
    notes: Vec<String>,
}

impl Results {
    /// No results yet, of a machine.
    #[must_use]
    pub fn of(machine: Machine) -> Self {
        Results { machine, ..Results::default() }
    }

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
        self.records.push(Record { bench, subject, param, unit: unit.into(), median, min });
    }

    /// Something that a reader of the table must know.
    pub fn note(&mut self, note: String) {
        eprintln!("note: {note}");
        self.notes.push(note);
    }

    /// All records of one subject in a bench.
    pub fn of_subject(&self, bench: &str, subject: &str) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(move |r| r.bench == bench && r.subject == subject)
    }

    /// The median at one parameter.
    pub fn median(&self, bench: &str, subject: &str, param: Option<usize>) -> Option<f64> {
        self.of_subject(bench, subject)
            .find(|record| record.param == param)
            .map(|record| record.median)
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

    /// Reads what [`Results::write`] has written.
    ///
    /// # Errors
    /// The file cannot be read, or is another one.
    pub fn read(file: &Path) -> io::Result<Self> {
        Ok(serde_json::from_str(&fs::read_to_string(file)?)?)
    }

    /// Writes `results.json` into a folder: one record a line.
    ///
    /// # Errors
    /// The folder or the file cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let machine = serde_json::to_string(&self.machine)?;
        let records: Vec<String> =
            self.records.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
        let records = records.join(",\n");
        let text = format!("{{\"machine\": {machine},\n\"records\": [\n{records}\n]}}\n");
        fs::write(folder.join("results.json"), text)
    }

    /// Prints a table for each bench. A sweep too long to read is left to its plot.
    pub fn print(&self) {
        const LONGEST: usize = 40;
        println!("\n{}", self.machine);
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
    fn results_that_were_written_are_read_again() {
        let mut results = Results::default();
        results.machine.core = "Core".into();
        results.add("ring", "stackswitch", Some(2), "ns", Summary { median: 3.5, min: 3.0 });
        results.add("resident", "c++20", None, "ns", Summary { median: 1.0, min: 1.0 });
        let folder = std::env::temp_dir().join(format!("results-{}", std::process::id()));
        results.write(&folder).unwrap();
        let read = Results::read(&folder.join("results.json"));
        std::fs::remove_dir_all(&folder).unwrap();
        let read = read.unwrap();
        assert_eq!(read.machine.core, "Core");
        assert_eq!(read.median("ring", "stackswitch", Some(2)), Some(3.5));
        assert_eq!(read.median("resident", "c++20", None), Some(1.0));
    }

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
