//! Loads the shared libraries that a program in this process uses.

use std::path::PathBuf;

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};

use super::failure::Failure;

/// The libraries that a command loads.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Libraries {
    /// A shared library that the program uses: a file, or a name as cc's -l takes it (can be given
    /// several times)
    #[arg(short = 'l', long = "lib", value_name = "LIBRARY")]
    libraries: Vec<String>,
    /// A directory to look for libraries in, before those of the system (can be given several times)
    #[arg(short = 'L', long = "lib-dir", value_name = "DIR")]
    directories: Vec<PathBuf>,
}

/// Loads the libraries, in their order. Their symbols are found like those of the C library.
pub(super) fn load(libraries: &Libraries) -> Result<(), Failure> {
    libraries.libraries.iter().try_for_each(|name| {
        let file = libraries.file(name);
        // SAFETY: the user asks to run a program with this library, initialisers included.
        let library = unsafe { Library::open(Some(&file), RTLD_NOW | RTLD_GLOBAL) };
        // The program may use it as long as the process lives.
        library.map(std::mem::forget).map_err(|error| failure(name, &error))
    })
}

impl Libraries {
    /// The file of a library: its path, or a name that the system's loader looks for.
    fn file(&self, name: &str) -> PathBuf {
        let soname = if name.contains('/') || name.contains(".so") {
            name.to_owned()
        } else {
            format!("lib{name}.so")
        };
        let candidates = self.directories.iter().map(|directory| directory.join(&soname));
        candidates.into_iter().find(|file| file.is_file()).unwrap_or_else(|| soname.into())
    }
}

fn failure(name: &str, error: &libloading::Error) -> Failure {
    // The text of the system's loader says which file and why; the crate's own only that it failed.
    let cause = std::error::Error::source(error).map_or(error.to_string(), ToString::to_string);
    Failure::unavailable(format!("library {name}: {cause}"))
        .hint("-l takes a name, as in -lm, or a file; -L names a directory to look in")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_looked_for_in_the_directories() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("libown.so");
        std::fs::write(&file, "").unwrap();
        let directories = vec![PathBuf::from("/nowhere"), directory.path().to_owned()];
        let libraries = Libraries { libraries: Vec::new(), directories };
        assert_eq!(libraries.file("own"), file);
        assert_eq!(libraries.file("libown.so"), file);
        assert_eq!(libraries.file("m"), PathBuf::from("libm.so"));
        assert_eq!(libraries.file("libm.so.6"), PathBuf::from("libm.so.6"));
        assert_eq!(libraries.file("./libx.so"), PathBuf::from("./libx.so"));
    }
}
