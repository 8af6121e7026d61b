//! Runs LLVM IR with stackswitch intrinsics in this process.
//!
//! [`Jit`] compiles modules with LLVM's ORC JIT. The project's passes run on each module, and the
//! names of the runtime (`stackswitch_*`) are bound to the runtime in this program. Everything
//! else that a module leaves undefined is looked for in the other modules and then in the process,
//! so that libc can be called.
//!
//! ```
//! use stackswitch::jit::Jit;
//!
//! let jit = Jit::builder().build()?;
//! jit.add_ir("double.ll", "define i64 @double(i64 %x) { %y = shl i64 %x, 1 ret i64 %y }")?;
//! let double = jit.function::<unsafe extern "C" fn(i64) -> i64>("double")?;
//! // SAFETY: the function touches nothing but its argument.
//! assert_eq!(unsafe { double(21) }, 42);
//! # Ok::<(), stackswitch::jit::Error>(())
//! ```
//!
//! A module is compiled as a whole, on the thread and at the time that one of its symbols is first
//! looked up, or one of a module that uses it. A [`Jit`] belongs to the thread that made it, as
//! contexts do: it is neither `Send` nor `Sync`. Other threads may have JITs of their own.
//!
//! [`Jit::coroutine`] runs an IR function as a coroutine that Rust drives, [`Jit::host_fn`] gives IR
//! a Rust closure to call, and [`Jit::task`] is a coroutine that awaits Rust futures.

mod add;
mod backtrace;
mod builder;
mod context;
mod coroutine;
mod debugger;
mod error;
mod frame;
mod host;
mod lookup;
mod modules;
mod object_file;
mod objects;
mod observe;
mod perf_map;
mod protect;
mod reports;
mod session;
mod signature;
mod structors;
mod symbolize;
mod symbols;
mod task;
mod traps;
mod unwind;
mod value;

use std::{
    any::Any,
    cell::RefCell,
    ffi::{CString, OsStr, c_char, c_int},
    os::unix::ffi::OsStrExt,
    ptr::null_mut,
};

use inkwell::targets::TargetMachine;

pub use builder::{Builder, Ucontext};
pub use coroutine::{Coroutine, State, Status};
pub use error::{Code, Error, Fault, FaultKind, Trap};
pub use host::{HostFn, SuspendError, suspend};
pub use lookup::Function;
pub use modules::ModuleId;
use modules::{Modules, Names};
pub use observe::{Event, Observer, observe};
pub use protect::on_uncaught_fault;
use session::Session;
pub use signature::{NativeFn, NativeType, Signature};
pub use stackswitch_passes::OptLevel;
pub use symbolize::{Frame, symbolize};
pub use task::{HostAsyncFn, Task};
pub use value::{Value, ValueType};

use stackswitch_passes::settings::Settings;

/// Modules of IR, compiled as they are needed.
pub struct Jit {
    session: Session,
    machine: TargetMachine,
    level: OptLevel,
    ucontext: Ucontext,
    settings: Settings,
    names: Names,
    modules: RefCell<Modules>,
    /// Functions that can be bodies of contexts; only while there is an observer.
    bodies: RefCell<Vec<observe::Body>>,
    /// What the host functions are. Dropped after the session: its code has the addresses.
    hosts: RefCell<Vec<Box<dyn Any>>>,
}

impl Jit {
    /// Settings to start from.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The warnings about modules since the last time, one line each.
    pub fn take_warnings(&self) -> Vec<String> {
        self.session.reports().take_warnings()
    }

    /// Calls guest code so that a fault in it comes back as [`Error::Fault`]: a runtime error, an
    /// overflow of a context's stack, or a trap. `work` runs in a context on a region of its own
    /// and calls functions that [`Jit::function`] gave. Calls may nest.
    ///
    /// A trap comes back if the instruction is one that a JIT has compiled; one in libc or in the
    /// host's own code goes to the process's handlers, as without the JIT.
    ///
    /// What becomes of contexts:
    /// - After an `Ok` those that were made during the call and not destroyed live on; those on the
    ///   call's own region keep the region.
    /// - After an `Err` or a panic those that were made during the call are destroyed, without
    ///   cleanups, and so are regions that were made then. Coroutines of the host's live on. An older one in which the fault happened has
    ///   finished. All others are as they were.
    ///
    /// Memory that the program has from `malloc`, and what its objects of the POSIX layer hold, is
    /// not given back after an `Err`.
    ///
    /// The runtime has one error handler for the process, and the process one for each signal of a
    /// trap. They belong to the JIT from the first call on. An error handler that a program sets
    /// holds until a call or a coroutine begins or ends.
    ///
    /// # Errors
    /// [`Error::Fault`], and [`Error::ThreadEnded`] if a POSIX-layer context without a link ended.
    ///
    /// # Panics
    /// If `work` panics.
    ///
    /// # Safety
    /// What `work` calls must be sound to call. On an error the frames from `work` downwards are
    /// abandoned without running what they would have dropped, as by C's `longjmp`: no frame may
    /// rely on that.
    pub unsafe fn call<R>(&self, work: impl FnOnce() -> R) -> Result<R, Error> {
        // SAFETY: the caller vouches for `work`.
        unsafe { protect::call(work) }
    }

    /// Calls a function as C's `main`, protected as in [`Jit::call`]: with the number of `args`,
    /// which start with the program's name, the arguments, and no environment (null). If the
    /// program ends its thread, as a POSIX-layer context without a link does, the result is 0.
    /// Before it run the constructors (`llvm.global_ctors`) of modules that are new since the last
    /// time; after it, if it returns, what was registered with `atexit` and the destructors of all
    /// modules that have been constructed.
    ///
    /// # Errors
    /// [`Error::MissingSymbol`], [`Error::NotMain`] if it is not a function of a module
    /// with one of the types of C's `main`,
    /// [`Error::ZeroByte`] for an argument that is no C string, and those of [`Jit::call`].
    ///
    /// # Safety
    /// The program must be sound: IR can do whatever C can.
    pub unsafe fn run_main(&self, entry: &str, args: &[impl AsRef<OsStr>]) -> Result<i32, Error> {
        type Main = unsafe extern "C" fn(c_int, *mut *mut c_char, *mut *mut c_char) -> c_int;
        let address = self.address(entry)?;
        if !self.signature(entry).is_some_and(|signature| signature.is_main()) {
            return Err(Error::NotMain(entry.to_owned()));
        }
        let mut strings = args
            .iter()
            .map(|arg| {
                CString::new(arg.as_ref().as_bytes())
                    .map(CString::into_bytes_with_nul)
                    .map_err(|_| Error::ZeroByte(arg.as_ref().to_string_lossy().into_owned()))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let mut argv: Vec<*mut c_char> =
            strings.iter_mut().map(|s| s.as_mut_ptr().cast()).chain([null_mut()]).collect();
        let argc = c_int::try_from(args.len()).unwrap_or(c_int::MAX);
        // SAFETY: the function's type was checked when its module was added. A function with
        // fewer parameters ignores the others: they are in registers that the caller owns.
        let main: Main = unsafe { std::mem::transmute(address) };
        // SAFETY: the caller vouches for the program, and the strings outlive the call.
        let ended = unsafe {
            self.call(|| {
                self.construct()?;
                let result = main(argc, argv.as_mut_ptr(), null_mut());
                self.destruct()?;
                Ok(result)
            })
        };
        match ended {
            Ok(result) => result,
            Err(Error::ThreadEnded) => Ok(0),
            Err(error) => Err(error),
        }
    }
}
