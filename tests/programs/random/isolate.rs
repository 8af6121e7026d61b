//! Work in a process of its own, so that a crash or a loop without an end is a result like others.

use std::{
    fs::File,
    io::{Read, Write},
    os::fd::FromRawFd,
};

/// Seconds that the work may take.
const TIME_LIMIT: u32 = 60;

/// Does `work` in a child of this process, which must have one thread. What comes back is its error,
/// or how the child ended.
pub fn isolated(
    work: impl FnOnce(&mut dyn FnMut(&str)) -> Result<(), String>,
) -> Result<(), String> {
    let mut ends = [0; 2];
    // SAFETY: there is room for two descriptors.
    if unsafe { libc::pipe(ends.as_mut_ptr()) } != 0 {
        return Err("no pipe".into());
    }
    // SAFETY: the process has one thread, so the child's locks are free.
    let child = unsafe { libc::fork() };
    if child < 0 {
        return Err("no process".into());
    }
    // SAFETY: both descriptors are new, and each is owned once in each process.
    let [mut reader, writer] = ends.map(|end| unsafe { File::from_raw_fd(end) });
    if child == 0 {
        drop(reader);
        run_child(writer, work);
    }
    drop(writer);
    let mut said = String::new();
    let read = reader.read_to_string(&mut said);
    let mut status = 0;
    // SAFETY: the child is ours, and has not been waited for.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    read.map_err(|error| error.to_string())?;
    let last = said.lines().last().unwrap_or_default();
    match said.split_once('\0') {
        _ if status == 0 => Ok(()),
        Some((_, error)) => Err(error.to_owned()),
        None if libc::WIFSIGNALED(status) => {
            Err(format!("{last}: signal {}", libc::WTERMSIG(status)))
        }
        None => Err(format!("{last}: status {}", libc::WEXITSTATUS(status))),
    }
}

/// Does the work, says what is wrong after a zero, and ends the process.
fn run_child(mut writer: File, work: impl FnOnce(&mut dyn FnMut(&str)) -> Result<(), String>) -> ! {
    // SAFETY: plain call.
    unsafe { libc::alarm(TIME_LIMIT) };
    let mut place = String::new();
    let note = writer.try_clone();
    let mut say = |text: &str| {
        text.clone_into(&mut place);
        if let Ok(mut note) = note.as_ref() {
            // Nobody needs it but for a crash.
            let _ = writeln!(note, "{text}");
        }
    };
    let result = work(&mut say);
    let status = match result {
        Ok(()) => 0,
        Err(error) => {
            // The parent has gone if this fails.
            let _ = write!(writer, "\0{place}: {error}");
            1
        }
    };
    // SAFETY: plain call; the parent's exit handlers are not for this process.
    unsafe { libc::_exit(status) }
}
