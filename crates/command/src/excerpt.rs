//! Shows the line of a source file that a message is about, as compilers do.

use std::{borrow::Cow, path::Path};

use stackswitch::diagnostics::Location;

use super::colour::{ERROR, FRAME};

/// Longer lines are not shown.
const LONGEST: usize = 200;

/// A line of a file, and a column in it.
pub(super) struct SourcePosition<'a> {
    pub(super) file: Cow<'a, Path>,
    /// From one.
    pub(super) line: u32,
    /// From one; zero if it is not known.
    pub(super) column: u32,
}

impl SourcePosition<'_> {
    /// The position that debug information names.
    pub(super) fn named(location: &Location) -> Self {
        let Location { line, column, .. } = *location;
        Self { file: location.path().into(), line, column }
    }

    /// The line with its number, and a mark below the column. None if the file cannot be read, as
    /// the standard input, or has no such line.
    pub(super) fn show(&self) -> Option<String> {
        let text = std::fs::read(&self.file).ok()?;
        let index = usize::try_from(self.line).ok()?.checked_sub(1)?;
        let line = std::str::from_utf8(text.split(|&byte| byte == b'\n').nth(index)?).ok()?;
        let line = line.trim_end();
        if line.len() > LONGEST || line.chars().any(|c| c.is_control() && c != '\t') {
            return None;
        }
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let mut shown = format!(" {FRAME}{number} |{FRAME:#} {line}");
        if let Some(before) = usize::try_from(self.column).ok()?.checked_sub(1) {
            // Tabs stay tabs, so that the mark is below its character.
            let before: String = line
                .bytes()
                .chain(std::iter::repeat(b' '))
                .take(before)
                .filter(|byte| byte & 0xC0 != 0x80)
                .map(|byte| if byte == b'\t' { '\t' } else { ' ' })
                .collect();
            shown += &format!("\n {margin} {FRAME}|{FRAME:#} {before}{ERROR}^{ERROR:#}");
        }
        Some(shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_below_the_column() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "one\n\ttwo thr\u{e9}e four\n").unwrap();
        let show = |line, column| {
            let position = SourcePosition { file: file.path().into(), line, column };
            position.show().map(|text| anstream::adapter::strip_str(&text).to_string())
        };
        assert_eq!(show(2, 2).unwrap(), " 2 | \ttwo thr\u{e9}e four\n   | \t^");
        // Columns are bytes, as LLVM counts them.
        assert_eq!(show(2, 13).unwrap().lines().nth(1), Some("   | \t          ^"));
        assert_eq!(show(2, 0).unwrap().lines().count(), 1);
        assert_eq!(show(3, 1).as_deref(), Some(" 3 | \n   | ^"));
        assert_eq!(show(4, 1), None);
    }
}
