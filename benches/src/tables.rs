//! Writes the tables of the documentation from the figures that were measured, one column for each core.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;

use crate::limits;
use crate::results::Results;

/// Where the figures of each core are kept, from the root of the sources.
const MEASURED: &str = "benches/measured";
/// Stands before the tables in `docs/benchmarks.md`, and before the paragraph in `README.md`.
const BEGIN: &str = "<!-- written by `make figures` -->";
/// Stands behind them.
const END: &str = "<!-- end of what `make figures` writes -->";

/// A row: its name, and the bench, subject and parameter of its figure.
type Row = (&'static str, &'static str, &'static str, Option<usize>);

const K: usize = 1 << 10;
const M: usize = 1 << 20;

/// The tables: what the rows are, and the rows.
const TABLES: &[(&str, &[Row])] = &[
    (
        "one way between two resident contexts, ns",
        &[
            ("inline asm", "resident", "inline-asm", None),
            ("corosensei (inlined)", "resident", "corosensei", None),
            ("**stackswitch**, `swap` in place", "resident", "stackswitch-swap-in-place", None),
            (
                "**stackswitch**, `resume` and `suspend` in place",
                "resident",
                "stackswitch-in-place",
                None,
            ),
            ("**stackswitch**, `resume` and `suspend`, calls", "resident", "stackswitch", None),
            ("**stackswitch**, `swap`, calls", "resident", "stackswitch-swap", None),
            ("C++20", "resident", "c++20", None),
            ("generator", "resident", "generator-rs", None),
            ("Boost fcontext", "resident", "boost-fcontext", None),
            ("Boost fiber", "resident", "boost-fiber", None),
            ("tealet (Python)", "resident", "tealet", None),
            ("glibc swapcontext", "resident", "glibc-swapcontext", None),
            ("greenlet (Python)", "resident", "greenlet", None),
        ],
    ),
    (
        "a number of a generator, `swapcontext`, ns",
        &[
            (
                "**stackswitch**, `Iterator::next` of a host in Rust",
                "host-generator",
                "stackswitch",
                None,
            ),
            ("corosensei, `resume` and `suspend`", "host-generator", "corosensei", None),
            (
                "**stackswitch**, generator and consumer compiled together",
                "generator",
                "stackswitch",
                None,
            ),
            ("plain loop", "generator", "plain-loop", None),
            ("C++20", "generator", "cxx20-coroutine", None),
            (
                "**stackswitch**, `swapcontext` in place, null base",
                "ucontext",
                "swapcontext-in-place",
                None,
            ),
            ("inline asm on objects, the floor", "ucontext", "inline-asm-objects", None),
            (
                "**stackswitch**, program for `<ucontext.h>` by a flag",
                "ucontext",
                "from-ucontext",
                None,
            ),
            ("the same program with glibc", "ucontext", "glibc", None),
        ],
    ),
    (
        "one way with a slice, ns",
        &[
            ("128 B: **stackswitch**", "sliced", "stackswitch", Some(128)),
            ("128 B: memcpy pair", "sliced", "memcpy-pair", Some(128)),
            (
                "128 B: **stackswitch**, one 64 bytes deeper",
                "sliced-unequal",
                "stackswitch",
                Some(128),
            ),
            ("2 KiB: **stackswitch**", "sliced", "stackswitch", Some(2 * K)),
            ("2 KiB: memcpy pair", "sliced", "memcpy-pair", Some(2 * K)),
            (
                "2 KiB: **stackswitch**, one 64 bytes deeper",
                "sliced-unequal",
                "stackswitch",
                Some(2 * K),
            ),
            ("8 KiB: **stackswitch**", "sliced", "stackswitch", Some(8 * K)),
            ("8 KiB: memcpy pair", "sliced", "memcpy-pair", Some(8 * K)),
            ("64 KiB: **stackswitch**", "sliced", "stackswitch", Some(64 * K)),
            ("64 KiB: memcpy pair", "sliced", "memcpy-pair", Some(64 * K)),
            ("1 MiB: **stackswitch**", "sliced", "stackswitch", Some(M)),
            ("1 MiB: memcpy pair", "sliced", "memcpy-pair", Some(M)),
            ("4 MiB: **stackswitch**", "sliced", "stackswitch", Some(4 * M)),
            ("4 MiB: memcpy pair", "sliced", "memcpy-pair", Some(4 * M)),
        ],
    ),
    (
        "one way in a ring, ns",
        &[
            ("1,000: **stackswitch**, sliced", "ring", "stackswitch", Some(1000)),
            ("1,000: corosensei", "ring", "corosensei", Some(1000)),
            ("1,000: Boost fcontext", "ring", "boost-fcontext", Some(1000)),
            ("30,000: **stackswitch**, sliced", "ring", "stackswitch", Some(30_000)),
            ("30,000: corosensei", "ring", "corosensei", Some(30_000)),
            ("30,000: Boost fcontext", "ring", "boost-fcontext", Some(30_000)),
            ("1,000,000: **stackswitch**, sliced", "ring", "stackswitch", Some(1_000_000)),
            ("1,000,000: corosensei", "ring", "corosensei", Some(1_000_000)),
            ("1,000,000: Boost fcontext", "ring", "boost-fcontext", Some(1_000_000)),
            ("1,000,000: C++20", "ring", "c++20", Some(1_000_000)),
            ("shuffled: **stackswitch**, sliced", "ring-shuffled", "stackswitch", Some(1_000_000)),
            (
                "shuffled: **stackswitch**, with prefetch",
                "ring-prefetch",
                "stackswitch",
                Some(1_000_000),
            ),
            ("shuffled: corosensei", "ring-shuffled", "corosensei", Some(1_000_000)),
            ("shuffled: Boost fcontext", "ring-shuffled", "boost-fcontext", Some(1_000_000)),
            ("shuffled: C++20", "ring-shuffled", "c++20", Some(1_000_000)),
        ],
    ),
    (
        "create, run, destroy, ns",
        &[
            ("Boost fcontext, stack reused", "lifecycle", "boost-fcontext", None),
            ("C++20", "lifecycle", "c++20", None),
            ("corosensei", "lifecycle", "corosensei", None),
            ("**stackswitch**", "lifecycle", "stackswitch", None),
            ("Boost fiber", "lifecycle", "boost-fiber", None),
            ("glibc", "lifecycle", "glibc-swapcontext", None),
            (
                "**stackswitch**, program for `<ucontext.h>` by a flag",
                "ucontext-lifecycle",
                "from-ucontext",
                None,
            ),
        ],
    ),
];

/// Takes over the results of a run, if there are some, and writes all tables anew.
///
/// # Errors
/// A file cannot be read or written, or lacks the place for the tables.
pub fn write(root: &Path, run: &Path) -> io::Result<()> {
    if run.is_file() {
        let results = Results::read(run)?;
        let name = results.machine.core.to_lowercase().replace(|c: char| !c.is_alphanumeric(), "-");
        fs::copy(run, root.join(MEASURED).join(format!("{name}.json")))?;
    }
    let mut measured = Vec::new();
    for entry in fs::read_dir(root.join(MEASURED))? {
        measured.push(Results::read(&entry?.path())?);
    }
    // The newest first: the README shows its figures.
    measured.sort_by(|a, b| b.machine.date.cmp(&a.machine.date));
    let measured: Vec<&Results> = measured.iter().collect();
    let page = root.join("docs/benchmarks.md");
    let text = fs::read_to_string(&page)?;
    fs::write(&page, between_marks(&text, &tables(&measured)).ok_or_else(|| no_place(&page))?)?;
    let page = root.join("README.md");
    let text = fs::read_to_string(&page)?;
    let text = newest(&text, measured.first().ok_or_else(|| no_place(&page))?);
    fs::write(&page, text.ok_or_else(|| no_place(&page))?)
}

fn no_place(page: &Path) -> io::Error {
    io::Error::other(format!("{}: a mark or a figure is missing", page.display()))
}

/// A text with other text between the two marks; `None` if it lacks one.
fn between_marks(text: &str, new: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", new.trim()))
}

/// All tables.
fn tables(measured: &[&Results]) -> String {
    let mut text = String::new();
    for results in measured {
        writeln!(text, "- {}", results.machine).expect("text takes all");
    }
    for (title, rows) in TABLES {
        let rows = rows.iter().map(|(name, bench, subject, param)| {
            let of = |results: &&Results| {
                results.median(bench, subject, *param).map_or(String::new(), short)
            };
            [(*name).to_owned()].into_iter().chain(measured.iter().map(of)).collect::<Vec<_>>()
        });
        let rows = rows.filter(|row| row[1..].iter().any(|figure| !figure.is_empty()));
        table(&mut text, &[title], measured, rows);
    }
    let title = ["a figure of stackswitch: that of", "at most"];
    table(&mut text, &title, measured, limits::rows(measured).into_iter());
    text
}

fn table(
    text: &mut String,
    first: &[&str],
    measured: &[&Results],
    rows: impl Iterator<Item = Vec<String>>,
) {
    let cores = measured.iter().map(|results| results.machine.core.as_str());
    let head: Vec<&str> = first.iter().copied().chain(cores).collect();
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    text.push('\n');
    text.push_str(&line(&head.iter().map(|&cell| cell.to_owned()).collect::<Vec<_>>()));
    text.push_str(&line(&vec!["---".to_owned(); head.len()]));
    for row in rows {
        text.push_str(&line(&row));
    }
}

/// A figure with two or three digits that count, and commas between thousands.
fn short(figure: f64) -> String {
    let decimals = match figure {
        _ if figure < 10.0 => 2,
        _ if figure < 100.0 => 1,
        _ => 0,
    };
    let text = format!("{figure:.decimals$}");
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + rest
}

/// The README with the figures of some results: two rows of its table, and the paragraph behind that.
/// `None` if a figure or its place is missing.
fn newest(text: &str, results: &Results) -> Option<String> {
    let median = |bench, subject, param| results.median(bench, subject, param).map(short);
    let resident = |subject| median("resident", subject, None);
    let switch = format!(
        "| one switch, ns | {}; as a call {} | {} | {} | {} | {}, {}, in Python | {} |",
        resident("stackswitch-in-place")?,
        resident("stackswitch")?,
        resident("glibc-swapcontext")?,
        resident("boost-fcontext")?,
        resident("corosensei")?,
        resident("greenlet")?,
        resident("tealet")?,
        resident("c++20")?,
    );
    let sliced = |subject, bytes| median("sliced", subject, Some(bytes));
    let paragraph = format!(
        "*One switch* is a ping-pong of two contexts whose bytes are on the stack, measured by `make bench` on a core of\n\
         the kind {}. *Bytes* are resident memory, with a million contexts that have a buffer of 128 bytes\n\
         each; Boost and corosensei run on stacks of 4 KiB. A switch that copies takes {} ns for a slice of 128 bytes\n\
         and {} ns for 2 KiB; a `memcpy` there and back takes {} and {}.",
        results.machine.core,
        sliced("stackswitch", 128)?,
        sliced("stackswitch", 2 * K)?,
        sliced("memcpy-pair", 128)?,
        sliced("memcpy-pair", 2 * K)?,
    );
    let mut found = false;
    let lines = text.lines().map(|line| {
        let is_row = line.starts_with("| one switch, ns |");
        found |= is_row;
        if is_row { switch.as_str() } else { line }
    });
    let text = lines.collect::<Vec<_>>().join("\n") + "\n";
    found.then(|| between_marks(&text, &paragraph)).flatten()
}

#[cfg(test)]
mod tests {
    use super::{BEGIN, END, between_marks, newest, short, tables};
    use crate::measure::Summary;
    use crate::results::Results;

    fn results(core: &str, figures: &[(&str, &str, Option<usize>, f64)]) -> Results {
        let mut results = Results::default();
        results.machine.core = core.to_owned();
        for &(bench, subject, param, median) in figures {
            results.add(bench, subject, param, "ns", Summary { median, min: median });
        }
        results
    }

    #[test]
    fn figures_are_short() {
        let all = [0.554, 2.0, 12.34, 238.4, 3070.0, 1_234_567.8].map(short);
        assert_eq!(all, ["0.55", "2.00", "12.3", "238", "3,070", "1,234,568"]);
    }

    #[test]
    fn a_table_has_a_column_for_each_core_and_only_rows_with_figures() {
        let one = results("One", &[("resident", "corosensei", None, 1.12)]);
        let two = results(
            "Two",
            &[("resident", "corosensei", None, 1.7), ("resident", "c++20", None, 2.4)],
        );
        let text = tables(&[&one, &two]);
        assert!(text.contains("| one way between two resident contexts, ns | One | Two |\n"));
        assert!(text.contains("| corosensei (inlined) | 1.12 | 1.70 |\n"));
        assert!(text.contains("| C++20 |  | 2.40 |\n"));
        assert!(!text.contains("greenlet"));
    }

    #[test]
    fn only_what_is_between_the_marks_changes() {
        let text = format!("a\n{BEGIN}\nold\n{END}\nb\n");
        let new = between_marks(&text, "new").unwrap();
        assert_eq!(new, format!("a\n{BEGIN}\n\nnew\n\n{END}\nb\n"));
        assert_eq!(between_marks(&new, "new").unwrap(), new);
        assert_eq!(between_marks("no marks", "new"), None);
    }

    #[test]
    fn a_readme_without_the_row_or_results_without_a_figure_are_refused() {
        let none = results("One", &[]);
        assert_eq!(newest("| one switch, ns | 1 |\n", &none), None);
    }
}
