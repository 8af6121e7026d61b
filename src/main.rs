//! The `stackswitch` command: runs and lowers LLVM IR with stackswitch intrinsics.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
