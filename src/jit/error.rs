//! What can go wrong between IR and its result.

use std::{io, path::PathBuf};

use super::modules::ModuleId;
use crate::{passes, reader};

/// An error of the JIT.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The module could not be read, parsed or verified.
    #[error(transparent)]
    Module(#[from] reader::Error),
    /// The passes refused the module, or the pipeline could not be run.
    #[error(transparent)]
    Passes(#[from] passes::Error),
    /// The module is for another target than this machine.
    #[error("{file} is for {found}, but this machine is {expected}")]
    Target {
        /// The name that the module was given.
        file: String,
        /// The target triple or data layout of the module.
        found: String,
        /// The one of this machine.
        expected: String,
    },
    /// A symbol that was looked up, or that the looked-up code uses, is not defined anywhere.
    #[error("no definition of {}", quoted(.0))]
    MissingSymbol(Vec<String>),
    /// A module defines a symbol that another one, or the host, has defined.
    #[error("{module} defines `{symbol}`, which {defined_in} has defined")]
    Duplicate {
        /// The symbol.
        symbol: String,
        /// The name of the module that was to be added.
        module: String,
        /// The name of the module that has it; `the host` for the runtime's names and what the JIT
        /// was built with.
        defined_in: String,
    },
    /// An object file is none, is for another machine, or has what cannot be linked here.
    #[error("{file}: {message}")]
    Object {
        /// The name that it was given.
        file: String,
        /// What is wrong with it.
        message: String,
    },
    /// No module of this JIT has that handle: it has been removed, or is another JIT's.
    #[error("there is no module {0}")]
    NoSuchModule(ModuleId),
    /// A module cannot be removed before those that use what it defines.
    #[error("{module} is used by {}", users.join(", "))]
    InUse {
        /// The name of the module.
        module: String,
        /// The names of those that use it.
        users: Vec<String>,
    },
    /// A function was looked up as something else than it is.
    #[error("`{name}` is `{found}` and cannot be called as `{asked}`")]
    Signature {
        /// The function.
        name: String,
        /// The type that its module gives it.
        found: String,
        /// The Rust type that was asked for.
        asked: &'static str,
    },
    /// A symbol is defined, but nothing is known of its type: it is from an object file, from the
    /// host, an alias or a variable. [`Jit::function_unchecked`](super::Jit::function_unchecked)
    /// does not ask.
    #[error("the type of `{0}` is not known: it is no function of a module of IR")]
    NoSignature(String),
    /// The number of default regions that the JIT was to be built with is not from 1 to 64.
    #[error("{0} default regions cannot be had; it is 1 to 64")]
    Regions(usize),
    /// What was to be called as C's `main` is not a function of a module with such a type.
    #[error(
        "`{0}` cannot be called as C's main: it must be a function of the type i32 (), i32 (i32, ptr) or i32 (i32, ptr, ptr)"
    )]
    NotMain(String),
    /// A name or an argument holds a zero byte, which C strings cannot.
    #[error("{0:?} holds a zero byte")]
    ZeroByte(String),
    /// LLVM could not generate or link the code of a module.
    #[error("{0}")]
    Code(String),
    /// The file with the functions' names for `perf` cannot be made.
    #[error("{}: {error}", file.display())]
    PerfMap {
        /// The file.
        file: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// LLVM could not set up the JIT.
    #[error("{0}")]
    Llvm(String),
    /// The program misused the runtime, or a context overflowed its stack.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// A POSIX-layer context without a link ended, which ends its thread, before the call returned.
    #[error("the program ended its thread before the call returned")]
    ThreadEnded,
    /// The program switched to the host's context by its handle before the call returned.
    #[error("the program left the call by a switch to the host's context")]
    Left,
}

/// A runtime error in guest code, as the runtime reported it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// One of the `STACKSWITCH_E…` codes of the C header.
    pub code: i32,
    /// The address of the context that it is about, zero if there is none.
    pub context: usize,
    /// One line of text.
    pub message: String,
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
}
