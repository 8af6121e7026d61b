//! Reads the files that a command gets: LLVM IR as text or bitcode, and C and C++, which clang
//! compiles to bitcode. `-` is the standard input.

use std::{
    io::{self, IsTerminal, Read},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use stackswitch::{jit::OptLevel, reader};
use stackswitch_rt::abi;

use super::{
    failure::Failure,
    programs::{Program, llvm_major},
};

/// How C and C++ files become modules.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Clang {
    /// The clang for C and C++ files [default: the one of our LLVM version in PATH]
    #[arg(long, value_name = "PROGRAM")]
    clang: Option<PathBuf>,
    /// An argument for clang, as -DN=3 (can be given several times)
    #[arg(long, value_name = "ARG", allow_hyphen_values = true)]
    clang_arg: Vec<String>,
}

/// A module that has been read.
pub(super) struct Input {
    /// The name that messages use.
    pub(super) name: String,
    /// Text or bitcode: the content decides.
    pub(super) bytes: Vec<u8>,
}

/// The first bytes of an ELF file.
const ELF: &[u8] = b"\x7fELF";

/// A language that clang compiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    C,
    Cxx,
}

impl Language {
    /// The language of a file, by its name. None for a file that clang is not needed for.
    fn from_name(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "c" => Some(Self::C),
            "cc" | "cpp" | "cxx" | "C" => Some(Self::Cxx),
            _ => None,
        }
    }
}

/// Reads a file. C and C++ are compiled so that a pipeline of that level can optimise them.
pub(super) fn load(path: &Path, level: OptLevel, clang: &Clang) -> Result<Input, Failure> {
    if path == Path::new("-") {
        return standard_input();
    }
    let bytes = match Language::from_name(path) {
        Some(language) => {
            // clang's own complaint would name no command of ours.
            std::fs::File::open(path).map_err(|error| Failure::input(path, &error))?;
            clang.compile(path, language, level)?
        }
        None => reader::read(path)?,
    };
    let name = path.to_string_lossy().into_owned();
    if bytes.starts_with(ELF) {
        let message = format!("{name}: it is machine code, not LLVM IR");
        return Err(Failure::data(message).hint("`clang -c -emit-llvm` makes bitcode"));
    }
    Ok(Input { name, bytes })
}

fn standard_input() -> Result<Input, Failure> {
    let name = "<stdin>".to_owned();
    let mut stdin = std::io::stdin().lock();
    if stdin.is_terminal() {
        return Err(Failure::usage("`-` reads a module from a pipe or a file, not a terminal"));
    }
    let mut bytes = Vec::new();
    stdin.read_to_end(&mut bytes).map_err(|error| Failure::input(Path::new(&name), &error))?;
    Ok(Input { name, bytes })
}

impl Clang {
    /// The clang to use, which must make the bitcode of our LLVM.
    fn find(&self) -> Result<Program, Failure> {
        let major = llvm_major();
        let Some(path) = &self.clang else {
            return Program::with_our_llvm("clang").ok_or_else(|| {
                Failure::unavailable(format!("C and C++ need clang {major}, which is not in PATH"))
                    .hint(format!("install clang-{major}, or name one with --clang"))
            });
        };
        let program = Program::at(path).map_err(|error| {
            Failure::unavailable(format!("{}: {error}", path.display()))
                .hint("--clang takes the path of a clang, or its name in PATH")
        })?;
        if program.major() != major {
            let message = format!(
                "{}: it is clang {}, but this command is built with LLVM {major}",
                path.display(),
                program.version
            );
            return Err(Failure::unavailable(message));
        }
        Ok(program)
    }

    /// Compiles a file to bitcode that is not optimised yet. clang prints its own errors.
    fn compile(
        &self,
        path: &Path,
        language: Language,
        level: OptLevel,
    ) -> Result<Vec<u8>, Failure> {
        let clang = self.find()?;
        let include = headers().map_err(|error| Failure::output(&std::env::temp_dir(), &error))?;
        let mut command = Command::new(&clang.path);
        command.args(["-x", if language == Language::C { "c" } else { "c++" }]);
        // Without optimisation functions are marked as not to be optimised.
        match level {
            OptLevel::O0 => command.arg("-O0"),
            OptLevel::O1 => command.arg("-O1"),
            OptLevel::O2 => command.arg("-O2"),
            OptLevel::O3 => command.arg("-O3"),
        };
        // The lines are for the messages about errors at run time.
        command.args(["-Xclang", "-disable-llvm-passes", "-march=native", "-gline-tables-only"]);
        command.args(["-c", "-emit-llvm", "-o", "-", "-isystem"]).arg(include.path());
        let output = command
            .args(&self.clang_arg)
            .arg(path)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| Failure::unavailable(format!("{}: {error}", clang.path.display())))?;
        if !output.status.success() {
            let what = format!("{}: clang could not compile it", path.display());
            return Err(Failure::data(what));
        }
        Ok(output.stdout)
    }
}

/// A directory with the project's headers, which is removed when it is dropped.
fn headers() -> io::Result<tempfile::TempDir> {
    let directory = tempfile::tempdir()?;
    for (name, text) in abi::HEADERS {
        let file = directory.path().join(name);
        file.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        std::fs::write(file, text)?;
    }
    Ok(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_what_clang_compiles() {
        for (name, language) in [
            ("a.c", Some(Language::C)),
            ("a.b.cpp", Some(Language::Cxx)),
            ("a.C", Some(Language::Cxx)),
            ("a.ll", None),
            ("c", None),
        ] {
            assert_eq!(Language::from_name(Path::new(name)), language, "{name}");
        }
    }
}
