//! Programs made at random mean the same in every way to run them.
//!
//! A program comes from a seed (`random/generate.rs`), what it must come to from an interpreter of
//! its own (`random/oracle.rs`). The seeds of the test are fixed. These variables do other things instead:
//!
//! - `STACKSWITCH_RANDOM=FIRST..END` runs those seeds, each in `STACKSWITCH_RANDOM_WAYS` ways (2), or in
//!   every way with `STACKSWITCH_RANDOM_ALL`. With `STACKSWITCH_RANDOM_SHRINK` a program that fails is
//!   made smaller and printed.
//! - `STACKSWITCH_RANDOM_SHOW=SEED` prints a program.

use std::{collections::BTreeSet, env, fs, ops::Range, process::Command, process::ExitCode};

use libtest_mimic::Failed;
use stackswitch_test_support::{Artifacts, Toolchain, directory, succeed, text};

use crate::{
    random::{
        emit::emit,
        generate::generate,
        isolate::isolated,
        oracle::{self, Outcome},
        program::Program,
        rng::Rng,
        shrink::shrink,
        ways,
    },
    suite::Tests,
};

/// Programs whose oracle takes more steps are not run.
const MOST_STEPS: usize = 20_000;
/// The seeds of the test, and how many in one trial.
const SEEDS: Range<u64> = 0..64;
const TOGETHER: u64 = 8;
/// In how many ways a program of the test runs, and one of a search, beside the plain one.
const WAYS: usize = 4;
const WAYS_OF_SEARCH: usize = 2;
/// The seeds that are compiled ahead of time, with levels and versions in turn.
const AHEAD: Range<u64> = 64..76;

/// Another program than the tests, if a variable asks for one.
pub fn as_search() -> Option<ExitCode> {
    if let Some(seed) = env::var("STACKSWITCH_RANDOM_SHOW").ok().and_then(|s| s.parse().ok()) {
        println!("{:#?}\n{}", generate(seed), emit(&generate(seed), &[]).join("\n; ----\n"));
        return Some(ExitCode::SUCCESS);
    }
    let seeds = env::var("STACKSWITCH_RANDOM").ok().and_then(|text| range(&text))?;
    Some(search(seeds))
}

/// Groups of programs that the JIT runs, and programs that are compiled ahead of time.
pub fn tests(tests: &mut Tests) {
    for first in SEEDS.step_by(TOGETHER as usize) {
        tests.add(format!("seeds-{first}"), move || run_seeds(first..first + TOGETHER));
    }
    tests.add("the-passes-find-work", find_work);
    for seed in AHEAD.filter(|&seed| of_seed(seed).is_some()) {
        tests.add_with_artifacts(format!("ahead-{seed}"), move |artifacts| {
            Ok(check_ahead(seed, artifacts)?)
        });
    }
}

/// Runs seeds in another process of this program. Each program runs in a fork, and only a process with
/// one thread can be forked safely.
fn run_seeds(seeds: Range<u64>) -> Result<(), Failed> {
    let mut search = Command::new(env::current_exe()?);
    search.env("STACKSWITCH_RANDOM", format!("{}..{}", seeds.start, seeds.end));
    // No time limit for all of them: each has one of its own.
    let output = search.env("STACKSWITCH_RANDOM_WAYS", WAYS.to_string()).output()?;
    if output.status.success() { Ok(()) } else { Err(text(&output.stdout).into()) }
}

/// Every decision that the passes take about such programs is taken about one of them.
fn find_work() -> Result<(), Failed> {
    let mut left = BTreeSet::from([
        "CurrentKnown",
        "DirectCall",
        "FrameOnHeap",
        "LinkKnown",
        "LinkUnread",
        "SliceSizeKnown",
        "SlicePopped",
        "Stackless",
        "StatusKnown",
        "SwapToOneself",
        "SwitchInPlace",
    ]);
    for seed in SEEDS {
        if left.is_empty() {
            break;
        }
        for taken in ways::decisions(&generate(seed))? {
            left.remove(taken);
        }
    }
    if left.is_empty() {
        Ok(())
    } else {
        Err(format!("no program of the test has {left:?}").into())
    }
}

/// Compiles a program by clang with the plugin, links it with the runtime, and runs it.
fn check_ahead(seed: u64, artifacts: &Artifacts) -> Result<(), String> {
    let (program, expected) = of_seed(seed).ok_or("the program takes too long")?;
    let level = ["-O2", "-O1", "-O3", "-O0"][(seed / 2) as usize % 4];
    let toolchain: &Toolchain =
        if seed.is_multiple_of(2) { &artifacts.llvm } else { &artifacts.other };
    let directory = directory("random_programs")?;
    let mut objects = Vec::new();
    for (number, text) in emit(&program, &[]).iter().enumerate() {
        let source = directory.join(format!("{seed}-{number}.ll"));
        let object = source.with_extension("o");
        fs::write(&source, text).map_err(|error| format!("{source:?}: {error}"))?;
        let mut compile = toolchain.clang();
        compile.args([level, "-Wno-override-module", "-c"]).arg(&source).arg("-o").arg(&object);
        succeed(&mut compile)?;
        objects.push(object);
    }
    let executable = directory.join(seed.to_string());
    let mut link = Command::new("cc");
    link.args(&objects).arg(&artifacts.runtime).args(["-lgcc_s", "-lm", "-o"]).arg(&executable);
    succeed(&mut link)?;
    let found = text(&succeed(&mut Command::new(&executable))?.stdout);
    if found.trim() == expected.sum.to_string() {
        return Ok(());
    }
    Err(format!("{level}: expected the sum {}, found {found}", expected.sum))
}

fn range(text: &str) -> Option<Range<u64>> {
    let (first, end) = text.split_once("..")?;
    Some(first.parse().ok()?..end.parse().ok()?)
}

/// A program with what it must come to, unless it takes too long.
fn of_seed(seed: u64) -> Option<(Program, Outcome)> {
    let program = generate(seed);
    let expected = oracle::run(&program, MOST_STEPS)?;
    Some((program, expected))
}

/// Runs a program in some ways, in a process of its own.
fn try_all(program: &Program, expected: Outcome, ways: &[ways::Way]) -> Result<(), String> {
    isolated(|say| {
        for way in ways {
            say(&way.to_string());
            ways::check(program, expected, way)?;
        }
        Ok(())
    })
}

/// Runs many programs, and says what is wrong with the smallest ones that fail.
fn search(seeds: Range<u64>) -> ExitCode {
    let every = env::var_os("STACKSWITCH_RANDOM_ALL").is_some();
    let shrinks = env::var_os("STACKSWITCH_RANDOM_SHRINK").is_some();
    let count = env::var("STACKSWITCH_RANDOM_WAYS").ok().and_then(|count| count.parse().ok());
    let count = count.unwrap_or(WAYS_OF_SEARCH);
    let (mut ran, mut failed) = (0, 0);
    for seed in seeds {
        let Some((program, expected)) = of_seed(seed) else { continue };
        let ways = if every {
            ways::all(&program)
        } else {
            ways::some(&program, &mut Rng::new(seed), count)
        };
        ran += 1;
        let Err(error) = try_all(&program, expected, &ways) else { continue };
        failed += 1;
        println!("seed {seed}: {error}");
        if !shrinks {
            continue;
        }
        let name = error.split(": ").next().unwrap_or_default().to_owned();
        let Some(way) = ways.iter().find(|way| way.to_string() == name) else { continue };
        let fails = |program: &Program| {
            oracle::run(program, MOST_STEPS)
                .is_some_and(|expected| try_all(program, expected, &[*way]).is_err())
        };
        let small = shrink(program, &fails);
        let expected = oracle::run(&small, MOST_STEPS);
        let again = expected.map(|expected| try_all(&small, expected, &[*way]));
        println!("smallest: {again:?} {expected:?}\n{}", emit(&small, &[]).join("; ----\n"));
    }
    println!("{ran} programs, {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
