//! C and C++ programs with the installed header and library.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::{Artifacts, directory, succeed, text};

/// How the runtime is linked.
#[derive(Clone, Copy)]
pub enum Linkage<'a> {
    Static,
    Shared,
    /// A static library that is not the installed one, by the compiler and with its flags.
    Archive(&'a Path),
}

/// What compiles a program.
#[derive(Clone, Copy)]
pub enum Compiler {
    /// clang, with the plugin.
    ClangWithPlugin,
    /// clang of the other LLVM version, with its plugin.
    OtherClangWithPlugin,
    /// gcc, which knows nothing of it; g++ for C++.
    Gcc,
}

/// The directory of the sources.
pub fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c")
}

/// Compiles a source with warnings as errors and links it; the program's path, which is `name` in
/// a directory of `suite`.
pub fn build(
    artifacts: &Artifacts,
    compiler: Compiler,
    source: &Path,
    flags: &[&str],
    (suite, name): (&str, &str),
    linkage: Linkage<'_>,
) -> Result<PathBuf, String> {
    let prefix = &artifacts.prefix;
    let base = directory(suite)?.join(name);
    let object = base.with_extension("o");
    let cxx = source.extension().is_some_and(|extension| extension == "cpp");
    let command = || match compiler {
        Compiler::ClangWithPlugin => artifacts.llvm.clang(),
        Compiler::OtherClangWithPlugin => artifacts.other.clang(),
        Compiler::Gcc => Command::new(if cxx { "g++" } else { "gcc" }),
    };
    let mut compile = command();
    compile.args(["-Wall", "-Wextra", "-Werror"]).args(flags);
    compile.args(pkg_config(prefix, "--cflags")?).arg("-c").arg(source).arg("-o").arg(&object);
    succeed(&mut compile)?;
    let mut link = match linkage {
        Linkage::Archive(_) => command(),
        _ => Command::new(if cxx { "c++" } else { "cc" }),
    };
    link.arg(&object).arg("-o").arg(&base);
    let libraries = pkg_config(prefix, "--libs")?;
    match linkage {
        Linkage::Static => link.arg("-Wl,-Bstatic").args(libraries).arg("-Wl,-Bdynamic"),
        Linkage::Shared => {
            link.args(libraries).arg(format!("-Wl,-rpath,{}", prefix.join("lib").display()))
        }
        Linkage::Archive(library) => {
            let runtime_of_cxx: &[&str] = if cxx { &["-lstdc++"] } else { &[] };
            link.args(flags).arg(library).args(runtime_of_cxx)
        }
    };
    succeed(&mut link)?;
    Ok(base)
}

fn pkg_config(prefix: &Path, what: &str) -> Result<Vec<String>, String> {
    let mut command = Command::new("pkg-config");
    command.env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig")).args([what, "stackswitch"]);
    let output = succeed(&mut command)?;
    Ok(text(&output.stdout).split_whitespace().map(str::to_owned).collect())
}
