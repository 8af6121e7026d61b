//! The pages hold together, and what they tell the reader to type works.
//!
//! - Links lead to files and headings that are there, and files of the source that are named are there.
//! - [The guide](../docs/guide.md) and [ahead-of-time.md](../docs/ahead-of-time.md) are programs: a
//!   block after a line that ends in a file's name and a colon is that file, a block of `sh` is run,
//!   and a block of `text` after it is what that prints.

use std::{
    collections::HashMap,
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use libtest_mimic::Failed;
use stackswitch_test_support::{Artifacts, directory, text};

use crate::suite::Tests;

/// The links and paths of all pages, and the pages that are run.
pub fn tests(tests: &mut Tests) {
    tests.add("links", links);
    tests.add("files", files);
    tests.add_with_artifacts("guide", |artifacts| run_page(artifacts, "guide"));
    tests.add_with_artifacts("ahead_of_time", |artifacts| run_page(artifacts, "ahead-of-time"));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All pages.
fn pages() -> Result<Vec<PathBuf>, String> {
    let mut pages = Vec::new();
    for folder in ["", "docs", "ir_tests"] {
        let entries = fs::read_dir(root().join(folder)).map_err(|e| format!("{folder}: {e}"))?;
        for entry in entries {
            let path = entry.map_err(|e| e.to_string())?.path();
            if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    Ok(pages)
}

/// The lines of a page that are not in blocks of code.
fn prose(page: &str) -> impl Iterator<Item = &str> {
    let mut in_block = false;
    page.lines().filter(move |line| {
        let fence = line.starts_with("```");
        in_block ^= fence;
        !in_block && !fence
    })
}

/// What links to the headings of a page name, as the usual renderers make it of their text.
fn anchors(page: &str) -> Vec<String> {
    let mut seen = HashMap::<String, usize>::new();
    prose(page)
        .filter_map(|line| line.strip_prefix('#'))
        .map(|heading| {
            let mut anchor = String::new();
            for character in heading.trim_start_matches('#').trim().chars() {
                match character {
                    ' ' => anchor.push('-'),
                    '-' | '_' => anchor.push(character),
                    c if c.is_alphanumeric() => anchor.extend(c.to_lowercase()),
                    _ => {}
                }
            }
            let times = seen.entry(anchor.clone()).or_default();
            *times += 1;
            if *times == 1 { anchor } else { format!("{anchor}-{}", *times - 1) }
        })
        .collect()
}

/// The targets of a page's links.
fn targets(page: &str) -> Vec<&str> {
    let mut targets = Vec::new();
    for line in prose(page) {
        // Every other piece is code.
        for piece in line.split('`').step_by(2) {
            for rest in piece.split("](").skip(1) {
                targets.extend(rest.split_once(')').map(|(target, _)| target));
            }
        }
    }
    targets
}

fn links() -> Result<(), Failed> {
    let mut wrong = Vec::new();
    let mut checked = 0;
    for path in pages()? {
        let page = fs::read_to_string(&path)?;
        for target in targets(&page) {
            if target.contains("://") {
                continue;
            }
            checked += 1;
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let to =
                if file.is_empty() { path.clone() } else { path.with_file_name("").join(file) };
            let there = match fs::read_to_string(&to) {
                Ok(page) => anchor.is_empty() || anchors(&page).iter().any(|a| a == anchor),
                Err(_) => to.is_dir() && anchor.is_empty(),
            };
            if !there {
                wrong.push(format!("{}: {target}", path.display()));
            }
        }
    }
    if checked == 0 || !wrong.is_empty() {
        return Err(format!("{checked} links; wrong are\n{}", wrong.join("\n")).into());
    }
    Ok(())
}

/// What is named in `code` and begins like a path in the source is one.
fn files() -> Result<(), Failed> {
    const FOLDERS: [&str; 12] = [
        "benches/",
        "crates/",
        "debuggers/",
        "docs/",
        "examples/",
        "ir_tests/",
        "lit/",
        "plugin/",
        "runtime/",
        "scripts/",
        "src/",
        "tests/",
    ];
    let mut wrong = Vec::new();
    let mut checked = 0;
    for path in pages()? {
        let page = fs::read_to_string(&path)?;
        for span in prose(&page).flat_map(|line| line.split('`').skip(1).step_by(2)) {
            let is_path = FOLDERS.iter().any(|folder| span.starts_with(folder))
                && !span.contains(['<', '*', ' ']);
            if is_path {
                checked += 1;
                if !root().join(span).exists() {
                    wrong.push(format!("{}: {span}", path.display()));
                }
            }
        }
    }
    if checked == 0 || !wrong.is_empty() {
        return Err(format!("{checked} paths; wrong are\n{}", wrong.join("\n")).into());
    }
    Ok(())
}

/// A step of a page.
enum Step {
    /// This file has this content.
    File(String, String),
    /// The commands are run, and print this if the page says so.
    Run(String, Option<String>),
}

fn steps(page: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut before = "";
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(language) = line.strip_prefix("```") else {
            if !line.is_empty() {
                before = line;
            }
            continue;
        };
        let block: String = lines
            .by_ref()
            .take_while(|line| *line != "```")
            .map(|line| format!("{line}\n"))
            .collect();
        let file = before.strip_suffix("`:").and_then(|line| line.rsplit_once('`'));
        match (language, file, steps.last_mut()) {
            ("sh", ..) => steps.push(Step::Run(block, None)),
            ("text", _, Some(Step::Run(_, printed @ None))) if before.is_empty() => {
                *printed = Some(block);
            }
            (_, Some((_, name)), _) => steps.push(Step::File(name.to_owned(), block)),
            _ => {}
        }
        before = "";
    }
    steps
}

/// Does what a page says, in a directory with the sources in `stackswitch`.
fn run_page(artifacts: &Artifacts, name: &str) -> Result<(), Failed> {
    let page = fs::read_to_string(root().join(format!("docs/{name}.md")))?;
    let directory = directory(name)?;
    let source = directory.join("stackswitch");
    if !source.exists() {
        symlink(root(), &source)?;
    }
    // A new package is in no workspace, which one in this directory would be, and it takes the
    // versions that everything else is tested with.
    fs::write(
        directory.join("Cargo.toml"),
        "[workspace]\nresolver = \"3\"\nmembers = [\"hello\"]\nexclude = [\"stackswitch\"]\n",
    )?;
    fs::copy(root().join("Cargo.lock"), directory.join("Cargo.lock"))?;

    // One shell, so that variables and directories last; what each step prints goes to a file.
    let mut script = "set -eu\n".to_owned();
    let mut expected = Vec::new();
    for (n, step) in steps(&page).into_iter().enumerate() {
        match step {
            Step::File(name, content) => {
                let path = directory.join(&name);
                fs::create_dir_all(path.parent().ok_or("a file in a directory")?)?;
                fs::write(path, content)?;
            }
            Step::Run(commands, prints) => {
                let output = directory.join(format!("step-{n}.out"));
                script += &format!("{{\n{commands}}} >'{}'\n", output.display());
                expected.push((commands, output, prints));
            }
        }
    }
    let home = env::var("HOME")?;
    let of_home = |name: &str, default: &str| {
        env::var_os(name).unwrap_or_else(|| Path::new(&home).join(default).into_os_string())
    };
    let path = env::var("PATH")?;
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(&script).current_dir(&directory).stdin(Stdio::null());
    shell.env("HOME", directory.join("home"));
    shell.env("CARGO_HOME", of_home("CARGO_HOME", ".cargo"));
    shell.env("RUSTUP_HOME", of_home("RUSTUP_HOME", ".rustup"));
    shell.env("PATH", format!("{}:{path}", artifacts.prefix.join("bin").display()));
    shell.env("PKG_CONFIG_PATH", artifacts.prefix.join("lib/pkgconfig"));
    // Those of the `make` and the `cargo` that run this test.
    for variable in ["LLVM", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "LD_LIBRARY_PATH"] {
        shell.env_remove(variable);
    }
    // It takes a third of the time that compiling takes, and no page looks at it.
    shell.env("CARGO_PROFILE_DEV_DEBUG", "false");
    // No time limit: the guide has cargo compile a package with all that it depends on.
    let output = shell.output()?;
    if !output.status.success() {
        return Err(format!("{}\n{}", output.status, text(&output.stderr)).into());
    }
    let mut compared = 0;
    for (commands, output, prints) in expected {
        let Some(prints) = prints else { continue };
        compared += 1;
        let printed = fs::read_to_string(output)?;
        if printed != prints {
            return Err(format!("{commands}printed\n{printed}instead of\n{prints}").into());
        }
    }
    if compared == 0 {
        return Err("nothing is printed".into());
    }
    Ok(())
}
