//! Reads modules of LLVM IR, text or bitcode, and checks that they are well formed.

use std::{
    io,
    path::{Path, PathBuf},
};

use inkwell::{
    context::{AsContextRef, ContextRef},
    memory_buffer::MemoryBuffer,
    module::Module,
};

/// Why a module could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The text or the bitcode cannot be parsed.
    #[error("{file}{}: {message}", position(*line, *column))]
    Parse {
        /// The name that the module was given.
        file: String,
        /// The line, counted from one; zero where there is none, as in bitcode.
        line: u32,
        /// The column, counted from one; zero where there is none.
        column: u32,
        /// What LLVM expected, on one line.
        message: String,
    },
    /// LLVM's verifier refused the module.
    #[error("{file}: broken IR: {message}")]
    Broken {
        /// The name that the module was given.
        file: String,
        /// What the verifier said, on one line.
        message: String,
    },
}

impl Error {
    /// [`Error::Broken`] from the verifier's text.
    pub fn broken(file: &str, text: &str) -> Self {
        Self::Broken { file: file.to_owned(), message: one_line(text) }
    }
}

/// `:line:column`, or nothing where a module has no lines.
fn position(line: u32, column: u32) -> String {
    if line == 0 { String::new() } else { format!(":{line}:{column}") }
}

/// The bytes of a file.
///
/// # Errors
/// [`Error::Io`] with the path, if the file cannot be read.
pub fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| Error::Io { path: path.to_owned(), source })
}

/// Parses a module in `context` and checks it with LLVM's verifier. `bytes` is text or bitcode;
/// the content decides. Messages call the module `name`.
///
/// LLVM itself ends the process on a module that is broken and has debug information, unless its
/// option `-disable-auto-upgrade-debug-info` is set.
///
/// # Errors
/// [`Error::Parse`] or [`Error::Broken`].
pub fn parse<'c>(
    context: impl AsContextRef<'c>,
    name: &str,
    bytes: &[u8],
) -> Result<Module<'c>, Error> {
    // SAFETY: the context is alive for 'c, and so is every module in it that inkwell hands out.
    let context: ContextRef<'c> = unsafe { ContextRef::new(context.as_ctx_ref()) };
    // The text parser needs a terminating zero, which only a copy is sure to have. LLVM takes the
    // name as a C string.
    let buffer = MemoryBuffer::create_from_memory_range_copy(bytes, &name.replace('\0', "?"));
    let module = context.create_module_from_ir(buffer).map_err(|text| {
        // LLVM says in many ways that it has come to the end.
        if is_truncated(bytes) {
            let message = "the bitcode is truncated: the file ends inside a block".to_owned();
            return Error::Parse { file: name.to_owned(), line: 0, column: 0, message };
        }
        parse_error(name, &text.to_string())
    })?;
    module.verify().map_err(|text| Error::broken(name, &text.to_string()))?;
    Ok(module)
}

/// Parses LLVM's message: `name:line:column: error: message`, then an excerpt of the source.
/// Whether bitcode ends before its last block does, or has no block.
///
/// Bitcode is a magic number and blocks. Each begins with a word, which names its kind, and a word
/// with its length, in words of 32 bits.
fn is_truncated(bytes: &[u8]) -> bool {
    const MAGIC: &[u8] = b"BC\xC0\xDE";
    const WORD: usize = 4;
    /// The lowest two bits of the first word of a block.
    const BLOCK: u8 = 1;
    let Some(mut rest) = bytes.strip_prefix(MAGIC) else {
        return !bytes.is_empty() && MAGIC.starts_with(bytes);
    };
    if rest.is_empty() {
        return true;
    }
    while !rest.is_empty() {
        if rest[0] & 3 != BLOCK {
            return false;
        }
        let Some(length) = rest.get(WORD..2 * WORD) else { return true };
        let words = length.iter().rev().fold(0, |sum, &byte| sum << 8 | usize::from(byte));
        match rest.get(2 * WORD + WORD * words..) {
            Some(after) => rest = after,
            None => return true,
        }
    }
    false
}

fn parse_error(name: &str, text: &str) -> Error {
    let first = text.lines().next().unwrap_or_default();
    let rest = first.strip_prefix(name).unwrap_or(first);
    let (place, message) = rest.split_once("error: ").unwrap_or(("", rest));
    let mut numbers = place.split(':').filter_map(|n| n.trim().parse().ok());
    Error::Parse {
        file: name.to_owned(),
        line: numbers.next().unwrap_or(0),
        column: numbers.next().unwrap_or(0),
        message: message.trim_start_matches([':', ' ']).to_owned(),
    }
}

/// A message of several lines on one line.
pub fn one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|l| !l.is_empty()).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use inkwell::context::Context;

    use super::*;

    #[test]
    fn a_parse_error_names_file_line_and_column() {
        let context = Context::create();
        let error = parse(&context, "a.ll", b"define i32 @f() {\n  frob i32 0\n}\n").unwrap_err();
        let Error::Parse { file, line, column, .. } = &error else { panic!("{error}") };
        assert_eq!((file.as_str(), *line, *column), ("a.ll", 2, 3), "{error}");
        assert_eq!(error.to_string().lines().count(), 1);
    }

    #[test]
    fn garbage_that_looks_like_bitcode_is_a_parse_error() {
        let context = Context::create();
        let error = parse(&context, "a.bc", b"BC\xC0\xDEgarbage").unwrap_err();
        assert!(matches!(error, Error::Parse { line: 0, .. }), "{error}");
    }

    #[test]
    fn truncated_bitcode_is_called_so() {
        let context = Context::create();
        let module = parse(&context, "a.ll", b"define i32 @f() {\n  ret i32 7\n}\n").unwrap();
        let bitcode = module.write_bitcode_to_memory();
        let bitcode = bitcode.as_slice();
        for length in (1..bitcode.len()).filter(|length| length % 7 == 0 || *length < 100) {
            // Between two blocks LLVM itself misses what is to come.
            let Err(error) = parse(&context, "a.bc", &bitcode[..length]) else {
                panic!("{length} of {} bytes are a module", bitcode.len());
            };
            let whole_blocks = !is_truncated(&bitcode[..length]);
            assert!(whole_blocks || error.to_string().contains("truncated"), "{length}: {error}");
            assert!(!whole_blocks || length % 4 == 0, "{length}: {error}");
        }
        let error = parse(&context, "a.bc", &bitcode[..bitcode.len() - 1]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a.bc: the bitcode is truncated: the file ends inside a block"
        );
    }

    #[test]
    fn the_verifier_is_asked() {
        let context = Context::create();
        let text =
            b"define i32 @f() {\n  %a = add i32 %b, 1\n  %b = add i32 %a, 1\n  ret i32 %b\n}\n";
        let error = parse(&context, "a.ll", text).unwrap_err();
        assert!(matches!(error, Error::Broken { .. }), "{error}");
        assert_eq!(error.to_string().lines().count(), 1);
    }

    #[test]
    fn bitcode_is_told_by_its_content() {
        let context = Context::create();
        let text = b"define i32 @f() {\n  ret i32 7\n}\n";
        let module = parse(&context, "a.ll", text).unwrap();
        let bitcode = module.write_bitcode_to_memory();
        let again = parse(&context, "a.ll", bitcode.as_slice()).unwrap();
        assert!(again.get_function("f").is_some());
    }
}
