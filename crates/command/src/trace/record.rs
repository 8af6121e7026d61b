//! Writes the trace of a running program in the format of Chrome and Perfetto.
//!
//! The file is a JSON array with one event a line. It is written as the program runs, so memory use stays
//! small. Each context is a "thread" of the format, and each thread a "process", so viewers give every context
//! a lane and group the lanes by thread.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Instant,
};

use serde_json::{Value, json};
use stackswitch::jit::{Event, Observer};

use crate::{demangle::short_name, failure::Failure};

/// A trace that is being recorded.
pub(crate) struct Recorder {
    path: PathBuf,
    shared: Arc<Mutex<Writer>>,
}

/// The file that all threads write to, and what is known of the contexts.
struct Writer {
    /// None when the trace is complete, or when a write has failed.
    out: Option<BufWriter<File>>,
    error: Option<io::Error>,
    /// Whether no event has been written yet.
    empty: bool,
    started: Instant,
    /// Functions that can be bodies, by their addresses.
    bodies: HashMap<usize, String>,
    /// Contexts by thread and handle.
    lanes: HashMap<(u32, usize), Lane>,
    /// How many contexts there have been.
    contexts: u32,
    /// The time of each thread's first event.
    threads: HashMap<u32, u64>,
    /// The contexts that run, by thread.
    running: HashMap<u32, Running>,
}

#[derive(Clone)]
struct Lane {
    id: u32,
    name: String,
    /// The time at which it last stopped running, in nanoseconds.
    stopped: u64,
}

/// The running context of a thread, and since when.
struct Running {
    handle: usize,
    since: u64,
}

/// The trace to complete when the program ends the process by `exit`.
static OPEN: OnceLock<Arc<Mutex<Writer>>> = OnceLock::new();

impl Recorder {
    /// Creates the file, and becomes the JIT's observer.
    pub(crate) fn start(path: &Path) -> Result<Self, Failure> {
        let failed = |error| Failure::output(path, &error);
        let mut out = BufWriter::new(File::create(path).map_err(failed)?);
        out.write_all(b"[").map_err(failed)?;
        let shared = Arc::new(Mutex::new(Writer {
            out: Some(out),
            error: None,
            empty: true,
            started: Instant::now(),
            bodies: HashMap::new(),
            lanes: HashMap::new(),
            contexts: 0,
            threads: HashMap::new(),
            running: HashMap::new(),
        }));
        stackswitch::jit::observe(Box::new(Shared(Arc::clone(&shared))));
        if OPEN.set(Arc::clone(&shared)).is_ok() {
            // SAFETY: the function uses only a static variable, which lives until the process ends.
            unsafe { libc::atexit(complete) };
        }
        Ok(Self { path: path.to_owned(), shared })
    }

    /// Starts the trace's time: the program begins on this thread. `bodies` are its functions that
    /// can be bodies of contexts, with their addresses.
    pub(crate) fn begin(&self, bodies: Vec<(String, *const ())>) {
        let mut writer = lock(&self.shared);
        writer.bodies = bodies
            .into_iter()
            .map(|(name, address)| (address.addr(), source_name(&name)))
            .collect();
        writer.started = Instant::now();
        writer.begin_thread(this_thread(), 0);
    }

    /// Completes the file.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let mut writer = lock(&self.shared);
        writer.finish();
        match writer.error.take() {
            Some(error) => Err(Failure::output(&self.path, &error)),
            None => Ok(()),
        }
    }
}

/// Completes the trace of a program that has ended the process.
extern "C" fn complete() {
    if let Some(shared) = OPEN.get() {
        lock(shared).finish();
    }
}

fn lock(writer: &Mutex<Writer>) -> std::sync::MutexGuard<'_, Writer> {
    writer.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Receives the JIT's events.
struct Shared(Arc<Mutex<Writer>>);

// SAFETY: it records the event in memory, uses no contexts and does not panic.
unsafe impl Observer for Shared {
    fn observe(&self, event: Event) {
        lock(&self.0).event(this_thread(), event);
    }
}

/// The calling thread's number, from 1 in the order in which they first do something.
fn this_thread() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    thread_local! {
        static NUMBER: u32 = NEXT.fetch_add(1, Ordering::Relaxed);
    }
    NUMBER.with(|number| *number)
}

impl Writer {
    /// Writes one event.
    fn write(&mut self, event: &Value) {
        let Some(out) = &mut self.out else { return };
        let separator = if std::mem::replace(&mut self.empty, false) { "\n" } else { ",\n" };
        if let Err(error) = write!(out, "{separator}{event}") {
            self.error = Some(error);
            self.out = None;
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// The lane of a context. A context without a `spawn` is a thread's own.
    fn lane(&mut self, thread: u32, handle: usize) -> Lane {
        if let Some(lane) = self.lanes.get(&(thread, handle)) {
            return lane.clone();
        }
        let name = if thread == 1 { "host".to_owned() } else { format!("thread {thread}") };
        self.add(thread, handle, name)
    }

    /// Adds a lane for a new context.
    fn add(&mut self, thread: u32, handle: usize, name: String) -> Lane {
        let id = self.contexts;
        let lane = Lane { id, name, stopped: self.now() };
        let title = format!("#{id} {}", lane.name);
        self.write(&json!({
            "name": "thread_name", "ph": "M", "pid": thread, "tid": id, "args": {"name": title},
        }));
        self.contexts += 1;
        self.lanes.insert((thread, handle), lane.clone());
        lane
    }

    /// Writes an event without duration.
    fn instant(&mut self, thread: u32, lane: u32, at: u64, name: &str, args: &Value) {
        self.write(&json!({
            "name": name, "cat": "context", "ph": "i", "s": "t", "ts": micros(at),
            "pid": thread, "tid": lane, "args": args,
        }));
    }

    /// Names a thread at its first event.
    fn begin_thread(&mut self, thread: u32, now: u64) {
        if self.threads.insert(thread, now).is_none() {
            self.write(&json!({
                "name": "process_name", "ph": "M", "pid": thread,
                "args": {"name": format!("thread {thread}")},
            }));
        }
    }

    fn event(&mut self, thread: u32, event: Event) {
        let now = self.now();
        if !self.threads.contains_key(&thread) {
            self.begin_thread(thread, now);
        }
        match event {
            Event::Spawned { context, body } => {
                let name = match (body, self.bodies.get(&body)) {
                    (0, _) => "main".to_owned(),
                    (_, Some(name)) => name.clone(),
                    (_, None) => format!("{body:#x}"),
                };
                let by = self.running.get(&thread).map(|running| running.handle);
                let by = by.map(|handle| self.lane(thread, handle).id);
                let lane = self.add(thread, context, name);
                self.instant(thread, lane.id, now, "spawn", &json!({"body": lane.name, "by": by}));
            }
            Event::Cloned { context, of } => {
                let of = self.lane(thread, of);
                let lane = self.add(thread, context, of.name);
                self.instant(thread, lane.id, now, "clone", &json!({"of": of.id}));
            }
            Event::Saved { context: 0, bytes } => {
                let running = self.running.get(&thread).map(|running| running.handle);
                let id = running.map_or(0, |handle| self.lane(thread, handle).id);
                self.instant(thread, id, now, "capture", &json!({"bytes": bytes}));
            }
            Event::Saved { context, bytes } => {
                let id = self.lane(thread, context).id;
                self.instant(thread, id, now, "save", &json!({"bytes": bytes}));
            }
            Event::Restored { context, bytes } => {
                let id = self.lane(thread, context).id;
                self.instant(thread, id, now, "restore", &json!({"bytes": bytes}));
            }
            Event::Switched { from, to, saved, restored } => {
                let next = self.lane(thread, to).id;
                let args = json!({"to": next, "saved": saved, "restored": restored});
                self.ran(thread, from, now, &args);
                self.running.insert(thread, Running { handle: to, since: now });
            }
            Event::Finished { context } => {
                let lane = self.lane(thread, context);
                self.instant(thread, lane.id, lane.stopped, "finish", &json!({}));
            }
            Event::Destroyed { context } => {
                let id = self.lane(thread, context).id;
                self.lanes.remove(&(thread, context));
                self.instant(thread, id, now, "destroy", &json!({}));
            }
            Event::ThreadEnded => self.end_thread(thread, now),
            // Events that the trace's format has no form for.
            _ => {}
        }
    }

    /// Destroys what a thread leaves at its end.
    fn end_thread(&mut self, thread: u32, now: u64) {
        self.ran(thread, 0, now, &json!({}));
        self.running.remove(&thread);
        let own: Vec<_> = self.lanes.keys().copied().filter(|key| key.0 == thread).collect();
        for key in own {
            if let Some(lane) = self.lanes.remove(&key) {
                self.instant(thread, lane.id, now, "destroy", &json!({}));
            }
        }
    }

    /// Writes that the thread's running context has run until now. `from` is that context, or 0 if
    /// the runtime does not know it any more.
    fn ran(&mut self, thread: u32, from: usize, now: u64, args: &Value) {
        let (handle, since) = match self.running.get(&thread) {
            Some(running) => (running.handle, running.since),
            // The first switch of a thread: its own context has run since the thread's first event.
            None if from != 0 => (from, self.threads.get(&thread).copied().unwrap_or(now)),
            None => return,
        };
        let lane = self.lane(thread, handle);
        self.write(&json!({
            "name": lane.name, "cat": "run", "ph": "X", "ts": micros(since),
            "dur": micros(now - since), "pid": thread, "tid": lane.id, "args": args,
        }));
        if let Some(lane) = self.lanes.get_mut(&(thread, handle)) {
            lane.stopped = now;
        }
    }

    /// Completes the file: what runs has run until now.
    fn finish(&mut self) {
        let now = self.now();
        for thread in self.running.keys().copied().collect::<Vec<_>>() {
            self.ran(thread, 0, now, &json!({}));
        }
        if let Some(mut out) = self.out.take()
            && let Err(error) = out.write_all(b"\n]\n").and_then(|()| out.flush())
        {
            self.error = Some(error);
        }
    }
}

/// The name that a body has in the source. Lowering starts some bodies through a function that it
/// names after them.
fn source_name(name: &str) -> String {
    short_name(name.split_once(".stackswitch.").map_or(name, |(body, _)| body)).into_owned()
}

/// Nanoseconds as the microseconds of the format.
fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1000.0
}
