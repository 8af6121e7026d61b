//! A C program with the installed header and library prints the same whether clang with the
//! plugin compiled it, or gcc, which knows nothing of it. The flags come from pkg-config.
//!
//! Needs what `make test` builds and is ignored without it.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use libtest_mimic::{Arguments, Failed, Trial};
use support::{Artifacts, directory, run, succeed, text};

/// How the runtime is linked.
#[derive(Clone, Copy)]
enum Linkage {
    Static,
    Shared,
}

/// What compiles the program.
#[derive(Clone, Copy)]
enum Compiler {
    ClangWithPlugin,
    Gcc,
}

impl Compiler {
    fn command(self, artifacts: &Artifacts) -> Command {
        match self {
            Self::ClangWithPlugin => artifacts.clang(),
            Self::Gcc => Command::new("gcc"),
        }
    }
}

/// A row, one trial for each linkage.
const COMPILERS: [(&str, Compiler); 2] =
    [("clang-plugin", Compiler::ClangWithPlugin), ("gcc", Compiler::Gcc)];

const LINKAGES: [(&str, Linkage); 2] = [("static", Linkage::Static), ("shared", Linkage::Shared)];

fn main() {
    let arguments = Arguments::from_args();
    let artifacts = Artifacts::find().map(Arc::new);
    let mut trials = Vec::new();
    for (compiler_name, compiler) in COMPILERS {
        for (linkage_name, linkage) in LINKAGES {
            let name = format!("{compiler_name}-O2-{linkage_name}");
            let (file, artifacts) = (name.clone(), artifacts.clone());
            let ignored = artifacts.is_none();
            let test = move || {
                let artifacts = artifacts.ok_or("needs what `make test` builds")?;
                let command = compiler.command(&artifacts);
                check(&artifacts.prefix, command, &file, linkage)
            };
            trials.push(Trial::test(name, test).with_ignored_flag(ignored));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn check(prefix: &Path, compiler: Command, name: &str, linkage: Linkage) -> Result<(), Failed> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c/interop.c");
    let program = build(prefix, compiler, &source, name, linkage)?;
    let output = run(&mut Command::new(&program))?;
    let expected = fs::read_to_string(source.with_extension("expected"))?;
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    if !output.status.success() || stdout != expected {
        return Err(format!("{}\n{stdout}\nstderr: {stderr}", output.status).into());
    }
    Ok(())
}

/// Compiles and links; the program's path.
fn build(
    prefix: &Path,
    mut compiler: Command,
    source: &Path,
    name: &str,
    linkage: Linkage,
) -> Result<PathBuf, String> {
    let base = directory("c_interop")?.join(name);
    let object = base.with_extension("o");
    compiler.args(["-O2", "-Wall", "-Wextra", "-Werror"]).args(pkg_config(prefix, "--cflags")?);
    compiler.arg("-c").arg(source).arg("-o").arg(&object);
    succeed(&mut compiler)?;
    let libraries = pkg_config(prefix, "--libs")?;
    let mut link = Command::new("cc");
    link.arg(&object).arg("-o").arg(&base);
    match linkage {
        Linkage::Static => link.arg("-Wl,-Bstatic").args(libraries).arg("-Wl,-Bdynamic"),
        Linkage::Shared => {
            link.args(libraries).arg(format!("-Wl,-rpath,{}", prefix.join("lib").display()))
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
