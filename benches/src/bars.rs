//! The bars: goals of stackswitch, compared with the measured figures.

use crate::results::Results;

/// A figure that a bar is about.
#[derive(Clone, Copy)]
enum Figure {
    /// Bench, subject, parameter.
    Of(&'static str, &'static str, Option<usize>),
    /// The largest median of all parameters.
    Worst(&'static str, &'static str),
    /// The median of the medians of all parameters.
    Middle(&'static str, &'static str),
    /// Not measured but given.
    Given(f64),
}
use Figure::{Given, Middle, Of, Worst};

impl Figure {
    fn value(self, results: &Results) -> Option<f64> {
        let medians = |bench, subject| {
            let mut list: Vec<f64> = results.of(bench, subject).map(|r| r.median).collect();
            list.sort_by(f64::total_cmp);
            list
        };
        match self {
            Of(bench, subject, param) => results.median(bench, subject, param),
            Worst(bench, subject) => medians(bench, subject).last().copied(),
            Middle(bench, subject) => {
                let list = medians(bench, subject);
                list.get(list.len() / 2).copied()
            }
            Given(value) => Some(value),
        }
    }
}

/// `left` must be at most `factor` times `right`.
struct Bar {
    name: &'static str,
    left: Figure,
    right: Figure,
    factor: f64,
}

const fn bar(name: &'static str, left: Figure, right: Figure, factor: f64) -> Bar {
    Bar { name, left, right, factor }
}

const US: &str = "stackswitch";
const MILLION: Option<usize> = Some(1_000_000);
const FUNCTIONS: Option<usize> = Some(100_000);
const HALF_THE_FUNCTIONS: Option<usize> = Some(50_000);

const fn sliced(subject: &'static str, bytes: usize) -> Figure {
    Of("sliced", subject, Some(bytes))
}

/// "n times faster" is at most 1/n of the time.
const BARS: &[Bar] = &[
    bar(
        "resident: 1.6 times faster than Boost fcontext",
        Of("resident", US, None),
        Of("resident", "boost-fcontext", None),
        1.0 / 1.6,
    ),
    bar(
        "resident swap in place: 1.25 times corosensei",
        Of("resident", "stackswitch-swap-in-place", None),
        Of("resident", "corosensei", None),
        1.25,
    ),
    bar(
        "swapcontext in place, null base: 1.3 times the floor with objects",
        Of("ucontext", "swapcontext-in-place", None),
        Of("ucontext", "inline-asm-objects", None),
        1.3,
    ),
    bar(
        "swapcontext in place, null base: as fast as corosensei",
        Of("ucontext", "swapcontext-in-place", None),
        Of("ucontext", "corosensei", None),
        1.0,
    ),
    bar(
        "a ucontext program by a flag: 20 times faster than glibc",
        Of("ucontext", "from-ucontext", None),
        Of("ucontext", "glibc", None),
        1.0 / 20.0,
    ),
    bar(
        "generator: 1.05 plain loops",
        Of("generator", US, None),
        Of("generator", "plain-loop", None),
        1.05,
    ),
    bar(
        "generator: not slower than C++20 (within 2 %)",
        Of("generator", US, None),
        Of("generator", "cxx20-coroutine", None),
        1.02,
    ),
    bar(
        "generator that cannot be folded: 1.05 plain loops",
        Of("generator-random", US, None),
        Of("generator-random", "plain-loop", None),
        1.05,
    ),
    bar(
        "generator that cannot be folded: not slower than C++20 (2 %)",
        Of("generator-random", US, None),
        Of("generator-random", "cxx20-coroutine", None),
        1.02,
    ),
    bar(
        "host-driven generator, next: 2.5 corosensei pairs",
        Of("host-generator", US, None),
        Of("host-generator", "corosensei", None),
        2.5,
    ),
    bar("sliced, 128 B: 2.2 memcpy pairs", sliced(US, 128), sliced("memcpy-pair", 128), 2.2),
    bar("sliced, 2 KiB: 1.4 pairs", sliced(US, 2 << 10), sliced("memcpy-pair", 2 << 10), 1.4),
    bar("sliced, 8 KiB: 1.15 pairs", sliced(US, 8 << 10), sliced("memcpy-pair", 8 << 10), 1.15),
    bar("sliced, 64 KiB: 1.15 pairs", sliced(US, 64 << 10), sliced("memcpy-pair", 64 << 10), 1.15),
    bar(
        "sliced, 1 MiB: 2.5 times faster than the pair",
        sliced(US, 1 << 20),
        sliced("memcpy-pair", 1 << 20),
        1.0 / 2.5,
    ),
    bar(
        "sliced, 4 MiB: 10 times faster than the pair",
        sliced(US, 4 << 20),
        sliced("memcpy-pair", 4 << 20),
        1.0 / 10.0,
    ),
    bar(
        "no cliff from 8 to 12 KiB: worst depth 1.5 times the middle one",
        Worst("sliced-cliff", US),
        Middle("sliced-cliff", US),
        1.5,
    ),
    bar("ring of 1,000,000 in order: 35 ns", Of("ring", US, MILLION), Given(35.0), 1.0),
    bar(
        "ring of 1,000,000: faster than Boost on 4 KiB stacks",
        Of("ring", US, MILLION),
        Of("ring", "boost-fcontext", MILLION),
        1.0,
    ),
    bar(
        "ring of 1,000,000 shuffled: 3 times faster with prefetch",
        Of("ring-prefetch", US, MILLION),
        Of("ring-shuffled", US, MILLION),
        1.0 / 3.0,
    ),
    bar(
        "parked with 136-byte slices: 210 bytes",
        Of("parked-bytes", US, MILLION),
        Given(210.0),
        1.0,
    ),
    bar("create, run, destroy: 30 ns", Of("lifecycle", US, None), Given(30.0), 1.0),
    bar(
        "hot set of 32, null base: nothing copied",
        Of("hot-set-copied", US, Some(32)),
        Given(0.0),
        1.0,
    ),
    bar(
        "scheduler above 1,000 contexts: never copied",
        Of("scheduler-copied", US, Some(1000)),
        Given(0.0),
        1.0,
    ),
    bar(
        "first result of `run`: 1.3 times lli",
        Of("first-result", US, None),
        Of("first-result", "lli", None),
        1.3,
    ),
    bar(
        "passes, 1,000,000 instructions, no switch: 2 % of opt -O1",
        Of("pass-time", US, FUNCTIONS),
        Of("pass-time", "opt-O1", FUNCTIONS),
        0.02,
    ),
    bar(
        "passes, the same with 10,000 switches: 10 % of opt -O1",
        Of("pass-time-switches", US, FUNCTIONS),
        Of("pass-time-switches", "opt-O1", FUNCTIONS),
        0.1,
    ),
    bar(
        "passes, linear: 2.6 times those for half the module",
        Of("pass-time-switches", US, FUNCTIONS),
        Of("pass-time-switches", US, HALF_THE_FUNCTIONS),
        2.6,
    ),
];

/// How a bar came out.
#[derive(Debug, PartialEq)]
struct Outcome {
    left: f64,
    right: f64,
    pass: bool,
}

fn outcome(bar: &Bar, results: &Results) -> Option<Outcome> {
    let (left, right) = (bar.left.value(results)?, bar.right.value(results)?);
    Some(Outcome { left, right, pass: left <= bar.factor * right })
}

/// Prints each bar whose figures were measured, and how many were reached.
pub fn print(results: &Results) {
    println!("\n{:<64} {:>11} {:>11} {:>7} {:>7}", "bar", "measured", "against", "ratio", "limit");
    let (mut reached, mut missed) = (0, 0);
    for bar in BARS {
        let Some(Outcome { left, right, pass }) = outcome(bar, results) else { continue };
        let ratio = if left == right { 1.0 } else { left / right };
        let word = if pass { "pass" } else { "MISS" };
        println!(
            "{:<64} {left:>11.2} {right:>11.2} {ratio:>7.3} {:>7.3} {word}",
            bar.name, bar.factor
        );
        if pass { reached += 1 } else { missed += 1 }
    }
    println!("{reached} bars reached, {missed} missed");
}

#[cfg(test)]
mod tests {
    use super::{Figure, Outcome, bar, outcome};
    use crate::measure::Summary;
    use crate::results::Results;

    fn results(figures: &[(usize, f64)]) -> Results {
        let mut results = Results::default();
        for &(param, median) in figures {
            results.add("b", "s", Some(param), "ns", Summary { median, min: median });
        }
        results
    }

    #[test]
    fn a_bar_is_missed_just_above_its_factor() {
        let limit = bar("", Figure::Of("b", "s", Some(1)), Figure::Of("b", "s", Some(2)), 1.5);
        let at = |left| outcome(&limit, &results(&[(1, left), (2, 10.0)]));
        assert_eq!(at(15.0), Some(Outcome { left: 15.0, right: 10.0, pass: true }));
        assert_eq!(at(15.1), Some(Outcome { left: 15.1, right: 10.0, pass: false }));
    }

    #[test]
    fn a_bar_without_its_figures_says_nothing() {
        let limit = bar("", Figure::Of("b", "s", Some(3)), Figure::Given(1.0), 1.0);
        assert_eq!(outcome(&limit, &results(&[(1, 1.0)])), None);
    }

    #[test]
    fn worst_and_middle_are_over_all_parameters() {
        let results = results(&[(1, 3.0), (2, 9.0), (3, 1.0), (4, 4.0), (5, 5.0)]);
        assert_eq!(Figure::Worst("b", "s").value(&results), Some(9.0));
        assert_eq!(Figure::Middle("b", "s").value(&results), Some(4.0));
    }
}
