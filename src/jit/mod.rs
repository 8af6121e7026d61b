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
//! // SAFETY: the type is the one of the IR function, which touches nothing but its argument.
//! let double = unsafe { jit.function::<unsafe extern "C" fn(i64) -> i64>("double")? };
//! assert_eq!(unsafe { double(21) }, 42);
//! # Ok::<(), stackswitch::jit::Error>(())
//! ```
//!
//! Not done yet: modules cannot be removed again, and exceptions cannot unwind from JIT-compiled
//! frames into the host.

mod context;
mod error;
mod protect;
mod reports;
mod session;

use std::{
    cell::RefCell,
    collections::HashSet,
    ffi::{CString, OsStr, c_char, c_int},
    os::unix::ffi::OsStrExt,
    path::Path,
    ptr::null_mut,
};

use inkwell::{
    OptimizationLevel,
    module::{FlagBehavior, Module},
    targets::{CodeModel, InitializationConfig, RelocMode, Target, TargetMachine, TargetTriple},
    values::FunctionValue,
};

use context::OwnedModule;
pub use error::{Error, Fault};
pub use protect::on_uncaught_fault;
use session::Session;
use stackswitch_rt::inlined;

use crate::inline::{self, x86_64};
use crate::{intrinsics, optimise, passes, reader};

const _: () = assert!(
    intrinsics::MIN_STACK as usize == stackswitch_rt::MIN_STACK,
    "verify refuses the stacks that the runtime refuses"
);

// Switches in place and the runtime mean the same memory.
const _: () = {
    use inlined::{header, record, words};
    use x86_64::{header as our_header, record as our_record, words as our_words};
    assert!(our_words::CURRENT == words::CURRENT);
    assert!(our_words::READY == words::READY);
    assert!(our_words::SWITCHES == words::SWITCHES);
    assert!(our_words::EXCEPTIONS == words::EXCEPTIONS);
    assert!(our_header::SP == header::SP);
    assert!(our_header::TAG == header::TAG);
    assert!(our_header::LINK == header::LINK);
    assert!(our_record::POINT == record::POINT);
    assert!(our_record::RBX == record::RBX);
    assert!(our_record::RBP == record::RBP);
    assert!(x86_64::RUNNING_AFTER_READY == inlined::RUNNING_AFTER_READY);
    assert!(our_record::BYTES == record::BYTES);
};

/// How much LLVM optimises, as `-O0` to `-O3` of a compiler.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OptLevel {
    /// Nothing beyond what is needed to run.
    O0,
    /// Fast to compile.
    O1,
    /// The usual optimisations.
    #[default]
    O2,
    /// Also those that cost much code or time.
    O3,
}

impl OptLevel {
    /// LLVM's default pipeline of that level, as text.
    fn pipeline(self) -> &'static str {
        match self {
            Self::O0 => "default<O0>",
            Self::O1 => "default<O1>",
            Self::O2 => "default<O2>",
            Self::O3 => "default<O3>",
        }
    }

    /// The code generator's level.
    fn codegen(self) -> OptimizationLevel {
        match self {
            Self::O0 => OptimizationLevel::None,
            Self::O1 => OptimizationLevel::Less,
            Self::O2 => OptimizationLevel::Default,
            Self::O3 => OptimizationLevel::Aggressive,
        }
    }
}

/// Settings of a [`Jit`] to be.
#[derive(Debug, Clone, Default)]
pub struct Builder {
    level: OptLevel,
    calls_only: bool,
    stackful_only: bool,
}

impl Builder {
    /// Sets how much to optimise ([`OptLevel::O2`] unless told).
    #[must_use]
    pub fn opt_level(mut self, level: OptLevel) -> Self {
        self.level = level;
        self
    }

    /// Sets whether optimised code has the resident switch in place (it has unless told) or calls
    /// the runtime.
    #[must_use]
    pub fn inline_switches(mut self, inline: bool) -> Self {
        self.calls_only = !inline;
        self
    }

    /// Sets whether optimised code keeps the frame of a context in that of its creator, where that
    /// is possible (it does unless told), or gives every context a stack.
    #[must_use]
    pub fn stackless(mut self, stackless: bool) -> Self {
        self.stackful_only = !stackless;
        self
    }

    /// Makes the JIT, for this machine's CPU.
    ///
    /// # Errors
    /// [`Error::Llvm`] if LLVM was built without this machine's target or cannot set up its JIT.
    pub fn build(self) -> Result<Jit, Error> {
        Target::initialize_native(&InitializationConfig::default()).map_err(Error::Llvm)?;
        let machine = host_machine(self.level)?;
        let session = Session::new(host_machine(self.level)?).map_err(Error::Llvm)?;
        session
            .define(
                stackswitch_rt::abi::symbols()
                    .iter()
                    .map(|s| (s.name, s.address))
                    .chain([(inline::WORDS, inlined::address())]),
            )
            .map_err(Error::Llvm)?;
        let Self { level, calls_only, stackful_only } = self;
        Ok(Jit { session, machine, level, calls_only, stackful_only, mains: RefCell::default() })
    }
}

/// A target machine for this CPU.
fn host_machine(level: OptLevel) -> Result<TargetMachine, Error> {
    let triple = TargetMachine::get_default_triple();
    let target = Target::from_triple(&triple).map_err(|e| Error::Llvm(e.to_string()))?;
    let cpu = TargetMachine::get_host_cpu_name().to_string();
    let features = TargetMachine::get_host_cpu_features().to_string();
    target
        .create_target_machine(
            &triple,
            &cpu,
            &features,
            level.codegen(),
            RelocMode::PIC,
            CodeModel::Small,
        )
        .ok_or_else(|| Error::Llvm(format!("LLVM cannot generate code for {triple:?}")))
}

/// Modules of IR, compiled as they are needed.
pub struct Jit {
    session: Session,
    machine: TargetMachine,
    level: OptLevel,
    calls_only: bool,
    stackful_only: bool,
    /// Functions of the modules that have the type of C's `main`.
    mains: RefCell<HashSet<String>>,
}

impl Jit {
    /// Settings to start from.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Adds a module given as text. `name` is what messages call it.
    ///
    /// # Errors
    /// [`Error::Module`] if it cannot be parsed or is broken, [`Error::Passes`] if it uses the
    /// intrinsics wrongly, [`Error::Target`] if it is for another machine, [`Error::Code`] if it
    /// defines a symbol again.
    pub fn add_ir(&self, name: &str, text: &str) -> Result<(), Error> {
        self.add_bytes(name, text.as_bytes())
    }

    /// Adds a module given as bitcode. `name` is what messages call it.
    ///
    /// # Errors
    /// As [`Jit::add_ir`].
    pub fn add_bitcode(&self, name: &str, bitcode: &[u8]) -> Result<(), Error> {
        self.add_bytes(name, bitcode)
    }

    /// Adds a module from a file of text or bitcode. The content decides, not the name.
    ///
    /// # Errors
    /// As [`Jit::add_ir`], and [`reader::Error::Io`] if the file cannot be read.
    pub fn add_file(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        self.add_bytes(&path.to_string_lossy(), &reader::read(path)?)
    }

    /// Adds a copy of a module. It goes through bitcode into a context of the JIT's own, so the
    /// module and its context stay the caller's, to change, to drop, or to use on.
    ///
    /// # Errors
    /// As [`Jit::add_ir`].
    pub fn add_module(&self, module: &Module<'_>) -> Result<(), Error> {
        let name = module.get_name().to_string_lossy().into_owned();
        // LLVM's bitcode writer may not be given a broken module.
        module.verify().map_err(|e| reader::Error::broken(&name, &e.to_string()))?;
        self.add_bytes(&name, module.write_bitcode_to_memory().as_slice())
    }

    fn add_bytes(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let module = OwnedModule::parse(self.session.reports(), name, bytes)?;
        let mains = module.with(|module| {
            self.adopt_target(name, module)?;
            if self.calls_only {
                switch_off(module, inline::FLAG);
            }
            if self.stackful_only {
                switch_off(module, optimise::STACKLESS_FLAG);
            }
            passes::run(module, Some(&self.machine), self.level.pipeline())?;
            Ok::<_, Error>(mains(module))
        })?;
        self.fail_on_reports()?;
        self.session.add(module).map_err(Error::Code)?;
        self.mains.borrow_mut().extend(mains);
        Ok(())
    }

    /// Gives a module without a target this machine's, and refuses one with another.
    fn adopt_target(&self, name: &str, module: &Module<'_>) -> Result<(), Error> {
        let mismatch = |found: &str, expected: &str| Error::Target {
            file: name.to_owned(),
            found: found.to_owned(),
            expected: expected.to_owned(),
        };
        let host = self.machine.get_triple();
        let triple = module.get_triple();
        let (found, expected) = (text(&triple), text(&host));
        if found.is_empty() {
            module.set_triple(&host);
        } else if arch(&found) != arch(&expected) {
            return Err(mismatch(&found, &expected));
        }
        let layout = self.machine.get_target_data().get_data_layout();
        let expected = self.session.data_layout().to_string_lossy();
        let found = module.get_data_layout().as_str().to_string_lossy().into_owned();
        if found.is_empty() {
            module.set_data_layout(&layout);
        } else if found != expected {
            return Err(mismatch(&found, &expected));
        }
        Ok(())
    }

    /// Errors that LLVM reported on the side become this operation's error.
    fn fail_on_reports(&self) -> Result<(), Error> {
        let errors = self.session.reports().take_errors();
        if errors.is_empty() { Ok(()) } else { Err(code_error(&errors)) }
    }

    /// The warnings about modules since the last time, one line each.
    pub fn take_warnings(&self) -> Vec<String> {
        self.session.reports().take_warnings()
    }

    /// The address of a function or a global variable. Compiles what it needs.
    ///
    /// # Errors
    /// [`Error::MissingSymbol`] if it, or something that its module uses, is not defined;
    /// [`Error::Code`] if code generation fails.
    pub fn address(&self, name: &str) -> Result<*const (), Error> {
        let symbol = CString::new(name).map_err(|_| Error::ZeroByte(name.to_owned()))?;
        let found = self.session.lookup(&symbol);
        let reports = self.session.reports().take_errors();
        match found {
            Ok(address) if reports.is_empty() => {
                let address = usize::try_from(address).unwrap_or_default();
                Ok(std::ptr::with_exposed_provenance(address))
            }
            Ok(_) => Err(code_error(&reports)),
            Err(error) => Err(lookup_error(error, reports)),
        }
    }

    /// A function by its name and type, as `unsafe extern "C" fn(i64) -> i64`. It may be called as
    /// long as the JIT exists. A runtime error in a direct call aborts the process: see
    /// [`Jit::call`].
    ///
    /// # Errors
    /// As [`Jit::address`].
    ///
    /// # Safety
    /// `F` must be the function pointer type that fits the IR function, which must be defined. A type
    /// of another size does not compile.
    pub unsafe fn function<F: Copy>(&self, name: &str) -> Result<F, Error> {
        const { assert!(size_of::<F>() == size_of::<*const ()>(), "not a function pointer") };
        let address = self.address(name)?;
        // SAFETY: the sizes are equal and the caller vouches for the type.
        Ok(unsafe { std::mem::transmute_copy(&address) })
    }

    /// Calls guest code so that a runtime error in it, or an overflow of a stack of a context,
    /// comes back as [`Error::Fault`]. `work` runs in a context on a region of its own and calls
    /// functions that [`Jit::function`] gave. Other contexts are not touched. Calls may nest.
    ///
    /// The runtime has one error handler for the process, which belongs to the JIT from the first
    /// call on. One that a program sets holds until a call begins or ends.
    ///
    /// The program's contexts that are alive at its end are not destroyed; those on the call's own
    /// region keep the region.
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
    /// time; after it, if it returns, destructors and what it registered with `atexit`.
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
        if !self.mains.borrow().contains(entry) {
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
                self.session.initialize()?;
                let result = main(argc, argv.as_mut_ptr(), null_mut());
                self.session.deinitialize()?;
                Ok(result)
            })
        };
        match ended {
            Ok(result) => result.map_err(|e| lookup_error(e, self.session.reports().take_errors())),
            Err(Error::ThreadEnded) => Ok(0),
            Err(error) => Err(error),
        }
    }
}

/// Switches a pass off for a module, by its flag, unless the module says itself what it wants.
fn switch_off(module: &Module<'_>, flag: &str) {
    if module.get_flag(flag).is_none() {
        let no = module.get_context().i32_type().const_zero();
        module.add_basic_value_flag(flag, FlagBehavior::Override, no);
    }
}

/// A target triple as text.
fn text(triple: &TargetTriple) -> String {
    triple.as_str().to_string_lossy().into_owned()
}

/// The CPU of a target triple.
fn arch(triple: &str) -> &str {
    triple.split('-').next().unwrap_or_default()
}

/// The functions that can be called as C's `main`.
fn mains(module: &Module<'_>) -> Vec<String> {
    module
        .get_functions()
        .filter(|f| f.count_basic_blocks() > 0 && is_main(*f))
        .map(|f| f.get_name().to_string_lossy().into_owned())
        .collect()
}

/// Whether a function has one of the types of C's `main`.
fn is_main(function: FunctionValue<'_>) -> bool {
    let ty = function.get_type();
    let returns_i32 = ty
        .get_return_type()
        .is_some_and(|t| t.is_int_type() && t.into_int_type().get_bit_width() == 32);
    let params = ty.get_param_types();
    let fits = match params.as_slice() {
        [] => true,
        [argc, rest @ ..] if rest.len() == 1 || rest.len() == 2 => {
            argc.is_int_type()
                && argc.into_int_type().get_bit_width() == 32
                && rest.iter().all(|t| t.is_pointer_type())
        }
        _ => false,
    };
    returns_i32 && fits && !ty.is_var_arg()
}

/// Makes sense of a failed lookup. ORC names missing symbols as `Symbols not found: [ a, b ]`,
/// in the error itself for the symbol that was asked for, on the side for what its code uses.
fn lookup_error(error: String, reports: Vec<String>) -> Error {
    let missing: Vec<String> = std::iter::once(&error)
        .chain(&reports)
        .filter_map(|text| text.split_once("Symbols not found: [")?.1.split_once(']'))
        .flat_map(|(names, _)| names.split(','))
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    if !missing.is_empty() {
        Error::MissingSymbol(missing)
    } else if reports.is_empty() {
        Error::Code(error)
    } else {
        code_error(&reports)
    }
}

/// What LLVM reported while it generated code, on one line.
fn code_error(reports: &[String]) -> Error {
    Error::Code(reader::one_line(&reports.join("\n")))
}
