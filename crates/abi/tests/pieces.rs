//! What an intrinsic of the table needs besides its entry: `cargo test -p stackswitch-abi` names all
//! that is missing, each piece with the file where it belongs.
//!
//! This looks at text only, so it needs neither LLVM nor a build of anything else. That the pieces
//! are right is for the tests of the crates that they are in.

use std::fs;
use std::path::{Path, PathBuf};

use stackswitch_abi::intrinsics::{Form, Intrinsic, TABLE, Typed, runtime_symbols};

/// A file or a directory of the repository.
fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The text of a file; empty if there is none.
fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// The text of all Rust files below a directory.
fn source(directory: &Path) -> String {
    let mut all = String::new();
    for entry in fs::read_dir(directory).expect("a directory of sources").flatten() {
        let path = entry.path();
        if path.is_dir() {
            all += &source(&path);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all += &text(&path);
        }
    }
    all
}

/// The header's text, with the functions that its macro declares spelled out.
fn header() -> String {
    let header = text(&repository("runtime/include/stackswitch.h"));
    let is_use = |line: &&str| line.starts_with("STACKSWITCH_TYPED(");
    let body: Vec<&str> = header
        .lines()
        .skip_while(|line| !line.starts_with("#define STACKSWITCH_TYPED("))
        .skip(1)
        .take_while(|line| !is_use(line))
        .collect();
    let body = body.join("\n");
    let mut expanded = header.clone();
    for line in header.lines().filter(is_use) {
        let suffix = line.split(['(', ',']).nth(1).unwrap_or_default();
        expanded += &body.replace("##suffix", suffix).replace("suffix", suffix);
    }
    expanded.replace("_##", "_")
}

/// Whether a text has a name as a whole word.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + word.len()..]);
        !before.ends_with(is_part) && !after.starts_with(is_part)
    })
}

/// The name of an intrinsic as messages have it.
fn name_of(intrinsic: &Intrinsic) -> String {
    intrinsic.full_name().to_string()
}

/// Whether the text of a lit test uses an intrinsic, and has a CHECK line with `checked`.
fn lit_tests(text: &str, intrinsic: &Intrinsic, checked: &str) -> bool {
    let name = format!("@{}", name_of(intrinsic));
    let uses = text.lines().any(|line| !line.starts_with(';') && has_word(line, &name));
    uses && text.lines().any(|line| line.contains("CHECK") && line.contains(checked))
}

/// What the pieces are looked for in.
struct Sources {
    header: String,
    runtime: String,
    emitter: String,
    emitter_tests: String,
    reference: String,
}

/// The pieces that an intrinsic lacks, each with its place.
fn missing(intrinsic: &'static Intrinsic, sources: &Sources) -> Vec<String> {
    let mut missing = Vec::new();
    let mut need = |is_there: bool, piece: String| {
        if !is_there {
            missing.push(format!("{}: {piece}", intrinsic.name));
        }
    };
    let symbol = intrinsic.symbol(Form::Typed(Typed::Ptr)).to_string();
    for symbol in intrinsic.forms().map(|form| intrinsic.symbol(form).to_string()) {
        let is_there = sources.header.contains(&format!("{symbol}("));
        need(is_there, format!("runtime/include/stackswitch.h does not declare '{symbol}'"));
    }
    let declaration = sources.header.split(&format!("{symbol}(")).nth(1).unwrap_or_default();
    let declaration = declaration.split(';').next().unwrap_or_default();
    let captures = intrinsic.properties.captures;
    need(
        declaration.is_empty() || captures == declaration.contains("STACKSWITCH_RETURNS_TWICE"),
        format!(
            "runtime/include/stackswitch.h and the property 'captures' ({captures}) disagree about \
             STACKSWITCH_RETURNS_TWICE"
        ),
    );
    need(
        has_word(&sources.runtime, &symbol),
        format!("runtime/src/abi.rs has no function '{symbol}'"),
    );
    let method = intrinsic.name.replace('.', "_");
    need(
        sources.emitter.contains(&format!("\"{}\"", intrinsic.name)),
        format!("crates/emit/src has no method '{method}'"),
    );
    need(
        sources.emitter_tests.contains(&format!(".{method}(")),
        format!("the tests of the emitter do not call '{method}'"),
    );
    let suffix = if intrinsic.overloaded { "[.T]" } else { "" };
    let name = format!("{}{suffix}", intrinsic.full_name());
    let row = format!("| `{name}` | `{}` | {} |", intrinsic.prototype(), intrinsic.doc);
    need(
        sources.reference.contains(&row),
        format!("the table of docs/LangRef.md does not have the row\n    {row}"),
    );
    need(
        sources.reference.contains(&format!("\n### `{name}`\n")),
        format!("docs/LangRef.md has no section '### `{name}`'"),
    );
    // A test of verification checks the message, which names the intrinsic.
    for (folder, checked) in [("lower", format!("{symbol}(")), ("verify", name_of(intrinsic))] {
        let file = format!("lit/{folder}/{}.ll", intrinsic.name.replace('.', "-"));
        let is_tested = lit_tests(&text(&repository(&file)), intrinsic, &checked);
        need(is_tested, format!("{file} does not use it and check for '{checked}'"));
    }
    missing
}

#[test]
fn every_intrinsic_has_all_its_pieces() {
    let sources = Sources {
        header: header(),
        runtime: source(&repository("runtime/src")),
        emitter: source(&repository("crates/emit/src")),
        emitter_tests: source(&repository("tests")),
        reference: text(&repository("docs/LangRef.md")),
    };
    let missing: Vec<String> = TABLE.iter().flat_map(|i| missing(i, &sources)).collect();
    assert!(
        missing.is_empty(),
        "what docs/adding-an-intrinsic.md asks for:\n{}",
        missing.join("\n")
    );
}

#[test]
fn the_header_declares_every_function_that_compiled_code_may_call() {
    let header = header();
    for symbol in runtime_symbols() {
        assert!(header.contains(&format!("{symbol}(")), "{symbol}");
    }
}

/// A pass asks for properties. It may name an operation only where a user names it.
#[test]
fn no_pass_acts_on_a_name() {
    for crate_name in ["ir", "passes", "emit"] {
        let source = source(&repository(&format!("crates/{crate_name}/src")));
        let named = |line: &&str| {
            let code = line.split("//").next().unwrap_or_default();
            ["intrinsic.name", "operation.name"].iter().any(|name| code.contains(name))
                && !code.contains("== name")
        };
        let lines: Vec<&str> = source.lines().filter(named).collect();
        assert!(lines.is_empty(), "crates/{crate_name}: {lines:#?}");
    }
}
