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
