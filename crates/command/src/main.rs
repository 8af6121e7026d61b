//! The command `stackswitch`.

use std::process::ExitCode;

fn main() -> ExitCode {
    stackswitch_cli::run(std::env::args_os())
}
