//! Does what tests ask for, each in a fork of this process. libLLVM is loaded and warm in a fork; to
//! load it costs a new process as much time as it takes to compile a small program.
//!
//! A request is a line of the standard input. Its fields are separated by tabs: the work, the files
//! for its standard output and its standard error, and its arguments. The works are
//!
//! - `command`: the command `stackswitch` with these arguments;
//! - `object`: LLVM's pipeline with our passes and code generation, as clang with the plugin does them.
//!   The arguments are the level as clang names it, a module, and the object file to write.
//!
//! The answer is a line of the standard output: the fork's status as `waitpid` has it.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, BufRead, Write},
    iter,
    os::fd::{AsRawFd, FromRawFd, RawFd},
    path::Path,
    process::ExitCode,
};

use inkwell::{
    context::Context,
    targets::{CodeModel, FileType, InitializationConfig, RelocMode, Target, TargetMachine},
};
use stackswitch::{OptLevel, Options, lower, reader};

/// Milliseconds that a fork may run.
const TIME_LIMIT: i32 = 60_000;

fn main() -> ExitCode {
    match serve() {
        Ok(status) => status,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Answers requests until there are no more. It also returns in each fork, with the fork's status.
fn serve() -> Result<ExitCode, Box<dyn std::error::Error>> {
    warm_up()?;
    // SAFETY: descriptor 1 is open; the copy is new, so nothing else owns it.
    let mut answers = unsafe { File::from_raw_fd(check(libc::dup(1))?) };
    for line in io::stdin().lock().lines() {
        let line = line?;
        // SAFETY: this process has one thread, so no lock is held in the child.
        let child = check(unsafe { libc::fork() })?;
        if child == 0 {
            drop(answers);
            return Ok(work(&line.split('\t').collect::<Vec<_>>())?);
        }
        writeln!(answers, "{}", wait(child)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Compiles a function, so that LLVM resolves its symbols once for all forks.
fn warm_up() -> Result<(), String> {
    let text = "define i32 @f(i32 %n) {\n  %m = mul i32 %n, 3\n  ret i32 %m\n}\n";
    let (context, machine) = (Context::create(), machine(OptLevel::O2)?);
    let module = reader::parse(&context, "warm", text.as_bytes()).map_err(|e| e.to_string())?;
    let options = Options::new().llvm(true).target(&machine);
    lower(&module, &options).map_err(|error| error.to_string())?;
    let object = machine.write_to_memory_buffer(&module, FileType::Object);
    object.map(drop).map_err(|error| error.to_string())
}

/// Does the work of a request, in a fork.
fn work(request: &[&str]) -> io::Result<ExitCode> {
    let [work, stdout, stderr, arguments @ ..] = request else {
        return Err(io::Error::other("a request has three fields and arguments"));
    };
    redirect(&File::open("/dev/null")?, 0)?;
    redirect(&File::create(stdout)?, 1)?;
    redirect(&File::create(stderr)?, 2)?;
    match (*work, arguments) {
        ("command", arguments) => {
            let words = iter::once(&"stackswitch").chain(arguments);
            Ok(stackswitch_cli::run(words.map(OsString::from)))
        }
        ("object", [level, source, object]) => {
            compile(level, Path::new(source), Path::new(object)).map_err(io::Error::other)?;
            Ok(ExitCode::SUCCESS)
        }
        _ => Err(io::Error::other("this is no work, or it has other arguments")),
    }
}

/// Compiles a module to an object file.
fn compile(level: &str, source: &Path, object: &Path) -> Result<(), String> {
    let level = match level {
        "-O0" => OptLevel::O0,
        "-O1" => OptLevel::O1,
        "-O2" => OptLevel::O2,
        "-O3" => OptLevel::O3,
        _ => return Err(format!("{level} is no level")),
    };
    let text = fs::read(source).map_err(|error| format!("{}: {error}", source.display()))?;
    let name = source.file_name().unwrap_or_default().to_string_lossy();
    let (context, machine) = (Context::create(), machine(level)?);
    let module = reader::parse(&context, &name, &text).map_err(|error| error.to_string())?;
    let options = Options::new().opt_level(level).llvm(true).target(&machine);
    lower(&module, &options).map_err(|error| error.to_string())?;
    machine.write_to_file(&module, FileType::Object, object).map_err(|error| error.to_string())
}

/// The machine that clang compiles for by itself.
fn machine(level: OptLevel) -> Result<TargetMachine, String> {
    Target::initialize_native(&InitializationConfig::default())?;
    let triple = TargetMachine::get_default_triple();
    let target = Target::from_triple(&triple).map_err(|error| error.to_string())?;
    let (level, model) = (level.codegen(), CodeModel::Default);
    let machine = target.create_target_machine(&triple, "", "", level, RelocMode::PIC, model);
    machine.ok_or_else(|| "no code for this machine".to_owned())
}

/// Makes a descriptor one for a file.
fn redirect(file: &File, descriptor: RawFd) -> io::Result<()> {
    // SAFETY: both descriptors are open; the standard streams are not owned by a value.
    check(unsafe { libc::dup2(file.as_raw_fd(), descriptor) }).map(drop)
}

/// Waits for a fork, and kills it after the time limit.
fn wait(child: libc::pid_t) -> io::Result<i32> {
    // SAFETY: plain call; the result is a new descriptor or an error.
    let descriptor = unsafe { libc::syscall(libc::SYS_pidfd_open, child, 0) };
    let descriptor = check(i32::try_from(descriptor).map_err(io::Error::other)?)?;
    // SAFETY: the descriptor is new, so nothing else owns it.
    let ended = unsafe { File::from_raw_fd(descriptor) };
    let mut poll = libc::pollfd { fd: ended.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one structure, which is ours.
    if check(unsafe { libc::poll(&raw mut poll, 1, TIME_LIMIT) })? == 0 {
        // SAFETY: the child has not been waited for, so its number is its own.
        check(unsafe { libc::kill(child, libc::SIGKILL) })?;
    }
    let mut status = 0;
    // SAFETY: the child is ours; the status is a variable of this function.
    check(unsafe { libc::waitpid(child, &raw mut status, 0) })?;
    Ok(status)
}

/// The result of a system call, or its error.
fn check(result: i32) -> io::Result<i32> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}
