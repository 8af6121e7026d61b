//! Small programs of which each went wrong once, in `tests/c/cases/`: they print the same whoever
//! compiles them, and how, and in the JIT. Beside `NAME.c` lies `NAME.expected`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use libtest_mimic::Failed;
use stackswitch_test_support::{Artifacts, directory, run, succeed, text};

use crate::{
    c::{self, Compiler, INSTALLED, Linkage},
    suite::Tests,
};

const LEVELS: [&str; 4] = ["-O0", "-O1", "-O2", "-O3"];

const PROGRAMS: [&str; 6] = [
    "cleanup_handlers.c",
    "leaked_by_exception.cpp",
    "many_frames.c",
    "publish.c",
    "returns_twice.c",
    "types_never_reached.c",
];

/// A program that the JIT cannot run: it looks for its code in the files that are loaded.
const AHEAD_ONLY: [&str; 1] = ["profiled.cpp"];

/// A program that is right where pointers to local variables stay valid. gcc's never do.
const SHARED_VARIABLES: &str = "shared_variables.cpp";

/// A program whose library is `interposed_library.c`.
const INTERPOSED: &str = "interposed.c";

/// A program whose other module is `captured_library.c`.
const CAPTURED: &str = "captured.c";

/// Every program, by every compiler and in the JIT.
pub fn tests(tests: &mut Tests) {
    for program in PROGRAMS {
        for level in LEVELS {
            tests.add_with_artifacts(format!("{program}::jit{level}"), move |artifacts| {
                check_jit(artifacts, &source(program), level)
            });
        }
    }
    for level in LEVELS {
        tests.add_with_artifacts(format!("{SHARED_VARIABLES}::jit{level}"), move |artifacts| {
            let mut run = Command::new(&artifacts.command);
            let source = source(SHARED_VARIABLES);
            compare(&source, run.args(["run", level, "--pointers", "stable"]).arg(&source))
        });
    }
    for (compiler_name, compiler, linkages) in INSTALLED {
        for level in LEVELS {
            for &(linkage_name, linkage) in linkages {
                if !matches!(compiler, Compiler::Gcc) {
                    let way = format!("{compiler_name}-{linkage_name}{level}");
                    let file = format!("{SHARED_VARIABLES}-{way}");
                    tests.add_with_artifacts(
                        format!("{SHARED_VARIABLES}::{way}"),
                        move |artifacts| check_shared(artifacts, compiler, &file, level, linkage),
                    );
                }
                for program in PROGRAMS.into_iter().chain(AHEAD_ONLY) {
                    let way = format!("{compiler_name}-{linkage_name}{level}");
                    let file = format!("{program}-{way}");
                    tests.add_with_artifacts(format!("{program}::{way}"), move |artifacts| {
                        check(artifacts, compiler, &source(program), &file, level, linkage)
                    });
                }
            }
            let way = format!("{compiler_name}{level}");
            let file = format!("{INTERPOSED}-{way}");
            tests.add_with_artifacts(format!("{INTERPOSED}::{way}"), move |artifacts| {
                check_interposed(artifacts, compiler, &file, level)
            });
            let file = format!("{CAPTURED}-{way}");
            tests.add_with_artifacts(format!("{CAPTURED}::{way}"), move |artifacts| {
                check_captured(artifacts, compiler, &file, level)
            });
        }
    }
}

fn source(program: &str) -> PathBuf {
    c::sources().join("cases").join(program)
}

/// The flags of a compiler for a source, besides the level.
fn flags(compiler: Compiler, source: &Path) -> Vec<&'static str> {
    let mut flags = Vec::new();
    if source.extension().is_some_and(|extension| extension == "cpp") {
        flags.push("-std=c++17");
    }
    // It warns of variables that a second return might change, which these do not.
    flags.extend(matches!(compiler, Compiler::Gcc).then_some("-Wno-clobbered"));
    flags
}

/// Compiles and links a program, and runs it.
fn check(
    artifacts: &Artifacts,
    compiler: Compiler,
    source: &Path,
    file: &str,
    level: &str,
    linkage: Linkage<'_>,
) -> Result<(), Failed> {
    let mut flags = flags(compiler, source);
    flags.push(level);
    let program = c::build(artifacts, compiler, source, &flags, ("cases", file), linkage)?;
    compare(source, &mut Command::new(program))
}

/// As [`check`], with pointers to local variables that stay valid.
fn check_shared(
    artifacts: &Artifacts,
    compiler: Compiler,
    file: &str,
    level: &str,
    linkage: Linkage<'_>,
) -> Result<(), Failed> {
    let source = source(SHARED_VARIABLES);
    let option = c::option(artifacts, compiler, "-stackswitch-pointers=stable")?;
    let mut flags = flags(compiler, &source);
    flags.push(level);
    flags.extend(option.iter().map(String::as_str));
    let program = c::build(artifacts, compiler, &source, &flags, ("cases", file), linkage)?;
    compare(&source, &mut Command::new(program))
}

/// Runs a program in the JIT.
fn check_jit(artifacts: &Artifacts, source: &Path, level: &str) -> Result<(), Failed> {
    compare(source, Command::new(&artifacts.command).args(["run", level]).arg(source))
}

/// Compiles the program and its library, whose functions the program replaces.
fn check_interposed(
    artifacts: &Artifacts,
    compiler: Compiler,
    file: &str,
    level: &str,
) -> Result<(), Failed> {
    let directory = directory("cases")?;
    let library = directory.join(format!("lib{file}.so"));
    let library_source = c::sources().join("cases/interposed_library.c");
    let mut flags = vec!["-fPIC"];
    // gcc does so unless told.
    flags.extend((!matches!(compiler, Compiler::Gcc)).then_some("-fsemantic-interposition"));
    let mut compile = command(artifacts, compiler);
    compile.arg(level).args(flags).arg("-shared").arg(&library_source);
    compile.arg("-I").arg(artifacts.prefix.join("include")).arg("-o").arg(&library);
    succeed(&mut compile)?;
    let source = source(INTERPOSED);
    let program = directory.join(file);
    let mut link = command(artifacts, compiler);
    link.arg(level).arg(&source).arg("-I").arg(artifacts.prefix.join("include"));
    link.arg(&library).arg(format!("-Wl,-rpath,{}", directory.display()));
    link.arg(&artifacts.runtime).args(["-Wl,--export-dynamic", "-lm", "-o"]).arg(&program);
    succeed(&mut link)?;
    compare(&source, &mut Command::new(program))
}

/// Compiles the program's modules one by one.
fn check_captured(
    artifacts: &Artifacts,
    compiler: Compiler,
    file: &str,
    level: &str,
) -> Result<(), Failed> {
    let program = directory("cases")?.join(file);
    let mut link = Command::new("cc");
    for (number, source) in [CAPTURED, "captured_library.c"].into_iter().enumerate() {
        let object = program.with_extension(format!("{number}.o"));
        let mut compile = command(artifacts, compiler);
        compile.arg(level).arg("-I").arg(artifacts.prefix.join("include")).arg("-c");
        succeed(compile.arg(self::source(source)).arg("-o").arg(&object))?;
        link.arg(object);
    }
    succeed(link.arg(&artifacts.runtime).args(["-lm", "-o"]).arg(&program))?;
    compare(&source(CAPTURED), &mut Command::new(program))
}

/// The compiler, with its plugin.
fn command(artifacts: &Artifacts, compiler: Compiler) -> Command {
    match compiler {
        Compiler::ClangWithPlugin => artifacts.llvm.clang(),
        Compiler::OtherClangWithPlugin => artifacts.other.clang(),
        Compiler::Gcc => Command::new("gcc"),
    }
}

/// Compares what a program prints with what it should.
fn compare(source: &Path, program: &mut Command) -> Result<(), Failed> {
    let expected = fs::read_to_string(source.with_extension("expected"))?;
    let output = run(program)?;
    let stdout = text(&output.stdout);
    if output.status.success() && stdout == expected {
        return Ok(());
    }
    let stderr = text(&output.stderr);
    Err(format!("{}\nexpected\n{expected}\nfound\n{stdout}\n{stderr}", output.status).into())
}
