//! Programs of C and C++ in the JIT, as clang compiles them: at each level, with and without `-fPIC`.
//! Each runs in its own process, which it may end itself.

use std::{
    env,
    ffi::OsStr,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use stackswitch::jit::{Error, Jit, OptLevel};

/// The clang of the LLVM that the JIT is linked with.
const CLANG: &str = if cfg!(feature = "llvm19") { "clang-19" } else { "clang-22" };

const LEVELS: [(&str, OptLevel); 4] =
    [("-O0", OptLevel::O0), ("-O1", OptLevel::O1), ("-O2", OptLevel::O2), ("-O3", OptLevel::O3)];

/// The variables that tell this test program to run a program: its bitcode, the level, the arguments.
const FILE: &str = "STACKSWITCH_TEST_BITCODE";
const LEVEL: &str = "STACKSWITCH_TEST_LEVEL";
const ARGUMENT: &str = "STACKSWITCH_TEST_ARGUMENT";

/// What comes before a program's own output, which follows that of the test harness.
const BEGIN: &str = "the program's output:\n";

/// Not a test by itself: runs a program in the process that [`run`] has started.
#[test]
fn in_process() {
    let Some(file) = env::var_os(FILE) else { return };
    let level = env::var(LEVEL).unwrap();
    let level = LEVELS.iter().find(|(flag, _)| *flag == level).unwrap().1;
    let jit = Jit::builder().opt_level(level).build().unwrap();
    jit.add_file(&file).unwrap();
    print!("{BEGIN}");
    std::io::stdout().flush().unwrap();
    // SAFETY: the programs of these tests are sound.
    let status = match unsafe { jit.run_main("main", &[file, env::var_os(ARGUMENT).unwrap()]) } {
        Ok(status) => status,
        Err(Error::Fault(fault)) => {
            eprintln!("{fault}");
            70
        }
        Err(error) => panic!("{error}"),
    };
    std::process::exit(status);
}

/// Runs a program with an argument; what it writes to stdout, and how it ends.
fn run(bitcode: &Path, level: &str, argument: &str) -> (String, Output) {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "c_programs::in_process", "--nocapture"]);
    command.envs([(FILE, bitcode.as_os_str()), (LEVEL, OsStr::new(level))]);
    let output = command.env(ARGUMENT, argument).output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let own = stdout.split_once(BEGIN).unwrap_or_else(|| panic!("{output:?}")).1.to_owned();
    (own, output)
}

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c").join(name)
}

/// Compiles a program in every way, and calls `check` with its bitcode and level.
fn in_every_way(name: &str, check: impl Fn(&Path, &str)) {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("c_programs").join(CLANG);
    fs::create_dir_all(&directory).unwrap();
    for (level, _) in LEVELS {
        for pic in ["-fPIC", "-fno-PIC"] {
            let bitcode = directory.join(format!("{name}{level}{pic}.bc"));
            let mut clang = Command::new(CLANG);
            clang.args([level, pic, "-Wall", "-Wextra", "-Werror", "-emit-llvm", "-c"]);
            let output = clang.arg(source(name)).arg("-o").arg(&bitcode).output().unwrap();
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{errors}");
            check(&bitcode, level);
        }
    }
}

/// The program must write what its file of expected output has, and return 0.
fn prints_what_is_expected(name: &str) {
    let expected = fs::read_to_string(source(name).with_extension("expected")).unwrap();
    in_every_way(name, |bitcode, level| {
        let (stdout, output) = run(bitcode, level, "");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{bitcode:?}: {}\n{stdout}{stderr}", output.status);
        assert_eq!(stdout, expected, "{bitcode:?}");
    });
}

#[test]
fn thread_local_variables_of_c() {
    prints_what_is_expected("thread_local.c");
}

#[test]
fn thread_local_objects_of_cxx() {
    prints_what_is_expected("thread_local_objects.cpp");
}

#[test]
fn every_way_to_end_a_program_runs_what_it_registered() {
    in_every_way("exit.c", |bitcode, level| {
        for argument in ["", "exit", "thread"] {
            let (stdout, output) = run(bitcode, level, argument);
            assert_eq!(output.status.code(), Some(3), "{bitcode:?} {argument}");
            assert_eq!(
                stdout, "constructor\nfirst\nsecond\ndestructor\n",
                "{bitcode:?} {argument}"
            );
        }
        // But for the way that skips it.
        let (stdout, output) = run(bitcode, level, "_Exit");
        assert_eq!((stdout.as_str(), output.status.code()), ("constructor\n", Some(3)));
    });
}

#[test]
fn an_overflow_in_malloc_is_a_fault_or_ends_the_process() {
    in_every_way("overflow_in_malloc.c", |bitcode, level| {
        for shift in [0, 80] {
            let (stdout, output) = run(bitcode, level, &shift.to_string());
            let stderr = String::from_utf8_lossy(&output.stderr);
            let said = stderr.lines().any(|line| line.contains("EOVERFLOW: stack overflow"));
            let ended = output.status.code().is_none_or(|code| code == 70);
            assert!(said && ended && stdout.is_empty(), "{bitcode:?} {shift}: {output:?}");
        }
    });
}
