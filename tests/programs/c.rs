//! C and C++ programs with the installed header and library.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex, OnceLock},
};

use libtest_mimic::Failed;
use stackswitch_test_support::{Artifacts, directory, succeed, text};

use crate::suite::Tests;

/// How the runtime is linked.
#[derive(Clone, Copy)]
pub enum Linkage<'a> {
    Static,
    Shared,
    /// Statically with lld, which optimises the program at link time: clang's flag for that.
    Lto(&'a str),
    /// A static library that is not the installed one, by the compiler and with its flags.
    Archive(&'a Path),
}

/// A linkage as rows of tests are named.
pub type NamedLinkage = (&'static str, Linkage<'static>);

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

/// The compilers, each with the linkages that it has with an installed library.
pub const INSTALLED: [(&str, Compiler, &[NamedLinkage]); 3] = [
    ("clang-plugin", Compiler::ClangWithPlugin, &WITH_LLD),
    ("other-clang-plugin", Compiler::OtherClangWithPlugin, &WITH_LLD),
    ("gcc", Compiler::Gcc, &[WITH_LLD[0], WITH_LLD[1]]),
];

const WITH_LLD: [NamedLinkage; 4] = [
    ("static", Linkage::Static),
    ("shared", Linkage::Shared),
    ("lto", Linkage::Lto("-flto=full")),
    ("thinlto", Linkage::Lto("-flto=thin")),
];

/// At the first, clang's functions are `optnone`; above it, switches are in place.
const LEVELS: [&str; 4] = ["-O0", "-O1", "-O2", "-O3"];

/// A way to compile and link a program with the installed library.
pub struct Row {
    /// The row's name in its suite, and the name of the program that it builds.
    pub name: String,
    pub compiler: Compiler,
    pub level: &'static str,
    pub linkage: Linkage<'static>,
}

impl Row {
    /// Builds a program of a suite at the row's level and with more flags; the program's path.
    pub fn build(
        &self,
        artifacts: &Artifacts,
        suite: &str,
        source: &Path,
        flags: &[&str],
    ) -> Result<PathBuf, String> {
        let flags = [flags, &[self.level]].concat();
        build(artifacts, self.compiler, source, &flags, (suite, &self.name), self.linkage)
    }
}

/// Adds a test for each compiler, level and linkage that there is with an installed library.
pub fn add_installed(
    tests: &mut Tests,
    check: impl Fn(&Artifacts, &Row) -> Result<(), Failed> + Copy + Send + 'static,
) {
    for (compiler_name, compiler, linkages) in INSTALLED {
        for level in LEVELS {
            for &(linkage_name, linkage) in linkages {
                let name = format!("{compiler_name}{level}-{linkage_name}");
                let row = Row { name: name.clone(), compiler, level, linkage };
                tests.add_with_artifacts(name, move |artifacts| check(artifacts, &row));
            }
        }
    }
}

/// The plugin of a compiler that has one.
pub fn plugin(artifacts: &Artifacts, compiler: Compiler) -> Option<&Path> {
    match compiler {
        Compiler::ClangWithPlugin => Some(&artifacts.llvm.plugin),
        Compiler::OtherClangWithPlugin => Some(&artifacts.other.plugin),
        Compiler::Gcc => None,
    }
}

/// The flags that have a compiler hand an option to its plugin.
pub fn option(
    artifacts: &Artifacts,
    compiler: Compiler,
    option: &str,
) -> Result<[String; 3], String> {
    let plugin = plugin(artifacts, compiler).ok_or("a compiler without the plugin")?;
    Ok([format!("-fplugin={}", plugin.display()), "-mllvm".to_owned(), option.to_owned()])
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
    let cxx = source.extension().is_some_and(|extension| extension == "cpp");
    let toolchain = match compiler {
        Compiler::ClangWithPlugin => Some(&artifacts.llvm),
        Compiler::OtherClangWithPlugin => Some(&artifacts.other),
        Compiler::Gcc => None,
    };
    let command = || match toolchain {
        Some(toolchain) => toolchain.clang(),
        None => Command::new(if cxx { "g++" } else { "gcc" }),
    };
    let mut compile = command();
    compile.args(["-Wall", "-Wextra", "-Werror"]).args(flags);
    if let Linkage::Lto(flag) = linkage {
        compile.arg(flag);
    }
    compile.args(pkg_config(prefix, "--cflags")?).arg("-c").arg(source);
    let object = compile_once(compile, base.with_extension("o"))?;
    let mut link = match linkage {
        Linkage::Archive(_) => command(),
        Linkage::Lto(flag) => {
            let mut link = toolchain.ok_or("lld has no plugin for gcc")?.lld();
            link.args(flags).arg(flag);
            link
        }
        _ => Command::new(if cxx { "c++" } else { "cc" }),
    };
    link.arg(&object).arg("-o").arg(&base);
    let libraries = pkg_config(prefix, "--libs")?;
    // Only compilers that are called by their C++ name add it themselves.
    let runtime_of_cxx: &[&str] = if cxx { &["-lstdc++"] } else { &[] };
    match linkage {
        Linkage::Static => link.arg("-Wl,-Bstatic").args(libraries).arg("-Wl,-Bdynamic"),
        Linkage::Lto(_) => {
            link.arg("-Wl,-Bstatic").args(libraries).arg("-Wl,-Bdynamic").args(runtime_of_cxx)
        }
        Linkage::Shared => {
            link.args(libraries).arg(format!("-Wl,-rpath,{}", prefix.join("lib").display()))
        }
        Linkage::Archive(library) => link.args(flags).arg(library).args(runtime_of_cxx),
    };
    succeed(&mut link)?;
    Ok(base)
}

/// Compiles to an object, unless the same command has compiled it already; the object's path. Programs
/// that differ only in how they are linked share one.
fn compile_once(mut command: Command, object: PathBuf) -> Result<PathBuf, String> {
    type Compiled = Arc<OnceLock<Result<PathBuf, String>>>;
    static OBJECTS: Mutex<BTreeMap<String, Compiled>> = Mutex::new(BTreeMap::new());
    let mut objects = OBJECTS.lock().map_err(|e| e.to_string())?;
    let compiled = objects.entry(format!("{command:?}")).or_default().clone();
    drop(objects);
    let compile = || succeed(command.arg("-o").arg(&object)).map(|_| object.clone());
    compiled.get_or_init(compile).clone()
}

fn pkg_config(prefix: &Path, what: &str) -> Result<Vec<String>, String> {
    let mut command = Command::new("pkg-config");
    command.env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig")).args([what, "stackswitch"]);
    let output = succeed(&mut command)?;
    Ok(text(&output.stdout).split_whitespace().map(str::to_owned).collect())
}

/// The installed static runtime library for a tool, by the name that pkg-config has for it.
pub fn runtime_with(artifacts: &Artifacts, feature: &str) -> Result<PathBuf, String> {
    let package = format!("stackswitch-{feature}");
    let mut command = Command::new("pkg-config");
    command.env("PKG_CONFIG_PATH", artifacts.prefix.join("lib/pkgconfig"));
    let output = succeed(command.args(["--variable=archive", &package]))?;
    Ok(text(&output.stdout).trim().into())
}
