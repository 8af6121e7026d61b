//! Processes that do work in forks of themselves: `crates/command/examples/fork_server.rs`.

use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{self, Child, ChildStdin, ChildStdout, Command, ExitStatus, Output, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Fork servers of one program. There are as many processes as threads that ask at one time.
pub struct ForkServer {
    program: PathBuf,
    idle: Mutex<Vec<Server>>,
}

/// One process, and the files that its forks write to.
struct Server {
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl ForkServer {
    /// Servers that are this program. None is started before there is work.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), idle: Mutex::default() }
    }

    /// Runs the command `stackswitch` in a fork and returns its output.
    ///
    /// # Errors
    ///
    /// The server does not start, or gives no answer. A command that runs too long is killed, which
    /// is no error here.
    pub fn command(&self, arguments: &[&str]) -> Result<Output, String> {
        self.work("command", arguments)
    }

    /// Compiles a module to an object file in a fork, at a level of clang's, with the passes.
    ///
    /// # Errors
    ///
    /// As for [`ForkServer::command`], or the module cannot be compiled.
    pub fn compile(&self, level: &str, source: &Path, object: &Path) -> Result<(), String> {
        let [source, object] = [source, object].map(|path| path.to_str().ok_or("a path in UTF-8"));
        let output = self.work("object", &[level, source?, object?])?;
        if output.status.success() {
            Ok(())
        } else {
            Err(format!("{}\n{}", output.status, crate::text(&output.stderr)))
        }
    }

    fn work(&self, work: &str, arguments: &[&str]) -> Result<Output, String> {
        let idle = self.idle.lock().map_err(|e| e.to_string())?.pop();
        let mut server = idle.map_or_else(|| Server::start(&self.program), Ok)?;
        let output = server.work(work, arguments).map_err(|error| format!("fork server: {error}"));
        // One that has failed is not asked again.
        if output.is_ok() {
            self.idle.lock().map_err(|e| e.to_string())?.push(server);
        }
        output
    }
}

impl Server {
    fn start(program: &Path) -> Result<Self, String> {
        static STARTED: AtomicUsize = AtomicUsize::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let file = |stream| {
            env::temp_dir().join(format!("stackswitch-{}-{number}.{stream}", process::id()))
        };
        let mut process = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot run {}: {error}", program.display()))?;
        let requests = process.stdin.take().ok_or("no pipe")?;
        let answers = BufReader::new(process.stdout.take().ok_or("no pipe")?);
        Ok(Self { process, requests, answers, stdout: file("stdout"), stderr: file("stderr") })
    }

    fn work(&mut self, work: &str, arguments: &[&str]) -> Result<Output, String> {
        let [stdout, stderr] = [&self.stdout, &self.stderr].map(|path| path.display());
        let mut request = format!("{work}\t{stdout}\t{stderr}");
        for argument in arguments {
            if argument.contains(['\t', '\n']) {
                return Err(format!("{argument:?} does not fit into a request"));
            }
            request.push('\t');
            request.push_str(argument);
        }
        request.push('\n');
        self.requests.write_all(request.as_bytes()).map_err(|e| e.to_string())?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer).map_err(|e| e.to_string())?;
        let status = answer.trim().parse().map_err(|_| format!("the answer is {answer:?}"))?;
        let read = |path: &Path| fs::read(path).map_err(|e| format!("{}: {e}", path.display()));
        let (stdout, stderr) = (read(&self.stdout)?, read(&self.stderr)?);
        Ok(Output { status: ExitStatus::from_raw(status), stdout, stderr })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // What fails here has been ended, or has written no file.
        let _ = self.process.kill();
        let _ = self.process.wait();
        for path in [&self.stdout, &self.stderr] {
            let _ = fs::remove_file(path);
        }
    }
}
