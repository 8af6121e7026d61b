//! The file `/tmp/perf-PID.map`, in which `perf` looks for the names of code made at run time. Each
//! line has a function's address, size and name.

use std::{
    fmt::Write as _,
    fs::{File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use crate::functions::Function;

/// The path of this process's map.
pub(crate) fn path() -> PathBuf {
    PathBuf::from(format!("/tmp/perf-{}.map", std::process::id()))
}

/// Opens this process's map for appending. The first call empties it, since an earlier process with
/// the same number may have left one.
///
/// # Errors
/// If the file cannot be opened, or is a symbolic link.
pub(crate) fn open() -> io::Result<File> {
    static BEGUN: Mutex<bool> = Mutex::new(false);
    let mut begun = BEGUN.lock().unwrap_or_else(PoisonError::into_inner);
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o644)
        // `/tmp` is writable for everybody, who may have put a link there.
        .custom_flags(libc::O_NOFOLLOW)
        .open(path())?;
    if !*begun {
        file.set_len(0)?;
        *begun = true;
    }
    Ok(file)
}

/// Adds functions. A failed write leaves functions without names in `perf` and is no error.
pub(crate) fn write(mut map: &File, functions: &[Function]) {
    let mut lines = String::new();
    for Function { start, size, name } in functions {
        // Writing to a string does not fail.
        let _ = writeln!(lines, "{start:x} {size:x} {name}");
    }
    let _ = map.write_all(lines.as_bytes());
}
