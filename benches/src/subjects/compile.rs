//! LLVM's `opt` as a subject: the time to optimise a module, and the part of it that our passes take.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use stackswitch_bench::module::{self, Size};
use stackswitch_bench::pass_times;

use super::process::children_usage;

/// `opt` of some version, and the plugin for it.
pub struct Compiler {
    /// The command.
    pub opt: PathBuf,
    /// The plugin.
    pub plugin: PathBuf,
}

impl Compiler {
    /// Makes a module of a size as a file of bitcode in `folder`, so that parsing text is no part of
    /// what is measured.
    pub fn module(&self, size: Size, folder: &Path) -> io::Result<PathBuf> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join("module.bc");
        let mut child = Command::new(&self.opt)
            .args([OsStr::new("-"), OsStr::new("-o"), path.as_os_str()])
            .stdin(Stdio::piped())
            .spawn()?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(module::text(size).as_bytes())?;
        }
        let status = child.wait()?;
        if status.success() { Ok(path) } else { Err(io::Error::other("opt refuses the module")) }
    }

    /// The processor time of `opt -O1` without the plugin, in milliseconds.
    pub fn without_passes(&self, module: &Path) -> io::Result<f64> {
        let before = children_usage()?.0;
        run(self.optimise(module))?;
        Ok(milliseconds(children_usage()?.0 - before))
    }

    /// The processor time of our passes in `opt -O1`, in milliseconds.
    pub fn passes(&self, module: &Path) -> io::Result<f64> {
        let mut command = self.optimise(module);
        command.arg("-load-pass-plugin").arg(&self.plugin).arg("-time-passes");
        let report = run(command)?;
        pass_times::sum(&report, "stackswitch-")
            .map(milliseconds)
            .ok_or_else(|| io::Error::other("opt's report does not name our passes"))
    }

    fn optimise(&self, module: &Path) -> Command {
        let mut command = Command::new(&self.opt);
        command.args(["-O1", "-disable-output"]).arg(module);
        command
    }
}

/// Runs a command that must succeed; what it says on standard error.
fn run(mut command: Command) -> io::Result<String> {
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(said) } else { Err(io::Error::other(said)) }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
