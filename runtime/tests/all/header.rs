//! The headers and the runtime have the same functions.

use std::collections::BTreeSet;

use stackswitch_rt::abi::symbols;

/// The functions that the headers declare, with those that its macro makes.
fn declared() -> BTreeSet<String> {
    let header = concat!(
        include_str!("../../include/stackswitch.h"),
        include_str!("../../include/stackswitch/ucontext.h")
    );
    let mut names = BTreeSet::new();
    let suffixes: Vec<_> = header
        .lines()
        .filter_map(|line| line.strip_prefix("STACKSWITCH_TYPED("))
        .map(|rest| rest.split(',').next().unwrap())
        .collect();
    assert_eq!(suffixes, ["i8", "i16", "i32", "i64", "f32", "f64"]);
    for (at, _) in header.match_indices("stackswitch_") {
        let rest = &header[at..];
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap();
        let name = &rest[..end];
        if let Some(stem) = rest[end..].starts_with("##suffix(").then_some(name) {
            names.extend(suffixes.iter().map(|suffix| format!("{stem}{suffix}")));
        } else if rest[end..].starts_with('(') {
            names.insert(name.to_owned());
        }
    }
    names
}

#[test]
fn the_headers_declare_what_the_runtime_exports() {
    let exported: BTreeSet<_> = symbols().iter().map(|symbol| symbol.name.to_owned()).collect();
    assert_eq!(exported.len(), symbols().len(), "no name twice");
    assert_eq!(declared(), exported);
}

/// Compiles the header alone with clang. The standard error if that is refused.
fn refusal_of(flags: &[&str]) -> Option<String> {
    let clang = std::env::var("STACKSWITCH_CLANG").unwrap_or_else(|_| "clang-22".to_owned());
    let header = concat!(env!("CARGO_MANIFEST_DIR"), "/include/stackswitch.h");
    let output = std::process::Command::new(clang)
        .args(["-x", "c", "-fsyntax-only", "-Wno-pragma-once-outside-header"])
        .args(flags)
        .arg(header)
        .output()
        .unwrap();
    (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn the_header_refuses_what_gives_each_thread_a_second_stack() {
    assert_eq!(refusal_of(&[]), None);
    let safe_stack = refusal_of(&["-fsanitize=safe-stack"]).expect("a refusal");
    assert!(safe_stack.contains("cannot be used with -fsanitize=safe-stack"), "{safe_stack}");
    let target = ["--target=aarch64-linux-gnu", "-nostdlibinc", "-ffreestanding", "-ffixed-x18"];
    let flags = [&target[..], &["-fsanitize=shadow-call-stack"]].concat();
    let shadow_call_stack = refusal_of(&flags).expect("a refusal");
    assert!(shadow_call_stack.contains("-fsanitize=shadow-call-stack"), "{shadow_call_stack}");
}
