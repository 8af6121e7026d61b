//! What tools see of code that the JIT has compiled: names and lines. What gdb sees is in
//! `tests/programs/debuggers.rs`.

use std::fs;

use stackswitch::jit::{Jit, OptLevel, symbolize};

/// A program with debug information.
const LINES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/ir/lines.ll");

/// The frames that an address is in, as text.
fn frames(address: usize) -> Vec<String> {
    symbolize(address).iter().map(ToString::to_string).collect()
}

#[test]
fn addresses_have_functions_and_lines() {
    for level in [OptLevel::O0, OptLevel::O2] {
        let jit = Jit::builder().opt_level(level).build().unwrap();
        jit.add_file(LINES).unwrap();
        let half = jit.address("half").unwrap().addr();
        let [frame] = &symbolize(half)[..] else { panic!("{:?}", symbolize(half)) };
        assert_eq!(frame.function, "half");
        let location = frame.location.as_ref().unwrap();
        assert!(location.file.ends_with("guest.src"), "{location}");
        assert!((11..=13).contains(&location.line), "{location}");
    }
}

#[test]
fn functions_that_were_inlined_are_shown() {
    let jit = Jit::builder().opt_level(OptLevel::O0).build().unwrap();
    let text = fs::read_to_string(LINES).unwrap();
    // An instruction of `leaf` that stands in `main`.
    let place = "\n!25 = !DILocation(line: 2, column: 10, scope: !10, inlinedAt: !24)";
    let inlined = text.replace(
        "%divisor = add i32 %argc, 3, !dbg !24",
        "%divisor = sdiv i32 %argc, %argc, !dbg !25",
    ) + place;
    jit.add_ir("inlined.ll", &inlined).unwrap();
    let main = jit.address("main").unwrap().addr();
    let all: Vec<_> = (main..main + 64).map(frames).collect();
    let expected = ["leaf (/nowhere/guest.src:2:10)", "main (/nowhere/guest.src:17:10)"];
    assert!(all.iter().any(|frames| *frames == expected), "{all:#?}");
}

#[test]
fn names_are_as_in_the_source_also_without_lines() {
    let jit = Jit::builder().build().unwrap();
    let text = "define i64 @_ZN5guest5sevenEl(i64 %n) { ret i64 7 }\n\
                define i64 @_RNvC5guest5eight() { ret i64 8 }\n\
                define i64 @\"nine nine\"() { ret i64 9 }";
    jit.add_ir("names.ll", text).unwrap();
    for (symbol, name) in [
        ("_ZN5guest5sevenEl", "guest::seven(long)"),
        ("_RNvC5guest5eight", "guest::eight"),
        ("nine nine", "nine nine"),
    ] {
        assert_eq!(frames(jit.address(symbol).unwrap().addr()), [name]);
    }
}

#[test]
fn what_is_not_the_jits_has_no_names() {
    let address = {
        let jit = Jit::builder().build().unwrap();
        jit.add_ir("gone.ll", "define i64 @gone() { ret i64 7 }").unwrap();
        let address = jit.address("gone").unwrap().addr();
        assert_eq!(frames(address), ["gone"]);
        address
    };
    // Another JIT may have its code there by now.
    assert!(!frames(address).contains(&"gone".to_owned()));
    assert_eq!(frames(frames as fn(usize) -> Vec<String> as usize), [""; 0]);
}
