//! Traces are complete and true, and can be drawn.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use stackswitch_test_support::{directory, run, succeed, text};

use crate::{ROOT, STACKSWITCH};

/// Two contexts that displace each other, and one in a region of its own.
const PROGRAM: &str = "\
define internal ptr @numbers(ptr %arg, ptr %first) {
  br label %loop
loop:
  %x = call ptr @llvm.stackswitch.suspend(ptr %first)
  br label %loop
}
define internal ptr @once(ptr %arg, ptr %first) {
  %locals = alloca [300 x i8]
  store volatile i8 1, ptr %locals
  %x = call ptr @llvm.stackswitch.suspend(ptr %first)
  store volatile i8 2, ptr %locals
  ret ptr %x
}
define i32 @main() {
  %base = call ptr @llvm.stackswitch.base.create(i64 65536)
  %a = call ptr @llvm.stackswitch.spawn(ptr null, ptr @numbers, ptr null)
  %b = call ptr @llvm.stackswitch.spawn(ptr %base, ptr @once, ptr null)
  %c = call ptr @llvm.stackswitch.spawn(ptr %base, ptr @once, ptr null)
  %1 = call ptr @llvm.stackswitch.resume(ptr %a, ptr null)
  %2 = call ptr @llvm.stackswitch.resume(ptr %b, ptr null)
  %3 = call ptr @llvm.stackswitch.resume(ptr %c, ptr null)
  %4 = call ptr @llvm.stackswitch.resume(ptr %b, ptr null)
  %5 = call ptr @llvm.stackswitch.resume(ptr %a, ptr null)
  call void @llvm.stackswitch.destroy(ptr %a)
  call void @llvm.stackswitch.destroy(ptr %b)
  call void @END()
  ret i32 0
}
declare ptr @llvm.stackswitch.base.create(i64)
declare ptr @llvm.stackswitch.spawn(ptr, ptr, ptr)
declare ptr @llvm.stackswitch.resume(ptr, ptr)
declare ptr @llvm.stackswitch.suspend(ptr)
declare ptr @llvm.stackswitch.current()
declare void @llvm.stackswitch.destroy(ptr)
declare void @exit(i32)
";
/// What the program does at its end.
const NOTHING: &str = "define void @END() {\n  ret void\n}\n";
const EXIT: &str = "define void @END() {\n  call void @exit(i32 5)\n  ret void\n}\n";
const FAULT: &str = "define void @END() {
  %me = call ptr @llvm.stackswitch.current()
  %x = call ptr @llvm.stackswitch.resume(ptr %me, ptr null)
  ret void
}
";

/// Runs a program of that end, gives its status and its trace.
fn traced(name: &str, end: &str) -> (Option<i32>, Trace) {
    let directory = directory("trace").unwrap();
    let program = directory.join(format!("{name}.ll"));
    fs::write(&program, format!("{PROGRAM}{end}")).unwrap();
    let (status, path, _) = run_traced(&program, name, &["-O0"]);
    (status, Trace::read(&path))
}

/// Runs a program with a trace; gives its status, the trace's path, and what it said on stderr.
fn run_traced(program: &Path, name: &str, flags: &[&str]) -> (Option<i32>, PathBuf, String) {
    let trace = directory("trace").unwrap().join(format!("{name}.json"));
    let mut command = Command::new(STACKSWITCH);
    let output =
        run(command.arg("run").args(flags).arg("--trace").arg(&trace).arg(program)).unwrap();
    (output.status.code(), trace, text(&output.stderr))
}

struct Trace {
    events: Vec<Value>,
    /// Names of contexts by thread and number.
    names: BTreeMap<(u64, u64), String>,
}

impl Trace {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let events: Vec<Value> = serde_json::from_str(&text).expect("the whole file is JSON");
        let lanes = events.iter().filter(|event| event["name"] == "thread_name");
        let names = lanes
            .map(|e| {
                let key = (e["pid"].as_u64().unwrap(), e["tid"].as_u64().unwrap());
                (key, e["args"]["name"].as_str().unwrap().to_owned())
            })
            .collect();
        Self { events, names }
    }

    fn name(&self, thread: &Value, context: &Value) -> &str {
        &self.names[&(thread.as_u64().unwrap(), context.as_u64().unwrap())]
    }

    /// The switches in their order, as `from > to saved/restored`.
    fn switches(&self) -> Vec<String> {
        let runs = self.events.iter().filter(|e| e["ph"] == "X" && e["args"].get("to").is_some());
        runs.map(|e| {
            let (from, to) =
                (self.name(&e["pid"], &e["tid"]), self.name(&e["pid"], &e["args"]["to"]));
            format!("{from} > {to} {}/{}", e["args"]["saved"], e["args"]["restored"])
        })
        .collect()
    }

    /// What else happened, as `event context`.
    fn instants(&self, name: &str) -> Vec<String> {
        let found = self.events.iter().filter(|e| e["ph"] == "i" && e["name"] == name);
        found.map(|e| self.name(&e["pid"], &e["tid"]).to_owned()).collect()
    }

    /// Each context of a thread runs from when it was switched to until it switches.
    fn check_times(&self) {
        let mut next: BTreeMap<u64, (u64, f64)> = BTreeMap::new();
        for event in self.events.iter().filter(|e| e["ph"] == "X") {
            let (thread, context) =
                (event["pid"].as_u64().unwrap(), event["tid"].as_u64().unwrap());
            let (start, duration) = (event["ts"].as_f64().unwrap(), event["dur"].as_f64().unwrap());
            assert!(duration >= 0.0);
            if let Some((expected, at)) = next.remove(&thread) {
                assert_eq!(context, expected, "who was switched to has run: {event}");
                assert!((start - at).abs() < 0.002, "since {at}: {event}");
            }
            if let Some(to) = event["args"].get("to") {
                next.insert(thread, (to.as_u64().unwrap(), start + duration));
            }
        }
    }
}

/// What the program's contexts do, without the host's part.
fn expected(slice: u64) -> Vec<String> {
    [
        ("#0 main > #1 numbers", 0, 0),
        ("#1 numbers > #0 main", 0, 0),
        ("#0 main > #2 once", 0, 0),
        ("#2 once > #0 main", 0, 0),
        ("#0 main > #3 once", slice, 0),
        ("#3 once > #0 main", 0, 0),
        ("#0 main > #2 once", slice, slice),
        ("#2 once > #0 main", 0, 0),
        ("#0 main > #1 numbers", 0, 0),
        ("#1 numbers > #0 main", 0, 0),
    ]
    .map(|(who, saved, restored)| format!("{who} {saved}/{restored}"))
    .to_vec()
}

/// The trace's switches between contexts of the program, with the contexts numbered from its main.
fn of_the_program(trace: &Trace) -> Vec<String> {
    let switches = trace.switches();
    let own = switches.iter().filter(|s| !s.contains(" host"));
    let own: Vec<String> = own.map(|s| renumbered(s)).collect();
    assert_eq!(switches.len(), own.len() + 2, "to main and back: {switches:?}");
    own
}

/// The host's context is number 1, behind the main one.
fn renumbered(text: &str) -> String {
    text.replace("#2 ", "#1 ").replace("#3 ", "#2 ").replace("#4 ", "#3 ")
}

#[test]
fn every_switch_is_there() {
    let (status, trace) = traced("return", NOTHING);
    assert_eq!(status, Some(0));
    let switches = of_the_program(&trace);
    let saved = trace.events.iter().find(|e| e["name"] == "save").expect("a slice was saved");
    let slice = saved["args"]["bytes"].as_u64().unwrap();
    assert!((300..1000).contains(&slice), "300 bytes of locals make a slice of {slice}");
    assert_eq!(switches, expected(slice));
    trace.check_times();

    assert_eq!(trace.instants("spawn"), ["#0 main", "#2 numbers", "#3 once", "#4 once"]);
    assert_eq!(trace.instants("save"), ["#3 once", "#4 once"]);
    assert_eq!(trace.instants("restore"), ["#3 once"]);
    assert_eq!(trace.instants("finish"), ["#3 once"]);
    assert_eq!(trace.instants("destroy")[..2], ["#2 numbers", "#3 once"]);
}

#[test]
fn a_trace_is_whole_however_the_program_ends() {
    for (name, end, status) in [("exit", EXIT, 5), ("fault", FAULT, 70)] {
        let (found, trace) = traced(name, end);
        assert_eq!(found, Some(status), "{name}");
        let own: Vec<_> = trace.switches().into_iter().filter(|s| !s.contains(" host")).collect();
        assert_eq!(own.len(), 10, "{name}: {own:?}");
        trace.check_times();
    }
}

/// A program of `ir_tests/`.
fn ir_test(name: &str) -> PathBuf {
    Path::new(ROOT).join("ir_tests").join(name).with_extension("ll")
}

#[test]
fn there_are_as_many_switches_as_the_runtime_counts() {
    for (name, level) in [("scheduler", "-O0"), ("scheduler", "-O2"), ("many_depths", "-O2")] {
        let (status, path, stats) = run_traced(&ir_test(name), "counted", &[level, "--stats"]);
        assert_eq!(status, Some(0));
        let counted = stats.split_once("switches: ").unwrap().1.split_once(',').unwrap().0;
        let trace = Trace::read(&path);
        assert_eq!(trace.switches().len().to_string(), counted);
        trace.check_times();
        let bytes = |name: &str| -> u64 {
            let copies = trace.events.iter().filter(|e| e["name"] == name);
            copies.map(|e| e["args"]["bytes"].as_u64().unwrap()).sum()
        };
        let slices = format!("{} bytes saved, {} restored", bytes("save"), bytes("restore"));
        assert!(stats.contains(&slices), "{slices} in:\n{stats}");
    }
}

#[test]
fn every_thread_is_there() {
    let (status, path, _) = run_traced(&ir_test("threads"), "threads", &["-O0"]);
    assert_eq!(status, Some(0));
    let trace = Trace::read(&path);
    trace.check_times();
    let mut runs: BTreeMap<u64, usize> = BTreeMap::new();
    for event in trace.events.iter().filter(|e| e["ph"] == "X") {
        *runs.entry(event["pid"].as_u64().unwrap()).or_default() += 1;
    }
    assert_eq!(runs.len(), 5, "the main one and four");
    assert!(runs.iter().all(|(&thread, &runs)| thread == 1 || runs > 1000), "{runs:?}");
}

/// Programs with so many switches that reading their traces takes seconds.
const LONG: [&str; 4] = ["musttail", "random_bases", "random_walk", "thirty_thousand"];

/// Every program does what it does without a trace.
#[test]
fn a_traced_program_does_what_it_does_otherwise() {
    let trace = directory("trace").unwrap().join("same.json");
    let programs = fs::read_dir(Path::new(ROOT).join("ir_tests")).unwrap();
    let mut seen = 0;
    for program in programs.map(|entry| entry.unwrap().path()) {
        let name = program.file_stem().unwrap().to_str().unwrap();
        if program.extension().is_none_or(|extension| extension != "ll") || LONG.contains(&name) {
            continue;
        }
        let read = |extension| fs::read_to_string(program.with_extension(extension));
        let expected = read("expected").unwrap_or_default();
        let status = read("status").map_or(0, |status| status.trim().parse().unwrap());
        let mut command = Command::new(STACKSWITCH);
        let output = run(command.arg("run").arg("--trace").arg(&trace).arg(&program)).unwrap();
        assert_eq!(text(&output.stdout), expected, "{name}: {}", text(&output.stderr));
        assert_eq!(output.status.code(), Some(status), "{name}: {}", text(&output.stderr));
        Trace::read(&trace).check_times();
        seen += 1;
    }
    assert!(seen > 20, "{seen} programs");
}

#[test]
fn the_picture_is_well_formed_and_shows_the_contexts() {
    let (_, trace) = traced("drawn", NOTHING);
    let path = directory("trace").unwrap().join("drawn.json");
    let picture = succeed(Command::new(STACKSWITCH).arg("trace").arg(&path)).unwrap().stdout;
    let picture = text(&picture);
    let svg = roxmltree::Document::parse(&picture).expect("XML");
    assert_eq!(svg.root_element().tag_name().name(), "svg");
    let texts = texts_of(&svg);
    for name in trace.names.values() {
        assert!(texts.contains(&name.as_str()), "a lane for {name}: {texts:?}");
    }
    let sums = texts.iter().find(|text| text.contains("switches")).expect("sums");
    assert!(sums.starts_with("1 thread, 5 contexts, 12 switches in "), "{sums}");
    assert!(texts.iter().any(|text| text.starts_with("time since the start (")));
    let tooltips = texts.iter().filter(|text| text.ends_with(" bytes saved")).count();
    assert!(tooltips >= 1, "slices are marked: {texts:?}");

    let few = Command::new(STACKSWITCH).arg("trace").arg(&path).args(["--lanes", "2"]).output();
    let few = text(&few.unwrap().stdout);
    let few = roxmltree::Document::parse(&few).expect("XML");
    assert!(texts_of(&few).contains(&"4 others"), "{few:?}");
}

/// The texts of a picture.
fn texts_of<'d>(svg: &'d roxmltree::Document<'_>) -> Vec<&'d str> {
    svg.descendants().filter_map(|node| node.text()).map(str::trim).collect()
}

/// A trace as `run --trace` writes it, of 3,000 contexts that run one function, and some others. The
/// names are such that no label would fit.
fn large_trace() -> String {
    const LONG: &str = "a_crate::with::many::modules::and::Types<and::parameters>::wait_for_input";
    let mut lines = Vec::new();
    for id in 0..3010_u32 {
        let function = if id < 3000 { LONG.to_owned() } else { format!("{LONG}_{id}") };
        lines.push(format!(
            r##"{{"name":"thread_name","ph":"M","pid":1,"tid":{id},"args":{{"name":"#{id} {function}"}}}}"##
        ));
        lines.push(format!(
            r#"{{"name":"f","ph":"X","pid":1,"tid":{id},"ts":{id},"dur":1,"args":{{"to":0}}}}"#
        ));
        lines.push(format!(
            r#"{{"name":"save","ph":"i","pid":1,"tid":{id},"ts":{},"args":{{"bytes":100}}}}"#,
            id + 1
        ));
    }
    format!("[\n{}\n]\n", lines.join(",\n"))
}

#[test]
fn many_contexts_of_a_function_share_a_lane_and_every_label_fits() {
    let path = directory("cli_trace").unwrap().join("large.json");
    fs::write(&path, large_trace()).unwrap();
    let picture = succeed(Command::new(STACKSWITCH).arg("trace").arg(&path)).unwrap().stdout;
    let picture = text(&picture);
    let svg = roxmltree::Document::parse(&picture).expect("XML");
    let labels: Vec<_> =
        svg.descendants().filter(|node| node.attribute("text-anchor") == Some("end")).collect();
    assert_eq!(labels.len(), 11, "a lane for the 3,000, and ten");
    for label in &labels {
        let size: f64 = label.attribute("font-size").unwrap().parse().unwrap();
        let end: f64 = label.attribute("x").unwrap().parse().unwrap();
        let characters = label.text().unwrap().trim().chars().count() as f64;
        // Characters of a monospaced font are about 0.6 of its size wide.
        assert_eq!(label.attribute("font-family"), Some("monospace"));
        assert!(end - characters * size * 0.62 >= 0.0, "{label:?}");
    }
    let texts = texts_of(&svg);
    assert!(texts.iter().any(|text| text.starts_with("3000 \u{d7} a_crate::with")), "{texts:?}");
    assert!(texts.contains(&"at most 3000 displaced"), "{texts:?}");
}

#[test]
fn an_empty_trace_is_an_error() {
    let path = directory("cli_trace").unwrap().join("empty.json");
    for content in ["", "[\n]\n"] {
        fs::write(&path, content).unwrap();
        let output = run(Command::new(STACKSWITCH).arg("trace").arg(&path)).unwrap();
        assert_eq!(output.status.code(), Some(65), "{content:?}");
        assert!(text(&output.stdout).is_empty());
        let stderr = text(&output.stderr);
        assert!(stderr.contains("empty.json: the trace is empty"), "{stderr}");
    }
}

#[test]
fn what_is_no_trace_is_refused() {
    let directory = directory("trace").unwrap();
    let path = directory.join("not_a_trace.json");
    for (content, place) in [("[\n{]\n", ":2: "), ("[\n{\"a\": 1}\n]\n", ":2: "), ("text", ":1: ")]
    {
        fs::write(&path, content).unwrap();
        let output = run(Command::new(STACKSWITCH).arg("trace").arg(&path)).unwrap();
        assert_eq!(output.status.code(), Some(65));
        assert!(text(&output.stderr).contains(place), "{}", text(&output.stderr));
    }
    let output = run(Command::new(STACKSWITCH).args(["trace", "no-such-file"])).unwrap();
    assert_eq!(output.status.code(), Some(66));
    let program = ir_test("threads");
    let (status, _, stderr) = run_traced(&program, "no-such-directory/trace", &[]);
    assert_eq!(status, Some(73), "{stderr}");
}
