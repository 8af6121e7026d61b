//! The benches, and the subjects of each.

use std::path::PathBuf;
use std::time::Duration;

use crate::Arguments;
use crate::parked;
use crate::subjects::compile::Compiler;
use crate::subjects::host::Host;
use crate::subjects::native::{self, subject};
use crate::subjects::process::Process;
use crate::subjects::python::Python;
use crate::subjects::{InProcess, corosensei, generator};
use stackswitch_bench::measure::{self, Plan, Subject, Summary};
use stackswitch_bench::module::Size;
use stackswitch_bench::order::shuffled;
use stackswitch_bench::results::Results;

type Subjects = Vec<(&'static str, Box<dyn Subject>)>;

const NANOSECONDS: &str = "ns";
const MILLISECONDS: &str = "ms";
const BYTES: &str = "bytes";

/// Runs what was asked for.
pub fn run(arguments: &Arguments, results: &mut Results) {
    let mut suite = Suite { arguments, results, python: Vec::new() };
    suite.look_for_python();
    suite.resident();
    suite.ucontext();
    suite.generators();
    suite.host_generator();
    suite.sliced();
    suite.cliff();
    suite.lifecycle();
    suite.rings();
    suite.lifecycle_after_peak();
    suite.parked();
    suite.statistics();
    suite.first_result();
    suite.pass_time();
}

struct Suite<'a> {
    arguments: &'a Arguments,
    results: &'a mut Results,
    /// Packages that are there.
    python: Vec<&'static str>,
}

impl Suite<'_> {
    fn wanted(&self, bench: &str) -> bool {
        self.arguments.only.is_empty() || self.arguments.only.iter().any(|only| only == bench)
    }

    fn plan(&self, rounds: usize, samples: usize) -> Plan {
        if self.arguments.full {
            Plan { rounds: 3 * rounds, samples, time: Duration::from_millis(8), operations: 2 }
        } else {
            Plan { rounds, samples, time: Duration::from_millis(2), operations: 2 }
        }
    }

    /// Measures one bench at one size.
    fn measure(
        &mut self,
        bench: &str,
        subjects: &Subjects,
        size: usize,
        param: Option<usize>,
        plan: &Plan,
    ) {
        for (subject, summary) in measure::all(subjects, size, plan) {
            self.results.add(bench, subject, param, NANOSECONDS, summary);
        }
    }

    fn look_for_python(&mut self) {
        let Some(command) = &self.arguments.python else {
            return self.results.note("greenlet and tealet are absent: no Python given".into());
        };
        for package in ["greenlet", "tealet"] {
            if (Python { command: command.clone(), package, bench: "" }).exists() {
                self.python.push(package);
                self.results.note(format!("{package}: the time of its Python code is included"));
            } else {
                self.results.note(format!("{package} is absent: the package cannot be imported"));
            }
        }
    }

    fn with_python(&self, bench: &'static str, mut subjects: Subjects) -> Subjects {
        for package in &self.python {
            let command = self.arguments.python.clone().expect("a package was found with it");
            subjects.push((package, Box::new(Python { command, package, bench })));
        }
        subjects
    }

    /// Ping-pong of two contexts that are both in place.
    fn resident(&mut self) {
        if !self.wanted("resident") {
            return;
        }
        let subjects = self.with_python(
            "resident",
            vec![
                ("stackswitch", subject(&native::stackswitch_resident)),
                ("stackswitch-in-place", subject(&native::in_place_resident)),
                ("stackswitch-swap-in-place", subject(&native::in_place_resident_swap)),
                ("stackswitch-swap", subject(&native::stackswitch_resident_swap)),
                ("inline-asm", subject(&native::inline_asm_resident)),
                ("c++20", subject(&native::cxx20_resident)),
                ("corosensei", Box::new(InProcess(corosensei::Resident::new))),
                ("generator-rs", Box::new(InProcess(generator::Resident::new))),
                ("boost-fcontext", subject(&native::boost_fcontext_resident)),
                ("boost-fiber", subject(&native::boost_fiber_resident)),
                ("glibc-swapcontext", subject(&native::swapcontext_resident)),
            ],
        );
        let plan = self.plan(15, 3);
        self.measure("resident", &subjects, 0, None, &plan);
    }

    /// The POSIX layer: ping-pong of its `swapcontext` with a null base, and a program for
    /// `<ucontext.h>` as it is and by the compiler's flag.
    fn ucontext(&mut self) {
        if self.wanted("ucontext") {
            let subjects: Subjects = vec![
                ("swapcontext-in-place", subject(&native::in_place_swapcontext)),
                ("from-ucontext", subject(&native::from_ucontext_resident)),
                ("inline-asm", subject(&native::inline_asm_resident)),
                ("inline-asm-objects", subject(&native::inline_asm_objects)),
                ("corosensei", Box::new(InProcess(corosensei::Resident::new))),
                ("glibc", subject(&native::swapcontext_resident)),
            ];
            let plan = self.plan(15, 3);
            self.measure("ucontext", &subjects, 0, None, &plan);
        }
        if self.wanted("ucontext-lifecycle") {
            let subjects: Subjects = vec![
                ("from-ucontext", subject(&native::from_ucontext_lifecycle)),
                ("glibc", subject(&native::swapcontext_lifecycle)),
            ];
            let plan = self.plan(15, 3);
            self.measure("ucontext-lifecycle", &subjects, 0, None, &plan);
        }
    }

    /// Generators and their consumers, which compilers can make one loop of.
    fn generators(&mut self) {
        let kinds = [
            (
                "generator",
                [&native::stackless_integers, &native::plain_integers, &native::cxx20_integers],
            ),
            (
                "generator-random",
                [&native::stackless_randoms, &native::plain_randoms, &native::cxx20_randoms],
            ),
        ];
        for (bench, [us, plain, cxx20]) in kinds {
            if self.wanted(bench) {
                let subjects = vec![
                    ("stackswitch", subject(us)),
                    ("plain-loop", subject(plain)),
                    ("cxx20-coroutine", subject(cxx20)),
                ];
                let plan = self.plan(25, 3);
                self.measure(bench, &subjects, 0, None, &plan);
            }
        }
    }

    /// A generator that the Rust program drives.
    fn host_generator(&mut self) {
        if !self.wanted("host-generator") {
            return;
        }
        let mut subjects: Subjects =
            vec![("corosensei", Box::new(InProcess(corosensei::Numbers::new)))];
        match Host::find() {
            Some(host) => subjects.push(("stackswitch", Box::new(host))),
            None => self.results.note("host-generator: its program has not been built".into()),
        }
        let plan = self.plan(9, 5);
        self.measure("host-generator", &subjects, 0, None, &plan);
    }

    /// Ping-pong of two contexts that displace each other.
    fn sliced(&mut self) {
        let plan = self.plan(9, 5);
        let sizes: Vec<usize> = if self.arguments.full {
            let octaves = (6..=22).map(|power| 1_usize << power);
            octaves.flat_map(|size| [size, (size / 4 * 5) & !15, size / 2 * 3]).collect()
        } else {
            (6..=22).map(|power| 1 << power).collect()
        };
        let smallest = (64..256)
            .step_by(16)
            .find(|size| native::Running::new(&native::stackswitch_sliced, *size).is_some());
        if self.wanted("sliced") {
            let subjects: Subjects = vec![
                ("stackswitch", subject(&native::stackswitch_sliced)),
                ("memcpy-pair", subject(&native::memcpy_pair_sliced)),
            ];
            let mut sizes = sizes.clone();
            if let Some(smallest) = smallest {
                self.results.note(format!("stackswitch's smallest slice here: {smallest} bytes"));
                sizes.push(smallest);
            }
            sizes.sort_unstable();
            sizes.dedup();
            for size in sizes.into_iter().filter(|size| *size <= 4 << 20) {
                self.measure("sliced", &subjects, size, Some(size), &plan);
            }
            let subjects = self.with_python("sliced", Vec::new());
            self.measure("sliced", &subjects, 0, None, &plan);
        }
        if self.wanted("sliced-unequal") {
            let subjects: Subjects =
                vec![("stackswitch", subject(&native::stackswitch_sliced_unequal))];
            for size in sizes.into_iter().filter(|size| (128..=4 << 20).contains(size)) {
                self.measure("sliced-unequal", &subjects, size, Some(size), &plan);
            }
        }
    }

    /// All depths in a range, for one that stands out.
    fn cliff(&mut self) {
        if !self.wanted("sliced-cliff") {
            return;
        }
        let subject = subject(&native::stackswitch_sliced);
        let plan = Plan { time: Duration::from_micros(500), ..self.plan(7, 4) };
        let sizes: Vec<usize> = (8 << 10..=12 << 10).step_by(16).collect();
        // A round goes through all sizes: a disturbance meets many of them once, none for long.
        let mut samples = vec![Vec::new(); sizes.len()];
        for _ in 0..plan.rounds {
            for (size, samples) in sizes.iter().zip(&mut samples) {
                samples.extend(subject.samples(*size, &plan));
            }
        }
        for (size, samples) in sizes.into_iter().zip(samples) {
            if let Some(summary) = measure::summary(samples) {
                self.results.add("sliced-cliff", "stackswitch", Some(size), NANOSECONDS, summary);
            }
        }
    }

    /// Rings of contexts that take turns: in the order they were made, in another one, and
    /// with the hint.
    fn rings(&mut self) {
        let lengths: &[usize] = if self.arguments.full {
            &[2, 5, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000, 300_000, 1_000_000]
        } else {
            &[2, 10, 100, 1000, 10_000, 30_000, 100_000, 1_000_000]
        };
        for &length in lengths {
            let in_order: Vec<usize> = (0..length).collect();
            if self.wanted("ring") {
                self.ring("ring", &in_order);
            }
            if length < 1000 {
                continue;
            }
            let shuffled = shuffled(length);
            if self.wanted("ring-shuffled") {
                self.ring("ring-shuffled", &shuffled);
            }
            if self.wanted("ring-prefetch") {
                self.ring_prefetch(&shuffled);
            }
        }
    }

    /// A sample is at least one lap.
    fn ring_plan(&self, length: usize) -> Plan {
        let (rounds, samples) = if length > 100_000 { (2, 7) } else { (9, 3) };
        Plan { operations: length, ..self.plan(rounds, samples) }
    }

    fn ring(&mut self, bench: &str, order: &[usize]) {
        let plan = self.ring_plan(order.len());
        let coroutines = order.to_vec();
        let subjects: Subjects = vec![
            ("stackswitch", subject(&native::stackswitch_ring)),
            ("inline-asm", subject(&native::inline_asm_ring)),
            ("c++20", subject(&native::cxx20_ring)),
            ("corosensei", Box::new(InProcess(move |_| Some(corosensei::Ring::new(&coroutines))))),
            ("boost-fcontext", subject(&native::boost_fcontext_ring)),
        ];
        native::with_order(order, 0, || {
            self.measure(bench, &subjects, order.len(), Some(order.len()), &plan);
        });
    }

    /// The best of a few distances.
    fn ring_prefetch(&mut self, order: &[usize]) {
        let plan = self.ring_plan(order.len());
        let subjects: Subjects = vec![("stackswitch", subject(&native::stackswitch_ring_prefetch))];
        let best = [1, 2, 4, 8, 16, 32]
            .into_iter()
            .flat_map(|ahead| {
                let measured = native::with_order(order, ahead, || {
                    measure::all(&subjects, order.len(), &plan)
                });
                measured.into_iter().map(move |(_, summary)| (ahead, summary))
            })
            .min_by(|(_, one), (_, other)| one.median.total_cmp(&other.median));
        if let Some((ahead, summary)) = best {
            let length = order.len();
            self.results.add("ring-prefetch", "stackswitch", Some(length), NANOSECONDS, summary);
            self.results.note(format!("ring-prefetch {length}: {ahead} contexts ahead is best"));
        }
    }

    /// Create, run to the end, destroy.
    fn lifecycle(&mut self) {
        if !self.wanted("lifecycle") {
            return;
        }
        let subjects = self.with_python(
            "lifecycle",
            vec![
                ("stackswitch", subject(&native::stackswitch_lifecycle)),
                ("c++20", subject(&native::cxx20_lifecycle)),
                ("corosensei", Box::new(InProcess(corosensei::Lifecycle::new))),
                ("generator-rs", Box::new(InProcess(|_| Some(generator::Lifecycle)))),
                ("boost-fcontext", subject(&native::boost_fcontext_lifecycle)),
                ("boost-fiber", subject(&native::boost_fiber_lifecycle)),
                ("glibc-swapcontext", subject(&native::swapcontext_lifecycle)),
            ],
        );
        let plan = self.plan(15, 3);
        self.measure("lifecycle", &subjects, 0, None, &plan);
    }

    /// The same with a heap that was once much larger.
    fn lifecycle_after_peak(&mut self) {
        const PEAK: usize = 100_000;
        if self.wanted("lifecycle-after-peak") {
            let us: Subjects =
                vec![("stackswitch", subject(&native::stackswitch_lifecycle_after_peak))];
            let plan = self.plan(7, 5);
            self.measure("lifecycle-after-peak", &us, PEAK, Some(PEAK), &plan);
        }
    }

    /// What a parked context costs.
    fn parked(&mut self) {
        const CONTEXTS: usize = 1_000_000;
        for bench in ["parked-bytes", "parked-locals"] {
            if !self.wanted(bench) {
                continue;
            }
            for subject in parked::subjects(bench) {
                let Some(cost) = parked::cost(bench, subject, CONTEXTS) else {
                    self.results.note(format!("{bench}: {subject} failed"));
                    continue;
                };
                let bytes = Summary { median: cost.resident, min: cost.resident };
                self.results.add(bench, subject, Some(CONTEXTS), BYTES, bytes);
                if let Some(slice) = cost.slice {
                    self.results.note(format!("{bench}: {subject}'s slices have {slice} bytes"));
                }
            }
        }
    }

    /// What must not be copied at all.
    fn statistics(&mut self) {
        let mut copied = |bench, copies: fn(usize) -> usize, contexts| {
            if self.wanted(bench) {
                let bytes = copies(contexts) as f64;
                let summary = Summary { median: bytes, min: bytes };
                self.results.add(bench, "stackswitch", Some(contexts), BYTES, summary);
            }
        };
        copied("hot-set-copied", native::hot_set_copies, 32);
        copied("scheduler-copied", native::scheduler_copies, 1000);
    }

    /// The whole process from start to end, for a generator and for the same as a plain program.
    fn first_result(&mut self) {
        const BENCH: &str = "first-result";
        if !self.wanted(BENCH) {
            return;
        }
        let (Some(command), Some(lli)) = (&self.arguments.command, &self.arguments.lli) else {
            return self.results.note(format!("{BENCH} is absent: no command and no lli given"));
        };
        let program =
            |name: &str| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("subjects").join(name);
        let subjects: Subjects = vec![
            (
                "stackswitch",
                Box::new(Process {
                    command: command.clone(),
                    arguments: vec!["run".into(), program("generator.ll")],
                    prints: "25\n",
                }),
            ),
            (
                "lli",
                Box::new(Process {
                    command: lli.clone(),
                    arguments: vec![program("no_generator.ll")],
                    prints: "25\n",
                }),
            ),
        ];
        let plan = self.plan(9, 3);
        self.measure(BENCH, &subjects, 0, None, &plan);
    }

    /// What our passes add to `opt -O1`: for a module without a switch, one with switches, and one
    /// half as large.
    fn pass_time(&mut self) {
        const SWITCHES: usize = 10_000;
        if self.wanted("pass-time") {
            self.pass_time_of("pass-time", Size::large(0), true);
        }
        if self.wanted("pass-time-switches") {
            let size = Size::large(SWITCHES);
            self.pass_time_of("pass-time-switches", size, true);
            self.pass_time_of("pass-time-switches", size.half(), false);
        }
    }

    /// Measures one module, with the rest of `opt` if `against` says so. A run takes seconds, and
    /// so one is enough for a figure where there is no time for more.
    fn pass_time_of(&mut self, bench: &str, size: Size, against: bool) {
        let (Some(opt), Some(plugin)) = (&self.arguments.opt, &self.arguments.plugin) else {
            return self.results.note(format!("{bench} is absent: no opt and no plugin given"));
        };
        let compiler = Compiler { opt: opt.clone(), plugin: plugin.clone() };
        let rounds = if self.arguments.full { 5 } else { 1 };
        let measured = compiler.module(size, &self.arguments.out).and_then(|module| {
            let (mut ours, mut all) = (Vec::new(), Vec::new());
            for _ in 0..rounds {
                ours.push(compiler.passes(&module)?);
                if against {
                    all.push(compiler.without_passes(&module)?);
                }
            }
            std::fs::remove_file(module)?;
            Ok([("stackswitch", ours), ("opt-O1", all)])
        });
        match measured {
            Ok(subjects) => {
                for (subject, samples) in subjects {
                    if let Some(summary) = measure::summary(samples) {
                        let param = Some(size.functions);
                        self.results.add(bench, subject, param, MILLISECONDS, summary);
                    }
                }
            }
            Err(error) => self.results.note(format!("{bench}: {error}")),
        }
    }
}
