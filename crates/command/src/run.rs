//! `stackswitch run`: compiles a program in this process and runs it.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use clap::builder::NonEmptyStringValueParser;
use stackswitch::jit::{self, Jit, OptLevel, Ucontext, Warning};

use super::{
    failure::{EX_SOFTWARE, Failure, flush_stdio, report, warn, warn_of},
    inputs::{self, Clang, Input},
    libraries::{self, Libraries},
    stats,
    trace::Recorder,
};

const EXAMPLES: &str = "\
Examples:
  stackswitch run program.ll                  run it as clang's output would run
  stackswitch run program.ll -- one two       with arguments
  stackswitch run main.c generators.ll        several files, C too, linked
  stackswitch run solver.c -lm -L lib -lown   with shared libraries
  clang -S -emit-llvm a.c -o - | stackswitch run -
  stackswitch run -O0 --stats program.bc      what the runtime counted, on stderr
  stackswitch run --trace t.json program.ll   which context ran when (see `stackswitch trace`)

The exit status is the low byte of what the entry returns; 64 and above may also be one
of the command itself (see `stackswitch --help`).";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The modules, which are linked: LLVM IR as text or bitcode, C or C++; `-` is the standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The function to call, as C's main
    #[arg(long, value_name = "NAME", default_value = "main", value_parser = NonEmptyStringValueParser::new())]
    entry: String,
    /// How much to optimise: 0, 1, 2 or 3
    #[arg(short = 'O', value_name = "LEVEL", default_value = "2", value_parser = level)]
    level: OptLevel,
    #[command(flatten)]
    libraries: Libraries,
    /// Call the runtime for every switch, also where the fast path could be in place
    #[arg(long)]
    no_inline: bool,
    /// Keep local variables of so many bytes and more on the heap where a switch would copy them
    #[arg(long, value_name = "BYTES", default_value_t = 0, hide_default_value = true)]
    heap_threshold: u32,
    /// Where variables are that other code may access while their context is suspended: `stable` in
    /// memory that never moves, `sliced` in the frame
    #[arg(long, value_name = "MODE", value_enum, default_value_t = Pointers::Sliced)]
    pointers: Pointers,
    /// Call the runtime for the functions of <ucontext.h>; `sigmask`: with the signal mask in the
    /// context, which costs a system call for each switch
    #[arg(
        long,
        value_name = "HOW",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "fast",
        value_parser = ["fast", "sigmask"]
    )]
    from_ucontext: Option<String>,
    /// Give every context a stack, also where its frame could be a variable of its creator
    #[arg(long)]
    no_stackless: bool,
    /// Print what the runtime counted, on stderr, after the run
    #[arg(long)]
    stats: bool,
    /// Write what every context does, for `stackswitch trace`, Chrome and Perfetto
    #[arg(long, value_name = "OUT")]
    trace: Option<PathBuf>,
    /// List the functions in /tmp/perf-PID.map, where `perf` looks for names
    #[arg(long)]
    perf_map: bool,
    #[command(flatten)]
    clang: Clang,
    /// Arguments of the program
    #[arg(last = true, value_name = "ARG")]
    args: Vec<OsString>,
}

/// Parses the argument of `-O`.
pub(super) fn level(text: &str) -> Result<OptLevel, String> {
    match text {
        "0" => Ok(OptLevel::O0),
        "1" => Ok(OptLevel::O1),
        "2" => Ok(OptLevel::O2),
        "3" => Ok(OptLevel::O3),
        _ => Err("it is 0, 1, 2 or 3".to_owned()),
    }
}

/// The setting that `--from-ucontext` stands for.
fn ucontext(how: Option<&str>) -> Ucontext {
    match how {
        None => Ucontext::System,
        Some("sigmask") => Ucontext::RuntimeWithSignalMask,
        Some(_) => Ucontext::Runtime,
    }
}

/// Runs the program. Its exit status is the low byte of what its entry returns, as for a process.
pub(super) fn run_program(args: &Args) -> Result<ExitCode, Failure> {
    let name = program_name(&args.files);
    compile_and_run(args, &name).map_err(|failure| failure.in_file(&name))
}

/// The name of a program of several files: that of its first file.
fn program_name(files: &[PathBuf]) -> PathBuf {
    match files.first().map(PathBuf::as_path) {
        Some(first) if first == Path::new("-") => "<stdin>".into(),
        Some(first) => first.to_owned(),
        None => PathBuf::new(),
    }
}

/// The values of `--pointers`.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum Pointers {
    Stable,
    Sliced,
}

impl From<Pointers> for stackswitch::Pointers {
    fn from(mode: Pointers) -> Self {
        match mode {
            Pointers::Stable => Self::Stable,
            Pointers::Sliced => Self::Sliced,
        }
    }
}

fn compile_and_run(args: &Args, name: &Path) -> Result<ExitCode, Failure> {
    libraries::load(&args.libraries)?;
    // Before the JIT, which binds the functions that the observer must hear of.
    let recorder = args.trace.as_deref().map(Recorder::start).transpose()?;
    let jit = Jit::builder()
        .opt_level(args.level)
        .inline_switches(!args.no_inline)
        .heap_threshold(args.heap_threshold)
        .pointers(args.pointers.into())
        .stackless(!args.no_stackless)
        .perf_map(args.perf_map)
        .ucontext(ucontext(args.from_ucontext.as_deref()))
        .build()?;
    for index in 0..args.files.len() {
        add(&jit, &load(args, index)?)?;
    }
    // Compile first: the time that is measured is the program's own.
    jit.address(&args.entry).map_err(|error| match error {
        jit::Error::MissingSymbol(ref names) if names.contains(&args.entry) => {
            Failure::from(error).hint("--entry names the function to call")
        }
        error => error.into(),
    })?;
    if let Some(recorder) = &recorder {
        recorder.begin(jit.bodies()?);
    }
    let argv: Vec<OsString> =
        std::iter::once(name.as_os_str().to_owned()).chain(args.args.clone()).collect();
    jit::on_uncaught_fault(|fault| {
        report(&fault.to_string());
        std::process::exit(EX_SOFTWARE.into())
    });
    let start = Instant::now();
    // SAFETY: the user asks to run the program, with all that a program can do.
    let result = unsafe { jit.run_main(&args.entry, &argv) };
    let time = start.elapsed();
    flush_stdio();
    if args.stats {
        stats::print(time);
    }
    let traced = recorder.map_or(Ok(()), Recorder::finish);
    let [low, ..] = result?.to_le_bytes();
    traced?;
    Ok(ExitCode::from(low))
}

/// Reads a file of the program.
fn load(args: &Args, index: usize) -> Result<Input, Failure> {
    let file = &args.files[index];
    inputs::load(file, args.level, &args.clang).map_err(|failure| {
        // `run nums.c 3`: what is no file may be meant for the program.
        if index == 0 || file.exists() {
            return failure;
        }
        let word = file.display();
        failure.hint(format!(
            "arguments of the program follow `--`: run {} -- {word}",
            args.files[0].display()
        ))
    })
}

/// Compiles a file of the program, and prints the warnings about it.
fn add(jit: &Jit, input: &Input) -> Result<(), Failure> {
    let added = jit.add_bitcode(&input.name, &input.bytes);
    let name = Path::new(&input.name);
    for warning in jit.take_warnings() {
        match warning {
            Warning::Passes(diagnostic) => warn_of(&diagnostic, name),
            warning => warn(&warning.to_string()),
        }
    }
    added.map(drop).map_err(|error| Failure::from(error).in_file(name))
}
