//! The file in which `perf` looks for the names of code that is in no file: one line for each
//! function, with its address, its size and its name.

use std::{
    fmt::Write as _,
    fs::{File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use super::objects::Function;

/// Where `perf` looks for this process's.
pub(super) fn path() -> PathBuf {
    PathBuf::from(format!("/tmp/perf-{}.map", std::process::id()))
}

/// Opens this process's map for writing at its end. What another process of the same number has
/// left is dropped.
///
/// # Errors
/// If it cannot be made, or is no plain file of this user's.
pub(super) fn open() -> io::Result<File> {
    static BEGUN: Mutex<bool> = Mutex::new(false);
    let mut begun = BEGUN.lock().unwrap_or_else(PoisonError::into_inner);
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o644)
        // Anybody may have made a link of that name.
        .custom_flags(libc::O_NOFOLLOW)
        .open(path())?;
    if !*begun {
        file.set_len(0)?;
        *begun = true;
    }
    Ok(file)
}

/// Adds functions. Where that fails they have no names in `perf`, which nothing depends on.
pub(super) fn write(mut map: &File, functions: &[Function]) {
    let mut lines = String::new();
    for Function { start, size, name } in functions {
        // Writing to a string does not fail.
        let _ = writeln!(lines, "{start:x} {size:x} {name}");
    }
    let _ = map.write_all(lines.as_bytes());
}
