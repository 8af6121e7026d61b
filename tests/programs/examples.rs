//! Each small example prints its expected output: `examples/NAME.rs` the text of
//! `examples/NAME.expected`.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use libtest_mimic::Failed;
use stackswitch_test_support::{Artifacts, run, text};

use crate::suite::Tests;

/// One test for each example.
pub fn tests(tests: &mut Tests) {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut files: Vec<PathBuf> = fs::read_dir(&sources)
        .expect("the directory of the examples")
        .map(|entry| entry.expect("an entry of it").path())
        .filter(|path| path.extension() == Some(OsStr::new("rs")))
        .collect();
    files.sort();
    for source in files {
        let name = source.file_stem().expect("a file's name").to_string_lossy().into_owned();
        tests.add_with_artifacts(name.clone(), move |artifacts| check(artifacts, &source, &name));
    }
}

fn check(artifacts: &Artifacts, source: &Path, name: &str) -> Result<(), Failed> {
    let expected = fs::read_to_string(source.with_extension("expected"))
        .map_err(|e| format!("no expected output: {e}"))?;
    // cargo puts examples beside the command.
    let program = artifacts.command.with_file_name("examples").join(name);
    let output = run(&mut Command::new(program))?;
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
