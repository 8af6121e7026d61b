//! Helpers that the integration tests of all crates share: to run a command with a time limit, to
//! run a test in its own process, to find a directory for a test's files, and to find what
//! `make test` has built.

mod fork_server;

use std::{
    any::type_name,
    env,
    ffi::OsStr,
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::mpsc::{Receiver, channel},
    thread::spawn,
    time::{Duration, Instant},
};

pub use fork_server::ForkServer;

/// How long a command may run. One that runs longer hangs, and its test fails.
const TIME_LIMIT: Duration = Duration::from_secs(180);

/// Set in the process that [`alone`] starts, to the name of its test.
const ALONE: &str = "STACKSWITCH_TEST_ALONE";

/// Runs a command and returns its output.
///
/// # Errors
///
/// The command does not start, or runs longer than a minute; it is killed then.
pub fn run(command: &mut Command) -> Result<Output, String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("cannot run {command:?}: {e}"))?;
    let end = Instant::now() + TIME_LIMIT;
    let (stdout, stderr) = (drain(child.stdout.take()), drain(child.stderr.take()));
    // Both pipes are closed when the command ends.
    let outputs = [stdout, stderr]
        .map(|pipe| pipe.recv_timeout(end.saturating_duration_since(Instant::now())).ok());
    let [Some(stdout), Some(stderr)] = outputs else {
        child.kill().and_then(|()| child.wait()).map_err(|e| e.to_string())?;
        return Err(format!("{command:?}: still running after {} s", TIME_LIMIT.as_secs()));
    };
    let status = child.wait().map_err(|e| format!("{command:?}: {e}"))?;
    Ok(Output { status, stdout, stderr })
}

/// Reads a pipe to its end, on a thread, and sends what it has read.
fn drain(pipe: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read before an error is still worth showing.
            let _ = pipe.read_to_end(&mut bytes);
        }
        // Nobody receives it after the time limit.
        let _ = sender.send(bytes);
    });
    receiver
}

/// Runs a command that must succeed, and returns its output.
///
/// # Errors
///
/// As for [`run`], or the command's status is not 0. The message has what it wrote on stderr.
pub fn succeed(command: &mut Command) -> Result<Output, String> {
    let output = run(command)?;
    if output.status.success() {
        Ok(output)
    } else {
        Err(format!("{command:?}: {}\n{}", output.status, text(&output.stderr)))
    }
}

/// Output as text. Bytes that are no UTF-8 are replaced.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Makes a directory for the files of a test and returns its path.
///
/// Each test program has directories of its own, so builds for several LLVM versions do not write
/// each other's files.
///
/// # Errors
///
/// The directory cannot be made.
pub fn directory(name: &str) -> Result<PathBuf, String> {
    let program = env::current_exe().map_err(|e| e.to_string())?;
    // target/release/deps/all-0123456789abcdef
    let build = program.ancestors().nth(2).unwrap_or(Path::new("."));
    let path = build.join("test-files").join(program.file_name().unwrap_or_default()).join(name);
    fs::create_dir_all(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(path)
}

/// The command that starts a program before the programs under test, with its arguments: an emulator,
/// if they are for another CPU than this machine's.
pub const RUNNER: &str = "STACKSWITCH_TEST_RUNNER";

/// A command that runs a program, by the runner that the environment names, if any.
pub fn program(path: impl AsRef<OsStr>) -> Command {
    let runner = env::var(RUNNER).unwrap_or_default();
    let mut words = runner.split_whitespace();
    let Some(first) = words.next() else { return Command::new(path) };
    let mut command = Command::new(first);
    command.args(words).arg(path);
    command
}

/// A command that runs this test program again.
///
/// # Panics
///
/// The system does not know the path of this program.
pub fn this_program() -> Command {
    program(env::current_exe().expect("the path of this test program"))
}

/// Runs the body of a `#[test]`, a closure in the test's function, in its own process.
///
/// This is for a test that changes something that all threads of a process share: the error
/// handler, the allocator, a signal's action, a count. The process is this test program again, which
/// is told to run this test only.
///
/// # Panics
///
/// The test has failed in its process.
pub fn alone<F: FnOnce()>(test: F) {
    alone_as::<F>(test);
}

/// [`alone`] for a body that is not itself a closure in the test's function: `Named` is the type of
/// one that is.
///
/// # Panics
///
/// The test has failed in its process.
pub fn alone_as<Named>(test: impl FnOnce()) {
    // `all::overflow::hooks_are_called::{{closure}}` is in the test `overflow::hooks_are_called`.
    let closure = type_name::<Named>();
    let path = closure.trim_end_matches("::{{closure}}");
    let name = path.split_once("::").map_or(path, |(_, name)| name);
    if env::var_os(ALONE).is_some_and(|alone| alone == name) {
        return test();
    }
    let mut command = this_program();
    command.args(["--exact", name, "--nocapture"]).env(ALONE, name);
    let output = run(&mut command).unwrap_or_else(|error| panic!("{error}"));
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    let ran = stdout.contains("test result: ok. 1 passed");
    assert!(output.status.success() && ran, "{}\n{stdout}\n{stderr}", output.status);
}

/// What `make` has built for the tests that need more than their own package.
///
/// There is none if cargo runs the tests alone: `make programs` builds it and sets the variables.
pub struct Artifacts {
    /// `stackswitch`, for the LLVM version that the tests are built for.
    pub command: PathBuf,
    /// `stackswitch`, for the other version that is tested.
    pub other_command: PathBuf,
    /// The plugin and clang for the LLVM version that the tests are built for.
    pub llvm: Toolchain,
    /// The same for the other version.
    pub other: Toolchain,
    /// Does what the first command does, and compiles, without starting a process that loads LLVM.
    pub server: ForkServer,
    /// The same for the other version.
    pub other_server: ForkServer,
    /// The static runtime library.
    pub runtime: PathBuf,
    /// The root of an installation that `make install` has made.
    pub prefix: PathBuf,
}

/// The plugin for one LLVM version, and the clang that loads it.
pub struct Toolchain {
    /// The plugin's shared object.
    pub plugin: PathBuf,
    clang: PathBuf,
}

impl Artifacts {
    /// The artifacts that the environment names, if it names all.
    pub fn find() -> Option<Self> {
        let path = |name| env::var_os(name).map(PathBuf::from);
        Some(Self {
            command: path("STACKSWITCH_COMMAND")?,
            other_command: path("STACKSWITCH_OTHER_COMMAND")?,
            llvm: Toolchain {
                plugin: path("STACKSWITCH_PLUGIN")?,
                clang: path("STACKSWITCH_CLANG")?,
            },
            other: Toolchain {
                plugin: path("STACKSWITCH_OTHER_PLUGIN")?,
                clang: path("STACKSWITCH_OTHER_CLANG")?,
            },
            server: ForkServer::new(path("STACKSWITCH_FORK_SERVER")?),
            other_server: ForkServer::new(path("STACKSWITCH_OTHER_FORK_SERVER")?),
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

    /// clang that only links: lld lowers and optimises the bitcode, with the plugin.
    pub fn lld(&self) -> Command {
        let mut command = Command::new(&self.clang);
        command.args(["-fuse-ld=lld", "-Xclang", "-disable-llvm-passes"]);
        command.arg(format!("-Wl,--load-pass-plugin={}", self.plugin.display()));
        command
    }
}
