//! The headers and the runtime have the same functions.

use std::collections::BTreeSet;

use stackswitch_rt::abi::symbols;

/// The functions that the headers declare, with those that its macro makes.
fn declared() -> BTreeSet<String> {
    let header = concat!(
        include_str!("../include/stackswitch.h"),
        include_str!("../include/stackswitch/ucontext.h")
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
