//! The limits: how many times the figure of a peer a figure of stackswitch may be.

use crate::results::Results;

/// A figure that a limit is about.
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
            let mut list: Vec<f64> = results.of_subject(bench, subject).map(|r| r.median).collect();
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
struct Limit {
    name: &'static str,
    left: Figure,
    right: Figure,
    factor: f64,
}

const fn limit(name: &'static str, left: Figure, right: Figure, factor: f64) -> Limit {
    Limit { name, left, right, factor }
}

const US: &str = "stackswitch";
const MILLION: Option<usize> = Some(1_000_000);
const FUNCTIONS: Option<usize> = Some(100_000);
const HALF_THE_FUNCTIONS: Option<usize> = Some(50_000);

const fn sliced(subject: &'static str, bytes: usize) -> Figure {
    Of("sliced", subject, Some(bytes))
}

const fn of(bench: &'static str, subject: &'static str) -> Figure {
    Of(bench, subject, None)
}

const fn ring(bench: &'static str, subject: &'static str) -> Figure {
    Of(bench, subject, MILLION)
}

/// Ratios, because they differ less from core to core than times. Bytes are what they are.
const LIMITS: &[Limit] = &[
    limit(
        "resume and suspend, calls: Boost fcontext",
        of("resident", US),
        of("resident", "boost-fcontext"),
        0.6,
    ),
    limit(
        "swap, calls: Boost fcontext",
        of("resident", "stackswitch-swap"),
        of("resident", "boost-fcontext"),
        0.8,
    ),
    limit(
        "swap in place: corosensei",
        of("resident", "stackswitch-swap-in-place"),
        of("resident", "corosensei"),
        1.15,
    ),
    limit(
        "swapcontext in place: the floor with objects",
        of("ucontext", "swapcontext-in-place"),
        of("ucontext", "inline-asm-objects"),
        1.15,
    ),
    limit(
        "swapcontext in place: corosensei",
        of("ucontext", "swapcontext-in-place"),
        of("ucontext", "corosensei"),
        1.0,
    ),
    limit(
        "a program for ucontext.h by a flag: glibc",
        of("ucontext", "from-ucontext"),
        of("ucontext", "glibc"),
        0.05,
    ),
    limit("generator: plain loop", of("generator", US), of("generator", "plain-loop"), 1.05),
    limit("generator: C++20", of("generator", US), of("generator", "cxx20-coroutine"), 1.02),
    limit(
        "generator that cannot be folded: plain loop",
        of("generator-random", US),
        of("generator-random", "plain-loop"),
        1.05,
    ),
    limit(
        "generator that cannot be folded: C++20",
        of("generator-random", US),
        of("generator-random", "cxx20-coroutine"),
        1.02,
    ),
    limit(
        "Iterator::next of the host: corosensei pair",
        of("host-generator", US),
        of("host-generator", "corosensei"),
        1.8,
    ),
    limit(
        "create, run, destroy: corosensei",
        of("lifecycle", US),
        of("lifecycle", "corosensei"),
        1.3,
    ),
    limit(
        "create, run, destroy: Boost",
        of("lifecycle", US),
        of("lifecycle", "boost-fcontext"),
        2.1,
    ),
    limit("sliced, 128 B: memcpy pair", sliced(US, 128), sliced("memcpy-pair", 128), 1.7),
    limit("sliced, 2 KiB: memcpy pair", sliced(US, 2 << 10), sliced("memcpy-pair", 2 << 10), 1.4),
    limit("sliced, 8 KiB: memcpy pair", sliced(US, 8 << 10), sliced("memcpy-pair", 8 << 10), 1.15),
    limit(
        "sliced, 64 KiB: memcpy pair",
        sliced(US, 64 << 10),
        sliced("memcpy-pair", 64 << 10),
        1.15,
    ),
    limit("sliced, 1 MiB: memcpy pair", sliced(US, 1 << 20), sliced("memcpy-pair", 1 << 20), 0.4),
    limit("sliced, 4 MiB: memcpy pair", sliced(US, 4 << 20), sliced("memcpy-pair", 4 << 20), 0.1),
    limit(
        "sliced, 128 B, unequal depth: equal depth",
        Of("sliced-unequal", US, Some(128)),
        sliced(US, 128),
        2.0,
    ),
    limit(
        "sliced, 8 to 12 KiB, worst depth: middle depth",
        Worst("sliced-cliff", US),
        Middle("sliced-cliff", US),
        1.5,
    ),
    limit(
        "ring of 1,000,000: Boost fcontext",
        ring("ring", US),
        ring("ring", "boost-fcontext"),
        1.0,
    ),
    limit(
        "ring of 1,000,000, shuffled: corosensei",
        ring("ring-shuffled", US),
        ring("ring-shuffled", "corosensei"),
        1.0,
    ),
    limit(
        "ring of 1,000,000, shuffled, with prefetch: corosensei",
        ring("ring-prefetch", US),
        ring("ring-shuffled", "corosensei"),
        0.25,
    ),
    limit("first result of `run`: lli", of("first-result", US), of("first-result", "lli"), 1.05),
    limit(
        "passes, 1,000,000 instructions, no switch: opt -O1",
        Of("pass-time", US, FUNCTIONS),
        Of("pass-time", "opt-O1", FUNCTIONS),
        0.02,
    ),
    limit(
        "passes, the same with 10,000 switches: opt -O1",
        Of("pass-time-switches", US, FUNCTIONS),
        Of("pass-time-switches", "opt-O1", FUNCTIONS),
        0.1,
    ),
    limit(
        "passes: those for half the module",
        Of("pass-time-switches", US, FUNCTIONS),
        Of("pass-time-switches", US, HALF_THE_FUNCTIONS),
        2.6,
    ),
    limit(
        "bytes of a context, parked with a slice of 136 bytes",
        Of("parked-bytes", US, MILLION),
        Given(210.0),
        1.0,
    ),
    limit(
        "bytes copied, hot set of 32, null base",
        Of("hot-set-copied", US, Some(32)),
        Given(0.0),
        1.0,
    ),
    limit(
        "bytes copied, scheduler above 1,000 contexts",
        Of("scheduler-copied", US, Some(1000)),
        Given(0.0),
        1.0,
    ),
];

/// How a figure compares with its limit.
#[derive(Debug, PartialEq)]
struct Outcome {
    left: f64,
    right: f64,
    pass: bool,
}

fn outcome(limit: &Limit, results: &Results) -> Option<Outcome> {
    let (left, right) = (limit.left.value(results)?, limit.right.value(results)?);
    Some(Outcome { left, right, pass: left <= limit.factor * right })
}

impl Outcome {
    /// How many times the right figure the left one is.
    fn ratio(&self) -> f64 {
        if self.left == self.right { 1.0 } else { self.left / self.right }
    }
}

/// Prints each limit whose figures were measured, and how many are kept.
pub fn print(results: &Results) {
    println!(
        "\n{:<58} {:>12} {:>12} {:>7} {:>7}",
        "limit", "measured", "against", "ratio", "limit"
    );
    let (mut kept, mut missed) = (0, 0);
    for limit in LIMITS {
        let Some(outcome) = outcome(limit, results) else { continue };
        let Outcome { left, right, pass } = outcome;
        let word = if pass { "kept" } else { "MISSED" };
        println!(
            "{:<58} {left:>12.2} {right:>12.2} {:>7.3} {:>7.3} {word}",
            limit.name,
            outcome.ratio(),
            limit.factor
        );
        if pass { kept += 1 } else { missed += 1 }
    }
    println!("{kept} limits kept, {missed} missed");
}

/// The rows of a table: the name of each limit, the limit, and the ratio of each of some results. A ratio
/// above its limit is bold.
#[must_use]
pub fn rows(measured: &[&Results]) -> Vec<Vec<String>> {
    let short =
        |ratio: f64| if ratio < 0.1 { format!("{ratio:.3}") } else { format!("{ratio:.2}") };
    let ratio = |limit: &Limit, results: &Results| match outcome(limit, results) {
        None => String::new(),
        Some(outcome) if outcome.pass => short(outcome.ratio()),
        Some(outcome) => format!("**{}**", short(outcome.ratio())),
    };
    let row = |limit: &Limit| {
        let factor = match limit.right {
            Given(bytes) => bytes.to_string(),
            _ => limit.factor.to_string(),
        };
        let ratios = measured.iter().map(|results| match limit.right {
            Given(_) => {
                limit.left.value(results).map_or(String::new(), |bytes| format!("{bytes:.0}"))
            }
            _ => ratio(limit, results),
        });
        [limit.name.to_owned(), factor].into_iter().chain(ratios).collect()
    };
    LIMITS.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::{Figure, Outcome, limit, outcome};
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
    fn a_limit_is_missed_just_above_its_factor() {
        let limit = limit("", Figure::Of("b", "s", Some(1)), Figure::Of("b", "s", Some(2)), 1.5);
        let at = |left| outcome(&limit, &results(&[(1, left), (2, 10.0)]));
        assert_eq!(at(15.0), Some(Outcome { left: 15.0, right: 10.0, pass: true }));
        assert_eq!(at(15.1), Some(Outcome { left: 15.1, right: 10.0, pass: false }));
    }

    #[test]
    fn a_limit_without_its_figures_says_nothing() {
        let limit = limit("", Figure::Of("b", "s", Some(3)), Figure::Given(1.0), 1.0);
        assert_eq!(outcome(&limit, &results(&[(1, 1.0)])), None);
    }

    #[test]
    fn worst_and_middle_are_over_all_parameters() {
        let results = results(&[(1, 3.0), (2, 9.0), (3, 1.0), (4, 4.0), (5, 5.0)]);
        assert_eq!(Figure::Worst("b", "s").value(&results), Some(9.0));
        assert_eq!(Figure::Middle("b", "s").value(&results), Some(4.0));
    }
}
