//! The small examples print what is beside them: `examples/NAME.rs` the text of
//! `examples/NAME.expected`.

mod support;

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use libtest_mimic::{Arguments, Failed, Trial};
use support::{run, text};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut files: Vec<PathBuf> = fs::read_dir(&sources)
        .expect("the directory of the examples")
        .map(|entry| entry.expect("an entry of it").path())
        .filter(|path| path.extension() == Some(OsStr::new("rs")))
        .collect();
    files.sort();
    // `cargo test --test` does not build them. What else cargo has built is used.
    let built = if arguments.list { Ok(PathBuf::new()) } else { build() };
    let trials = files
        .into_iter()
        .map(|source| {
            let built = built.clone();
            let name = source.file_stem().expect("a file's name").to_string_lossy().into_owned();
            Trial::test(name, move || check(&source, &built?))
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Builds the examples as these tests were built; where they are.
fn build() -> Result<PathBuf, String> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target directory");
    let version = if cfg!(feature = "llvm19") { "llvm19" } else { "llvm22" };
    let features = "jit";
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR")).args(["build", "--examples", "--target-dir"]);
    cargo.arg(target).arg("--no-default-features");
    cargo.arg("--features").arg(format!("{version},{features}"));
    let profile = if cfg!(debug_assertions) {
        "debug"
    } else {
        cargo.arg("--release");
        "release"
    };
    // No time limit: much may have to be compiled.
    let output = cargo.output().map_err(|e| format!("cannot run {cargo:?}: {e}"))?;
    if !output.status.success() {
        return Err(format!("{cargo:?}: {}\n{}", output.status, text(&output.stderr)));
    }
    Ok(target.join(profile).join("examples"))
}

fn check(source: &Path, built: &Path) -> Result<(), Failed> {
    let expected = fs::read_to_string(source.with_extension("expected"))
        .map_err(|e| format!("what does it print? {e}"))?;
    let output =
        run(&mut Command::new(built.join(source.with_extension("").file_name().unwrap())))?;
    let stderr = text(&output.stderr);
    if !output.status.success() || !stderr.is_empty() {
        return Err(format!("{}\n{stderr}", output.status).into());
    }
    let printed = text(&output.stdout);
    if printed != expected {
        return Err(format!("it printed\n{printed}instead of\n{expected}").into());
    }
    Ok(())
}
