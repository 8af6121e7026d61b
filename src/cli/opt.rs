//! `stackswitch opt`.

use std::{
    fs::File,
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
};

use inkwell::context::Context;
use stackswitch::{passes, reader};

use super::failure::Failure;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The module: LLVM IR as text or bitcode
    pub(super) file: PathBuf,
    /// Write text instead of bitcode
    #[arg(short = 'S')]
    text: bool,
    /// Where to write; `-` is the standard output
    #[arg(short, long, value_name = "OUT", default_value = "-")]
    output: PathBuf,
    /// The passes to run, as `opt -passes=` takes them
    #[arg(long, value_name = "LIST", default_value = "stackswitch-verify,stackswitch-lower")]
    passes: String,
}

/// Runs the passes and writes the module.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let to_stdout = args.output == Path::new("-");
    if to_stdout && !args.text && std::io::stdout().is_terminal() {
        return Err(Failure::usage("bitcode is not for a terminal: use -S, or -o with a file"));
    }
    let context = Context::create();
    let bytes = reader::read(&args.file)?;
    let module = reader::parse(&context, &args.file.to_string_lossy(), &bytes)?;
    passes::run(&module, None, &args.passes)?;
    let written = if args.text {
        write(&args.output, to_stdout, module.print_to_string().to_bytes())
    } else {
        write(&args.output, to_stdout, module.write_bitcode_to_memory().as_slice())
    };
    written.map_err(|error| Failure::output(&args.output, &error))
}

fn write(path: &Path, to_stdout: bool, bytes: &[u8]) -> std::io::Result<()> {
    if to_stdout {
        let mut out = std::io::stdout().lock();
        out.write_all(bytes)?;
        return out.flush();
    }
    File::create(path)?.write_all(bytes)
}
