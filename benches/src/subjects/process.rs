//! A subject that is a whole process, from its start to its end.

use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use stackswitch_bench::measure::{Plan, Subject};

/// A command and what it must print, so that one that fails is not taken for a fast one.
pub struct Process {
    pub command: PathBuf,
    pub arguments: Vec<PathBuf>,
    pub prints: &'static str,
}

impl Process {
    /// Runs it once; the processor time that it took, if it did its work.
    fn run(&self) -> Option<Duration> {
        let before = children_time().ok()?;
        let output =
            Command::new(&self.command).args(&self.arguments).stderr(Stdio::inherit()).output();
        let after = children_time().ok()?;
        (output.ok()?.stdout == self.prints.as_bytes()).then(|| after - before)
    }
}

impl Subject for Process {
    fn samples(&self, _: usize, plan: &Plan) -> Vec<f64> {
        // The first run reads files that the others find in memory.
        if self.run().is_none() {
            return Vec::new();
        }
        (0..plan.samples).filter_map(|_| Some(self.run()?.as_nanos() as f64)).collect()
    }
}

/// What the children that have ended took of the processor.
fn children_time() -> io::Result<Duration> {
    let (user, system) = children_usage()?;
    Ok(user + system)
}

/// The same as user and system time.
pub fn children_usage() -> io::Result<(Duration, Duration)> {
    // SAFETY: zeroes are a valid value of this plain structure.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: writes the struct.
    if unsafe { libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut usage) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let time = |t: libc::timeval| Duration::new(t.tv_sec as u64, t.tv_usec as u32 * 1000);
    Ok((time(usage.ru_utime), time(usage.ru_stime)))
}
