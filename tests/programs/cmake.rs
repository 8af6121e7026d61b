//! The CMake project of `examples/` builds against the installed tree and passes its own tests:
//! with clang and the plugin, with and without link-time optimisation, and with compilers that the
//! plugin is not for.

use std::{ffi::OsStr, path::Path, process::Command};

use libtest_mimic::Failed;
use stackswitch_test_support::{Artifacts, directory, succeed, text};

use crate::suite::Tests;

/// Who compiles the project.
#[derive(Clone, Copy)]
enum Compiler {
    /// The clang that the installed plugin is for.
    Clang,
    /// That of another version of LLVM, which must be told apart.
    OtherClang,
    Gcc,
}

const BUILDS: [(&str, Compiler, bool); 4] = [
    ("clang", Compiler::Clang, false),
    ("clang-lto", Compiler::Clang, true),
    ("other-clang", Compiler::OtherClang, false),
    ("gcc", Compiler::Gcc, false),
];

/// One build of the project for each compiler, and one with link-time optimisation.
pub fn tests(tests: &mut Tests) {
    for (name, compiler, lto) in BUILDS {
        tests.add_with_artifacts(name, move |artifacts| check(artifacts, name, compiler, lto));
    }
    tests.add_with_artifacts("variants", variants);
}

/// A project whose programs have the builds of the runtime for tools.
const VARIANTS: &str = "\
cmake_minimum_required(VERSION 3.20)
project(variants C)
find_package(stackswitch REQUIRED)
enable_testing()
foreach(variant checked valgrind asan)
  add_executable(${variant} program.c)
  target_link_libraries(${variant} PRIVATE stackswitch::runtime_${variant})
  add_test(NAME ${variant} COMMAND ${variant})
endforeach()
target_compile_options(asan PRIVATE -fsanitize=address)
target_link_options(asan PRIVATE -fsanitize=address)
";
const PROGRAM: &str = "\
#include <stackswitch.h>
static void *body(void *argument, void *first) { return stackswitch_suspend(first) ? argument : 0; }
int main(void) {
  void *context = stackswitch_spawn(0, body, 0);
  int failed = stackswitch_resume(context, context) != context;
  stackswitch_resume(context, 0);
  stackswitch_destroy(context);
  return failed;
}
";

/// The builds of the runtime for tools have targets of their own.
fn variants(artifacts: &Artifacts) -> Result<(), Failed> {
    let source = directory("cmake-variants")?;
    std::fs::write(source.join("CMakeLists.txt"), VARIANTS)?;
    std::fs::write(source.join("program.c"), PROGRAM)?;
    let build = source.join("build");
    let mut configure = Command::new("cmake");
    configure.arg("-S").arg(&source).arg("-B").arg(&build);
    configure.arg(format!("-DCMAKE_PREFIX_PATH={}", artifacts.prefix.display()));
    succeed(configure.arg("-DCMAKE_C_COMPILER=gcc"))?;
    succeed(Command::new("cmake").arg("--build").arg(&build))?;
    succeed(Command::new("ctest").arg("--test-dir").arg(&build).arg("--output-on-failure"))?;
    Ok(())
}

fn check(artifacts: &Artifacts, name: &str, compiler: Compiler, lto: bool) -> Result<(), Failed> {
    let (c, cxx) = match compiler {
        Compiler::Clang => both(artifacts.llvm.clang().get_program()),
        Compiler::OtherClang => both(artifacts.other.clang().get_program()),
        Compiler::Gcc => ("gcc".to_owned(), "g++".to_owned()),
    };
    let build = directory("cmake")?.join(name);
    // Nothing of an earlier run may show.
    if build.exists() {
        std::fs::remove_dir_all(&build)?;
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/cmake");
    let mut configure = Command::new("cmake");
    configure.arg("-S").arg(&source).arg("-B").arg(&build);
    configure.arg(format!("-DCMAKE_PREFIX_PATH={}", artifacts.prefix.display()));
    configure.args([format!("-DCMAKE_C_COMPILER={c}"), format!("-DCMAKE_CXX_COMPILER={cxx}")]);
    configure.args(["-DCMAKE_BUILD_TYPE=Release", if lto { "-DLTO=ON" } else { "-DLTO=OFF" }]);
    configure.arg("-DCMAKE_C_FLAGS=-Wall -Wextra -Werror");
    configure.arg("-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror");
    let told = text(&succeed(&mut configure)?.stderr);
    let refused = matches!(compiler, Compiler::OtherClang);
    if told.contains("does without") != refused {
        return Err(format!("what is said of the plugin: {told}").into());
    }

    let mut make = Command::new("cmake");
    make.arg("--build").arg(&build).arg("--verbose");
    let commands = text(&succeed(&mut make)?.stdout);
    if commands.contains("--load-pass-plugin=") != lto {
        return Err(format!("lld and the plugin:\n{commands}").into());
    }
    if !lto {
        // Only the plugin puts switches in place, and those ask for this variable.
        let object = build.join("CMakeFiles/generator.dir/generator.c.o");
        let symbols = text(&succeed(Command::new("nm").arg(object))?.stdout);
        let in_place = symbols.contains("stackswitch_resident");
        if in_place != matches!(compiler, Compiler::Clang) {
            return Err(format!("the plugin's work:\n{symbols}").into());
        }
    }
    succeed(Command::new("ctest").arg("--test-dir").arg(&build).arg("--output-on-failure"))?;
    Ok(())
}

/// `clang-22` and `clang++-22`.
fn both(clang: &OsStr) -> (String, String) {
    let clang = clang.to_string_lossy().into_owned();
    let cxx = clang.replacen("clang", "clang++", 1);
    (clang, cxx)
}
