//! Finds the programs of LLVM and of the system that the command runs.

use std::{
    io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The major version of the LLVM that this command is built with.
pub(super) fn llvm_major() -> &'static str {
    let version = stackswitch_ir::LLVM_VERSION;
    version.split_once('.').map_or(version, |(major, _)| major)
}

/// A program and the version that it says it is.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) path: PathBuf,
    pub(super) version: String,
}

impl Program {
    /// The program in a file. Asks it for its version.
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        let output = Command::new(path).arg("--version").stdin(Stdio::null()).output()?;
        let version = version(&String::from_utf8_lossy(&output.stdout));
        let version = version.ok_or_else(|| io::Error::other("it does not say its version"))?;
        Ok(Self { path: path.to_owned(), version })
    }

    /// The program of our LLVM: `NAME-22`, or `NAME` if it is of that version.
    pub(super) fn with_our_llvm(name: &str) -> Option<Self> {
        [format!("{name}-{}", llvm_major()), name.to_owned()]
            .iter()
            .filter_map(|name| find(name))
            .filter_map(|path| Self::at(&path).ok())
            .find(|program| program.major() == llvm_major())
    }

    /// The first number of its version.
    pub(super) fn major(&self) -> &str {
        self.version.split('.').next().unwrap_or_default()
    }
}

/// The first word that is a version, such as `22.1.8`, in the output of `--version`.
fn version(text: &str) -> Option<String> {
    text.split_whitespace()
        .map(|word| word.trim_end_matches([',', ')']))
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.'))
        .map(str::to_owned)
}

/// A program in the directories of `PATH`.
pub(super) fn find(name: &str) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(name)).find(|file| {
        file.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
    })
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_are_found() {
        for (text, expected) in [
            ("Debian clang version 22.1.8 (++2026)\nTarget: x", Some("22.1.8")),
            ("Debian LLD 19.1.7, compatible with GNU linkers", Some("19.1.7")),
            ("Debian LLVM version 22.1.8\n  Optimized build.", Some("22.1.8")),
            ("no number", None),
        ] {
            assert_eq!(version(text).as_deref(), expected, "{text}");
        }
    }
}
