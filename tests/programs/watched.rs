//! Valgrind and the sanitizers have nothing to say about programs with contexts, and find the bugs
//! that are in them. Each has a build of the runtime, which is installed beside the plain one. The
//! plain one refuses programs that are compiled for a sanitizer.

use std::{fs, path::PathBuf, process::Command};

use libtest_mimic::Failed;
use stackswitch_test_support::{Artifacts, run, text};

use crate::{
    c::{self, Compiler, Linkage},
    suite::Tests,
};

/// A tool: how programs are compiled and run for it, and what it finds.
struct Tool {
    /// The runtime's feature.
    feature: &'static str,
    compilers: &'static [(&'static str, Compiler)],
    flags: &'static [&'static str],
    /// What runs the program.
    runner: &'static [&'static str],
    /// Further programs that it has nothing to say about, with what they print.
    clean: &'static [(&'static str, &'static str)],
    /// Arguments of `watched.c` that make it do something wrong, with what is said then, and the
    /// compilers without which it is not found.
    finds: &'static [(&'static str, &'static str, &'static [&'static str])],
}

const GCC: (&str, Compiler) = ("gcc", Compiler::Gcc);
const CLANG: (&str, Compiler) = ("clang", Compiler::ClangWithPlugin);

const TOOLS: [Tool; 3] = [
    Tool {
        feature: "valgrind",
        compilers: &[GCC],
        flags: &[],
        runner: &["valgrind", "-q", "--error-exitcode=9"],
        clean: &[("overflows.c", "1 the context\n7\n1 the context\n7\n")],
        finds: &[
            ("use", "Invalid read of size 1", &["gcc"]),
            ("uninitialised", "uninitialised value", &["gcc"]),
        ],
    },
    Tool {
        feature: "asan",
        compilers: &[GCC, CLANG],
        flags: &["-fsanitize=address"],
        runner: &[],
        clean: &[],
        finds: &[
            ("use", "heap-use-after-free", &["gcc", "clang"]),
            // The context has been displaced: clang's locals are not on the stack.
            ("frame", "stack-buffer-overflow", &["clang"]),
        ],
    },
    Tool {
        feature: "tsan",
        compilers: &[GCC, CLANG],
        flags: &["-fsanitize=thread"],
        runner: &[],
        clean: &[],
        finds: &[
            ("race", "data race", &["gcc", "clang"]),
            // It was in a fiber, which the first switch to the context has made.
            ("race", "#0 switched ", &["gcc", "clang"]),
        ],
    },
];

/// One test for each tool.
pub fn tests(tests: &mut Tests) {
    for tool in &TOOLS {
        tests.add_with_artifacts(tool.feature, |artifacts| check(artifacts, tool));
    }
}

fn check(artifacts: &Artifacts, tool: &Tool) -> Result<(), Failed> {
    let library = c::runtime_with(artifacts, tool.feature)?;
    for (compiler_name, compiler) in tool.compilers {
        let build = |source: &str| {
            let name = format!("{}-{compiler_name}-{source}", tool.feature);
            // The bugs are plain to see.
            let flags = [&["-g", "-O1", "-w"], tool.flags].concat();
            let (place, linkage) = (("watched", name.as_str()), Linkage::Archive(&library));
            c::build(artifacts, *compiler, &c::sources().join(source), &flags, place, linkage)
        };
        let exceptions = build("exceptions.cpp")?;
        let expected = fs::read_to_string(c::sources().join("exceptions.expected"))?;
        is_clean(tool, &exceptions, &expected)?;
        for (source, expected) in tool.clean {
            is_clean(tool, &build(source)?, expected)?;
        }
        let watched = build("watched.c")?;
        is_clean(tool, &watched, "10476 1\n")?;
        for (bug, says, by) in tool.finds {
            if !by.contains(compiler_name) {
                continue;
            }
            let output = run(command(tool, &watched).arg(bug))?;
            let stderr = text(&output.stderr);
            if output.status.success() || !stderr.contains(says) {
                return Err(format!("{bug}: {}\n{stderr}", output.status).into());
            }
        }
        if tool.flags.is_empty() {
            continue;
        }
        let name = format!("{}-{compiler_name}-plain", tool.feature);
        let flags = [&["-g", "-O1", "-w"], tool.flags].concat();
        let (place, linkage) = (("watched", name.as_str()), Linkage::Archive(&artifacts.runtime));
        let source = c::sources().join("watched.c");
        let plain = c::build(artifacts, *compiler, &source, &flags, place, linkage)?;
        let output = run(&mut command(tool, &plain))?;
        let stderr = text(&output.stderr);
        let package = format!("`pkg-config --libs stackswitch-{}`", tool.feature);
        if output.status.success() || !stderr.contains(&package) {
            return Err(format!("the plain runtime: {}\n{stderr}", output.status).into());
        }
    }
    Ok(())
}

/// The program prints what it should, and the tool nothing.
fn is_clean(tool: &Tool, program: &PathBuf, expected: &str) -> Result<(), String> {
    let output = run(&mut command(tool, program))?;
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    if !output.status.success() || stdout != expected || !stderr.is_empty() {
        return Err(format!("{program:?}: {}\n{stdout}\n{stderr}", output.status));
    }
    Ok(())
}

fn command(tool: &Tool, program: &PathBuf) -> Command {
    match tool.runner {
        [] => Command::new(program),
        [runner, arguments @ ..] => {
            let mut command = Command::new(runner);
            command.args(arguments).arg(program);
            command
        }
    }
}
