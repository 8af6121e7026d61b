//! The errors of the JIT, and the faults of guest code.

use std::{fmt, io, path::PathBuf};

pub use stackswitch_rt::error::Code;

use stackswitch_passes::{diagnostics::Location, pipeline, reader};

use crate::{module_id::ModuleId, stack_frame::Frame, value::ValueType};

/// An error of the JIT.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The module could not be read, parsed or verified.
    #[error(transparent)]
    Module(#[from] reader::Error),
    /// The passes refused the module, or the pipeline could not be run.
    #[error(transparent)]
    Passes(#[from] pipeline::Error),
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
    /// A symbol that was looked up, or that the looked-up code uses, is defined nowhere.
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
    /// host, an alias or a variable. [`Jit::function_unchecked`](crate::Jit::function_unchecked)
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
    /// The program misused the runtime, overflowed a stack, ran out of memory or had a trap.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// A POSIX-layer context without a link ended, which ends its thread, before the call returned.
    #[error("the program ended its thread before the call returned")]
    ThreadEnded,
    /// The program switched to the host's context by its handle before the call returned.
    #[error("the program left the call by a switch to the host's context")]
    Left,
    /// A foreign exception, as of C++, left the guest's function, or a host function.
    #[error("an exception left the program")]
    Exception,
    /// What was to be a coroutine's body is not a function of a module with such a type.
    #[error(
        "`{0}` cannot be a coroutine's body: it must be a function of a type T (ptr, T), with T \
         one of i1, i8, i16, i32, i64, ptr, float and double, and no extension of it"
    )]
    NotBody(String),
    /// A coroutine's body is of another type than the values that were to go in and out.
    #[error("`{name}` takes and returns {found}, but {expected} was asked for")]
    BodyType {
        /// The function.
        name: String,
        /// The IR type that it has.
        found: ValueType,
        /// The IR type that `In` or `Out` stands for.
        expected: ValueType,
    },
    /// The coroutine has finished, or was ended by a fault.
    #[error("the coroutine has finished")]
    Finished,
    /// A coroutine that was cancelled suspended itself in a cleanup. The others did not run.
    #[error("a cancelled coroutine suspended itself in a cleanup")]
    Unfinished,
    /// A symbol's name is not one that IR text can have.
    #[error("{0:?} is no name for a host function")]
    HostName(String),
    /// A symbol with an empty name was looked up or bound.
    #[error("the name of the symbol is empty")]
    EmptyName,
    /// The module has a thread-local variable that the JIT cannot provide.
    #[error("{file}: the thread-local variable `{variable}` {problem}")]
    ThreadLocal {
        /// The name that the module was given.
        file: String,
        /// The variable.
        variable: String,
        /// Why the JIT cannot provide it.
        problem: &'static str,
    },
    /// The coroutine cannot run now: its stack shares a region with that of a host function that is
    /// running, whose variables would be displaced. It is as it was, and can be resumed when the host
    /// function has returned. See [`Coroutine::resume`](crate::Coroutine::resume).
    #[error("the coroutine would displace the stack of a host function that is running")]
    WouldDisplace,
}

/// What went wrong in guest code, and where.
///
/// Its text is the message and the place on one line, then a line for each caller in the same
/// context:
///
/// ```
/// use stackswitch::jit::{Error, FaultKind, Jit, Trap};
///
/// let jit = Jit::builder().build()?;
/// jit.add_ir("half.ll", "define i64 @half(i64 %n) { %q = sdiv i64 42, %n ret i64 %q }")?;
/// let half = jit.function::<unsafe extern "C" fn(i64) -> i64>("half")?;
/// // SAFETY: the function has nothing to drop.
/// let Err(Error::Fault(fault)) = (unsafe { jit.call(|| half(0)) }) else { panic!() };
/// assert_eq!(fault.kind, FaultKind::Trap(Trap::Arithmetic));
/// assert_eq!(fault.function(), Some("half"));
/// // SAFETY: as above.
/// assert_eq!(unsafe { jit.call(|| half(2)) }?, 21);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// What it was.
    pub kind: FaultKind,
    /// One of the `STACKSWITCH_E…` codes of the C header; 0 for a trap.
    pub code: i32,
    /// The address of the context that it is about: the one that an operation was refused for, or
    /// the one that overflowed or had a trap. Zero if there is none.
    pub context: usize,
    /// One line of text.
    pub message: String,
    /// The functions of the context in which it happened, innermost first: those that a
    /// [`Jit`](crate::Jit) has compiled, the first few where there are very many. Empty if that context had
    /// no stack left to look.
    pub backtrace: Vec<Frame>,
}

/// The kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// A context has used up its stack.
    StackOverflow,
    /// There was no memory for a slice, a context or a region.
    OutOfMemory,
    /// An operation that was refused, and why.
    Misuse(Code),
    /// An instruction that the CPU or the system refused.
    Trap(Trap),
}

/// Why an instruction was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trap {
    /// There is no such instruction: `llvm.trap`.
    IllegalInstruction,
    /// An integer division by zero, or one whose result has no room.
    Arithmetic,
    /// A load, a store or a jump that is not allowed.
    MemoryAccess {
        /// Where to; 0 also where the CPU does not say.
        address: usize,
    },
    /// A stop for a debugger that is not there: `llvm.debugtrap`.
    Breakpoint,
}

impl Trap {
    /// The text of the trap, without an address.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::IllegalInstruction => "trap: illegal instruction",
            Self::Arithmetic => "trap: a division by zero, or one whose result has no room",
            Self::MemoryAccess { .. } => "trap: memory access that is not allowed",
            Self::Breakpoint => "trap: breakpoint",
        }
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::MemoryAccess { address } => write!(f, ", at {address:#x}"),
            _ => Ok(()),
        }
    }
}

impl Fault {
    /// The innermost function of the program.
    #[must_use]
    pub fn function(&self) -> Option<&str> {
        self.backtrace.first().map(|frame| frame.function.as_str())
    }

    /// Where in the source it happened, if the module has debug information.
    #[must_use]
    pub fn location(&self) -> Option<&Location> {
        self.backtrace.first()?.location.as_ref()
    }
}

/// Callers that the text of a fault lists; those that repeat count once.
const SHOWN: usize = 16;

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        let Some((first, callers)) = self.backtrace.split_first() else { return Ok(()) };
        write!(f, ", in {first}")?;
        let mut runs = callers.chunk_by(|a, b| a == b);
        for run in runs.by_ref().take(SHOWN) {
            write!(f, "\n    called by {}", run[0])?;
            if run.len() > 1 {
                write!(f, ", {} times", run.len())?;
            }
        }
        if runs.next().is_some() {
            f.write_str("\n    and so on")?;
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}

fn quoted(names: &[String]) -> String {
    names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
}
