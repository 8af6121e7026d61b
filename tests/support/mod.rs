//! What the tests that run programs share.

// Each test program uses a part of it.
#![allow(dead_code)]

pub mod c;

use std::{
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread::{JoinHandle, sleep, spawn},
    time::{Duration, Instant},
};

/// The command under test.
pub const STACKSWITCH: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/../release/stackswitch");

/// How long a program may run: one that hangs has failed.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// Runs a command to its end, or kills it and says so.
pub fn run(command: &mut Command) -> Result<Output, String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("cannot run {command:?}: {e}"))?;
    let (stdout, stderr) = (drain(child.stdout.take()), drain(child.stderr.take()));
    let status = wait(&mut child).map_err(|e| format!("{command:?}: {e}"))?;
    let collect = |reader: JoinHandle<Vec<u8>>| reader.join().unwrap_or_default();
    Ok(Output { status, stdout: collect(stdout), stderr: collect(stderr) })
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What came before an error is still worth showing.
            let _ = pipe.read_to_end(&mut bytes);
        }
        bytes
    })
}

fn wait(child: &mut Child) -> Result<std::process::ExitStatus, String> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(|e| e.to_string())? {
            return Ok(status);
        }
        if start.elapsed() > TIME_LIMIT {
            child.kill().and_then(|()| child.wait()).map_err(|e| e.to_string())?;
            return Err(format!("still running after {} s", TIME_LIMIT.as_secs()));
        }
        sleep(Duration::from_millis(2));
    }
}

/// Runs a command that must succeed.
pub fn succeed(command: &mut Command) -> Result<Output, String> {
    let output = run(command)?;
    if output.status.success() {
        Ok(output)
    } else {
        Err(format!("{command:?}: {}\n{}", output.status, text(&output.stderr)))
    }
}

/// Output as text.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A directory for what a test makes.
pub fn directory(name: &str) -> Result<PathBuf, String> {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(path)
}

/// What `make` built besides this package; absent when cargo runs the tests alone.
pub struct Artifacts {
    /// For the LLVM version that this package is built for.
    pub llvm: Toolchain,
    /// For the other version that is tested.
    pub other: Toolchain,
    /// `stackswitch`, built for the other version.
    pub other_command: PathBuf,
    /// The static runtime library.
    pub runtime: PathBuf,
    /// Where `make install` put everything.
    pub prefix: PathBuf,
}

/// What there is for each version of LLVM.
pub struct Toolchain {
    /// The plugin.
    plugin: PathBuf,
    /// The clang that it is for.
    clang: PathBuf,
}

impl Artifacts {
    /// Those that the environment names, if it names all.
    pub fn find() -> Option<Self> {
        let path = |name| std::env::var_os(name).map(PathBuf::from);
        Some(Self {
            llvm: Toolchain {
                plugin: path("STACKSWITCH_PLUGIN")?,
                clang: path("STACKSWITCH_CLANG")?,
            },
            other: Toolchain {
                plugin: path("STACKSWITCH_OTHER_PLUGIN")?,
                clang: path("STACKSWITCH_OTHER_CLANG")?,
            },
            other_command: path("STACKSWITCH_OTHER_COMMAND")?,
            runtime: path("STACKSWITCH_RUNTIME")?,
            prefix: path("STACKSWITCH_PREFIX")?,
        })
    }
}

impl Toolchain {
    /// clang with the plugin.
    pub fn clang(&self) -> Command {
        let mut command = Command::new(&self.clang);
        command.arg(format!("-fpass-plugin={}", self.plugin.display()));
        command
    }

    /// clang that only links: bitcode as it is, lowered and optimised by lld with the plugin.
    pub fn lld(&self) -> Command {
        let mut command = Command::new(&self.clang);
        command.args(["-fuse-ld=lld", "-Xclang", "-disable-llvm-passes"]);
        command.arg(format!("-Wl,--load-pass-plugin={}", self.plugin.display()));
        command
    }
}
