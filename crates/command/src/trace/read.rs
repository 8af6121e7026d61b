//! Reads traces line by line, so that their length does not matter.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use serde_json::Value;

use crate::failure::Failure;

/// A context: its thread's number and its own.
pub(super) type Id = (u64, u64);

/// One event of a context, with times in microseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum What {
    /// It has run, until a switch or the end.
    Ran { duration: f64, switched: bool },
    /// Bytes of its stack were saved.
    Saved(u64),
    /// They were restored.
    Restored(u64),
    /// It began.
    Began,
    /// It finished.
    Finished,
    /// It was destroyed.
    Destroyed,
}

/// What there is to know of a context before it is drawn.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    pub(super) name: String,
    /// The first time at which it is heard of, and the last.
    pub(super) first: f64,
    pub(super) last: f64,
    /// Whether it was destroyed: others are there until the end.
    pub(super) gone: bool,
    pub(super) runs: u64,
    /// Microseconds in which it ran.
    pub(super) time: f64,
}

/// What there is to know of a trace before it is drawn.
#[derive(Clone, Debug, Default)]
pub(super) struct Summary {
    /// By thread, then by age.
    pub(super) lanes: BTreeMap<Id, Lane>,
    pub(super) end: f64,
    pub(super) switches: u64,
    pub(super) saved: u64,
    pub(super) restored: u64,
}

impl Summary {
    /// The number of threads.
    pub(super) fn threads(&self) -> usize {
        let mut threads: Vec<u64> = self.lanes.keys().map(|id| id.0).collect();
        threads.dedup();
        threads.len()
    }
}

/// Reads a trace for the first time.
pub(super) fn summary(path: &Path) -> Result<Summary, Failure> {
    let mut summary = Summary::default();
    let mut names = BTreeMap::new();
    each(path, |event| match event {
        Line::Name(id, name) => drop(names.insert(id, name)),
        Line::Event(id, at, what) => summary.note(id, at, what),
    })?;
    for (id, lane) in &mut summary.lanes {
        lane.name = names.remove(id).unwrap_or_else(|| format!("#{}", id.1));
    }
    Ok(summary)
}

/// Reads a trace again, for its events.
pub(super) fn events(path: &Path, mut take: impl FnMut(Id, f64, What)) -> Result<(), Failure> {
    each(path, |line| {
        if let Line::Event(id, at, what) = line {
            take(id, at, what);
        }
    })
}

impl Summary {
    fn note(&mut self, id: Id, at: f64, what: What) {
        let lane = self.lanes.entry(id).or_insert(Lane {
            name: String::new(),
            first: at,
            last: at,
            gone: false,
            runs: 0,
            time: 0.0,
        });
        let mut until = at;
        match what {
            What::Ran { duration, switched } => {
                until += duration;
                lane.runs += 1;
                lane.time += duration;
                self.switches += u64::from(switched);
            }
            What::Saved(bytes) => self.saved += bytes,
            What::Restored(bytes) => self.restored += bytes,
            What::Finished | What::Destroyed => lane.gone = true,
            What::Began => {}
        }
        lane.first = lane.first.min(at);
        lane.last = lane.last.max(until);
        self.end = self.end.max(until);
    }
}

enum Line {
    Name(Id, String),
    Event(Id, f64, What),
}

/// Calls `take` for each line that means something here.
fn each(path: &Path, mut take: impl FnMut(Line)) -> Result<(), Failure> {
    let failed = |error| Failure::input(path, &error);
    let file = BufReader::new(File::open(path).map_err(failed)?);
    for (number, line) in (1_u64..).zip(file.lines()) {
        let line = line.map_err(failed)?;
        let line = line.trim_start_matches(['[', ',']).trim_end_matches([',', ']']).trim();
        if line.is_empty() {
            continue;
        }
        let wrong = |what: &str| {
            Failure::data(format!("{}:{number}: {what}", path.display()))
                .hint("`stackswitch run --trace` writes what can be drawn")
        };
        let value: Value = serde_json::from_str(line).map_err(|e| wrong(&e.to_string()))?;
        match parse(&value) {
            Some(line) => line.into_iter().for_each(&mut take),
            None => return Err(wrong("not an event of a trace")),
        }
    }
    Ok(())
}

/// An event. `None` if it is none, `Some(None)` if there is nothing to draw for it.
fn parse(value: &Value) -> Option<Option<Line>> {
    let name = value.get("name")?.as_str()?;
    let thread = value.get("pid")?.as_u64()?;
    let phase = value.get("ph")?.as_str()?;
    let args = value.get("args");
    let argument = |key| args.and_then(|args| args.get(key));
    if phase == "M" {
        return Some(match (name, value.get("tid").and_then(Value::as_u64)) {
            ("thread_name", Some(id)) => {
                let name = argument("name")?.as_str()?.to_owned();
                Some(Line::Name((thread, id), name))
            }
            _ => None,
        });
    }
    let id = (thread, value.get("tid")?.as_u64()?);
    let at = value.get("ts")?.as_f64()?;
    let bytes = || argument("bytes").and_then(Value::as_u64);
    let what = match (phase, name) {
        ("X", _) => {
            What::Ran { duration: value.get("dur")?.as_f64()?, switched: argument("to").is_some() }
        }
        (_, "save" | "capture") => What::Saved(bytes()?),
        (_, "restore") => What::Restored(bytes()?),
        (_, "spawn" | "clone") => What::Began,
        (_, "finish") => What::Finished,
        (_, "destroy") => What::Destroyed,
        _ => return Some(None),
    };
    Some(Some(Line::Event(id, at, what)))
}
