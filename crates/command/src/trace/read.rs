//! Reads traces line by line, so that memory stays small however long they are.

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

/// Something that happened to a context. Times are in microseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Action {
    /// It has run, until a switch or the end.
    Ran { duration: f64, switched: bool },
    /// Bytes of its stack were displaced to the heap.
    Saved(u64),
    /// Bytes of its stack were restored from the heap.
    Restored(u64),
    /// It was spawned, or is a clone.
    Began,
    /// Its function returned.
    Finished,
    /// It was destroyed.
    Destroyed,
}

/// What a trace says of one context as a whole.
#[derive(Clone, Debug)]
pub(super) struct Context {
    /// The function that it runs.
    pub(super) function: String,
    /// The time of its first event.
    pub(super) first: f64,
    /// The end of its last event.
    pub(super) last: f64,
    /// Whether it finished or was destroyed. Otherwise it exists until the trace's end.
    pub(super) ended: bool,
    /// How many times it has run.
    pub(super) runs: u64,
    /// For how many microseconds it has run.
    pub(super) time: f64,
}

/// What a trace says as a whole.
#[derive(Clone, Debug, Default)]
pub(super) struct Summary {
    /// By thread, then by age.
    pub(super) contexts: BTreeMap<Id, Context>,
    /// The time of the last event.
    pub(super) end: f64,
    /// How many switches there were.
    pub(super) switches: u64,
    /// How many bytes were displaced.
    pub(super) saved: u64,
    /// How many bytes were restored.
    pub(super) restored: u64,
}

impl Summary {
    /// The number of threads.
    pub(super) fn threads(&self) -> usize {
        let mut threads: Vec<u64> = self.contexts.keys().map(|id| id.0).collect();
        threads.dedup();
        threads.len()
    }

    fn add(&mut self, id: Id, at: f64, action: Action) {
        let context = self.contexts.entry(id).or_insert(Context {
            function: String::new(),
            first: at,
            last: at,
            ended: false,
            runs: 0,
            time: 0.0,
        });
        let mut until = at;
        match action {
            Action::Ran { duration, switched } => {
                until += duration;
                context.runs += 1;
                context.time += duration;
                self.switches += u64::from(switched);
            }
            Action::Saved(bytes) => self.saved += bytes,
            Action::Restored(bytes) => self.restored += bytes,
            Action::Finished | Action::Destroyed => context.ended = true,
            Action::Began => {}
        }
        context.first = context.first.min(at);
        context.last = context.last.max(until);
        self.end = self.end.max(until);
    }
}

/// Reads a trace as a whole.
///
/// # Errors
/// A file that cannot be read, or a line that is not an event.
pub(super) fn summary(path: &Path) -> Result<Summary, Failure> {
    let mut summary = Summary::default();
    let mut names = BTreeMap::new();
    each(path, |line| match line {
        Line::Name(id, name) => drop(names.insert(id, name)),
        Line::Event(id, at, action) => summary.add(id, at, action),
    })?;
    for (id, context) in &mut summary.contexts {
        context.function = names.remove(id).unwrap_or_else(|| "?".to_owned());
    }
    Ok(summary)
}

/// Calls `take` for each event of a trace.
///
/// # Errors
/// As [`summary`].
pub(super) fn events(path: &Path, mut take: impl FnMut(Id, f64, Action)) -> Result<(), Failure> {
    each(path, |line| {
        if let Line::Event(id, at, action) = line {
            take(id, at, action);
        }
    })
}

/// A line of a trace.
enum Line {
    /// The function of a context.
    Name(Id, String),
    /// An event of a context and its time.
    Event(Id, f64, Action),
}

/// Calls `take` for each line that says something about a context.
fn each(path: &Path, mut take: impl FnMut(Line)) -> Result<(), Failure> {
    let failed = |error| Failure::input(path, &error);
    let file = BufReader::new(File::open(path).map_err(failed)?);
    for (number, line) in (1_u64..).zip(file.lines()) {
        let line = line.map_err(failed)?;
        let line = line.trim_start_matches(['[', ',']).trim_end_matches([',', ']']).trim();
        if line.is_empty() {
            continue;
        }
        let wrong = |message: &str| {
            Failure::data(format!("{}:{number}: {message}", path.display()))
                .hint("`stackswitch run --trace` writes a trace that can be drawn")
        };
        let value: Value = serde_json::from_str(line).map_err(|e| wrong(&e.to_string()))?;
        match parse(&value) {
            Some(line) => line.into_iter().for_each(&mut take),
            None => return Err(wrong("not an event of a trace")),
        }
    }
    Ok(())
}

/// Reads an event. `None` if the value is not an event, `Some(None)` if it is not about a context.
fn parse(value: &Value) -> Option<Option<Line>> {
    let name = value.get("name")?.as_str()?;
    let thread = value.get("pid")?.as_u64()?;
    let phase = value.get("ph")?.as_str()?;
    let args = value.get("args");
    let argument = |key| args.and_then(|args| args.get(key));
    if phase == "M" {
        return Some(match (name, value.get("tid").and_then(Value::as_u64)) {
            ("thread_name", Some(id)) => {
                let title = argument("name")?.as_str()?;
                Some(Line::Name((thread, id), without_number(title, id).to_owned()))
            }
            _ => None,
        });
    }
    let id = (thread, value.get("tid")?.as_u64()?);
    let at = value.get("ts")?.as_f64()?;
    let bytes = || argument("bytes").and_then(Value::as_u64);
    let action = match (phase, name) {
        ("X", _) => Action::Ran {
            duration: value.get("dur")?.as_f64()?,
            switched: argument("to").is_some(),
        },
        (_, "save" | "capture") => Action::Saved(bytes()?),
        (_, "restore") => Action::Restored(bytes()?),
        (_, "spawn" | "clone") => Action::Began,
        (_, "finish") => Action::Finished,
        (_, "destroy") => Action::Destroyed,
        _ => return Some(None),
    };
    Some(Some(Line::Event(id, at, action)))
}

/// A context's title is `#NUMBER FUNCTION`; the function alone.
fn without_number(title: &str, number: u64) -> &str {
    title.strip_prefix(&format!("#{number} ")).unwrap_or(title)
}
