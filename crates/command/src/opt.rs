//! `stackswitch opt`: runs passes over a module and writes the result.

use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
};

use inkwell::context::Context;
use stackswitch::{jit::OptLevel, passes, reader};

use super::{
    failure::Failure,
    inputs::{self, Clang},
    output,
};

const EXAMPLES: &str = "\
Examples:
  stackswitch opt -S program.ll                       the lowered module, as text
  stackswitch opt --passes 'default<O2>' a.ll -o a.bc clang's pipeline with our passes in it
  clang -S -emit-llvm a.c -o - | stackswitch opt -S -";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The module: LLVM IR as text or bitcode, C or C++; `-` is the standard input
    file: PathBuf,
    /// Write text instead of bitcode
    #[arg(short = 'S')]
    text: bool,
    /// Where to write; `-` is the standard output
    #[arg(short, long, value_name = "OUT", default_value = "-")]
    output: PathBuf,
    /// The passes to run, as `opt -passes=` takes them
    #[arg(long, value_name = "LIST", default_value = "stackswitch-verify,stackswitch-lower")]
    passes: String,
    #[command(flatten)]
    clang: Clang,
}

/// Runs the passes and writes the module.
pub(super) fn run_passes(args: &Args) -> Result<(), Failure> {
    let to_stdout = args.output == Path::new("-");
    if to_stdout && !args.text && std::io::stdout().is_terminal() {
        return Err(Failure::usage("bitcode is not for a terminal")
            .hint("-S writes text, -o FILE writes to a file"));
    }
    let context = Context::create();
    // At -O0 clang marks functions as not to be optimised, and the passes would do nothing.
    let input = inputs::load(&args.file, OptLevel::O2, &args.clang)?;
    let named = |failure: Failure| failure.in_file(Path::new(&input.name));
    let module = reader::parse(&context, &input.name, &input.bytes)?;
    passes::run(&module, None, &args.passes).map_err(|error| named(error.into()))?;
    if args.text {
        output::write(&args.output, module.print_to_string().to_bytes())
    } else {
        output::write(&args.output, module.write_bitcode_to_memory().as_slice())
    }
}
