//! Names of C++ and Rust functions as their source has them, in place of the linker's names.

use std::borrow::Cow;

use cpp_demangle::{DemangleOptions, Symbol};

/// A text with every linker's name in it replaced by the source's name, as `c++filt` does.
pub(super) fn demangled(text: &str) -> Cow<'_, str> {
    let mut result = String::new();
    let mut done = 0;
    for (start, end) in candidates(text) {
        if let Some(name) = demangle(&text[start..end], &DemangleOptions::new()) {
            result += &text[done..start];
            result += &name;
            done = end;
        }
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    result += &text[done..];
    Cow::Owned(result)
}

/// A function's name as its source has it, without parameters and result.
pub(super) fn short_name(name: &str) -> Cow<'_, str> {
    match demangle(name, &DemangleOptions::new().no_params().no_return_type()) {
        Some(demangled) => Cow::Owned(demangled),
        None => Cow::Borrowed(name),
    }
}

/// The source's name of a linker's name, and whatever follows its first dot. None for another name.
fn demangle(word: &str, options: &DemangleOptions) -> Option<String> {
    if let Ok(name) = rustc_demangle::try_demangle(word) {
        // Without the hash.
        return Some(format!("{name:#}"));
    }
    let (name, suffix) = word.split_at(word.find('.').unwrap_or(word.len()));
    let name = if let Ok(name) = rustc_demangle::try_demangle(name) {
        format!("{name:#}")
    } else {
        Symbol::new(name).ok()?.demangle_with_options(options).ok()?
    };
    Some(name + suffix)
}

/// Where words are that begin as linker's names do.
fn candidates(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let in_word = |&at: &usize| bytes[at].is_ascii_alphanumeric() || b"_.$".contains(&bytes[at]);
    let mut found = Vec::new();
    let mut start = 0;
    while start < bytes.len() {
        if !in_word(&start) {
            start += 1;
            continue;
        }
        let end = (start..bytes.len()).find(|at| !in_word(at)).unwrap_or(bytes.len());
        // A full stop behind a name ends a sentence.
        let word = text[start..end].trim_end_matches('.');
        if word.starts_with("_Z") || word.starts_with("_R") {
            found.push((start, start + word.len()));
        }
        start = end;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEGACY_RUST: &str = "_ZN4demo6reader17h0123456789abcdefE";

    #[test]
    fn names_in_a_text_are_those_of_the_source() {
        for (text, expected) in [
            ("in function '_Z4waitPc': no", "in function 'wait(char*)': no"),
            ("no definition of `_ZN1a1bEv`, `c`", "no definition of `a::b()`, `c`"),
            ("call ptr @_Z1fi(ptr @_Z1gv).", "call ptr @f(int)(ptr @g())."),
            (LEGACY_RUST, "demo::reader"),
            ("_RNvC4demo4main", "demo::main"),
            ("_Z1fi.stackswitch.thunk", "f(int).stackswitch.thunk"),
        ] {
            assert_eq!(demangled(text), expected, "{text}");
        }
    }

    #[test]
    fn other_words_stay() {
        for text in ["", "main", "_Z", "a_Z1fv", "_Zebra crossing", "_Reset", "\u{e9}_\u{e9}"] {
            assert_eq!(demangled(text), text);
        }
    }

    #[test]
    fn a_short_name_has_no_parameters() {
        assert_eq!(short_name("_ZN1a4waitEPc"), "a::wait");
        assert_eq!(short_name(LEGACY_RUST), "demo::reader");
        assert_eq!(short_name("main"), "main");
    }
}
