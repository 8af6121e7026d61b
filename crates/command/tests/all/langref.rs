//! The language reference cannot drift: its tables are those of the code, every intrinsic has its
//! section, and every example verifies, lowers, and prints what it says.

use std::{fs, process::Command};

use inkwell::context::Context;
use stackswitch::{
    intrinsics::{Intrinsic, Layer, TABLE, markdown},
    passes, reader,
};
use stackswitch_test_support::{directory, run, text};

use crate::STACKSWITCH;

const LANGREF: &str = include_str!("../../../../docs/LangRef.md");

/// The parts of an intrinsic's section, in order.
const PARTS: [&str; 5] = ["Syntax", "Overview", "Arguments", "Semantics", "Example"];

/// The text between the line `heading` and the next heading of its level or a higher one.
fn section<'t>(text: &'t str, heading: &str) -> Option<&'t str> {
    let level = heading.bytes().take_while(|&b| b == b'#').count();
    let line = format!("\n{heading}\n");
    let rest = &text[text.find(&line)? + line.len()..];
    let mut in_block = false;
    let mut end = 0;
    for line in rest.split_inclusive('\n') {
        in_block ^= line.starts_with("```");
        let hashes = line.bytes().take_while(|&b| b == b'#').count();
        if !in_block && (1..=level).contains(&hashes) {
            break;
        }
        end += line.len();
    }
    Some(&rest[..end])
}

/// The name as headings and declarations have it.
fn name(intrinsic: &Intrinsic) -> String {
    format!("{}{}", intrinsic.full_name(), if intrinsic.overloaded { "[.T]" } else { "" })
}

/// The section of an intrinsic.
fn section_of(intrinsic: &Intrinsic) -> &'static str {
    let heading = format!("### `{}`", name(intrinsic));
    section(LANGREF, &heading).unwrap_or_else(|| panic!("no section {heading}"))
}

/// The code blocks of a language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let opening = format!("```{language}\n");
    text.split(&opening)
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn every_intrinsic_has_its_section() {
    for intrinsic in TABLE {
        let section_text = section_of(intrinsic);
        let headings: Vec<&str> =
            section_text.lines().filter_map(|l| l.strip_prefix("#### ")).collect();
        assert_eq!(headings, PARTS, "{}", intrinsic.name);
        for part in PARTS {
            let part_text = section(section_text, &format!("#### {part}")).expect("a part");
            assert!(!part_text.trim().is_empty(), "{}: {part} is empty", intrinsic.name);
        }
    }
}

#[test]
fn no_section_is_about_something_else() {
    let known: Vec<String> = TABLE.iter().map(|i| format!("### `{}`", name(i))).collect();
    for line in LANGREF.lines().filter(|l| l.starts_with("### `llvm.")) {
        assert!(known.iter().any(|k| k == line), "{line}");
    }
}

#[test]
fn syntax_and_arguments_are_those_of_the_table() {
    for intrinsic in TABLE {
        let section_text = section_of(intrinsic);
        let prototype = intrinsic.prototype().to_string();
        let (result, params) = prototype.split_once(' ').expect("a result and parameters");
        let syntax = section(section_text, "#### Syntax").expect("a part");
        let params =
            params.replace("(ptr ", "(ptr %").replace("(T ", "(T %").replace("(iPTR ", "(iPTR %");
        let params = params
            .replace(", ptr ", ", ptr %")
            .replace(", T ", ", T %")
            .replace(", iPTR ", ", iPTR %");
        let declaration = format!("declare {result} @{}{params}", name(intrinsic));
        assert!(syntax.contains(&declaration), "{}: {declaration}", intrinsic.name);
        let arguments = section(section_text, "#### Arguments").expect("a part");
        for param in intrinsic.params {
            let quoted = format!("`{}`", param.name);
            assert!(arguments.contains(&quoted), "{}: nothing of {quoted}", intrinsic.name);
        }
    }
}

#[test]
fn the_tables_are_those_of_the_code() {
    for layer in [Layer::Posix, Layer::Coroutine] {
        let table = markdown(layer).to_string();
        assert!(LANGREF.contains(&table), "replace the table of this layer by\n{table}");
    }
}

#[test]
fn every_example_verifies_and_lowers() {
    for intrinsic in TABLE {
        let example = section(section_of(intrinsic), "#### Example").expect("a part");
        let call = format!("@{}", intrinsic.full_name());
        assert!(
            blocks(example, "llvm").iter().any(|b| b.contains(&call)),
            "{}: no example that uses it",
            intrinsic.name
        );
    }
    let examples = blocks(LANGREF, "llvm");
    assert!(examples.len() >= TABLE.len());
    for example in examples {
        let context = Context::create();
        let module = reader::parse(&context, "example", example.as_bytes())
            .unwrap_or_else(|e| panic!("{e}\n{example}"));
        passes::run(&module, None, "stackswitch-verify,stackswitch-lower,verify,stackswitch-check")
            .unwrap_or_else(|e| panic!("{e}\n{example}"));
    }
}

/// An example with a `main` prints the lines that its comments `; prints: ` say.
#[test]
fn the_programs_print_what_is_said() {
    let directory = directory("langref").unwrap();
    let mut programs = 0;
    for (n, example) in blocks(LANGREF, "llvm").iter().enumerate() {
        let said: String = example
            .lines()
            .filter_map(|l| l.strip_prefix("; prints: "))
            .map(|l| format!("{l}\n"))
            .collect();
        let is_program = example.contains("define i32 @main()");
        assert_eq!(is_program, !said.is_empty(), "what does it print?\n{example}");
        if !is_program {
            continue;
        }
        programs += 1;
        let path = directory.join(format!("example-{n}.ll"));
        fs::write(&path, example).unwrap();
        for level in ["-O0", "-O2"] {
            let output = run(Command::new(STACKSWITCH).args(["run", level]).arg(&path)).unwrap();
            assert!(output.status.success(), "{level}: {}\n{example}", text(&output.stderr));
            assert_eq!(text(&output.stdout), said, "{level}\n{example}");
        }
    }
    assert!(programs > 0);
}
