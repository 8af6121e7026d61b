//! Writes the output of a command, to a file or to the standard output.

use std::{
    fs::File,
    io::{self, ErrorKind, Write},
    path::Path,
};

use super::failure::Failure;

/// Writes a result to a file, or to the standard output for `-`.
///
/// A reader of the standard output that has ended has seen enough: that is success.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if path == Path::new("-") {
        return finish(write_all(&mut io::stdout().lock(), bytes));
    }
    let written = File::create(path).and_then(|mut file| file.write_all(bytes));
    written.map_err(|error| Failure::output(path, &error))
}

/// Writes text that may have colours to the standard output.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    finish(write_all(&mut anstream::stdout().lock(), text.as_bytes()))
}

fn write_all(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(bytes)?;
    out.flush()
}

fn finish(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::output(Path::new("-"), &error))
        }
        _ => Ok(()),
    }
}
