//! Builds a JIT from settings.

use std::cell::{Cell, RefCell};

use inkwell::targets::{CodeModel, InitializationConfig, RelocMode, Target, TargetMachine};
use stackswitch_passes::{OptLevel, inline, pointers::Pointers, settings::Settings};
use stackswitch_rt::{abi, inlined};

use crate::{
    error::Error,
    jit::Jit,
    modules::{Modules, Names},
    objects::Watch,
    observe, perf_map,
    program_end::{self, Program},
    session::Session,
    thread_locals,
    ucontext::Ucontext,
};

/// Settings of a [`Jit`] to be.
#[derive(Debug, Clone)]
pub struct Builder {
    level: OptLevel,
    settings: Settings,
    ucontext: Ucontext,
    perf_map: bool,
    redefine: bool,
    regions: Option<usize>,
    symbols: Vec<(String, *const ())>,
}

impl Jit {
    /// Settings to start from.
    #[must_use]
    pub fn builder() -> Builder {
        Builder {
            level: OptLevel::default(),
            settings: Settings { runs_here: true, ..Settings::default() },
            ucontext: Ucontext::default(),
            perf_map: false,
            redefine: false,
            regions: None,
            symbols: Vec::new(),
        }
    }
}

impl Default for Builder {
    fn default() -> Self {
        Jit::builder()
    }
}

impl Builder {
    /// Sets how much to optimise. The default is [`OptLevel::O2`].
    #[must_use]
    pub fn opt_level(mut self, level: OptLevel) -> Self {
        self.level = level;
        self
    }

    /// Sets whether optimised code has the fast path of switches in place (the default) or calls the
    /// runtime.
    #[must_use]
    pub fn inline_switches(mut self, inline: bool) -> Self {
        self.settings.in_place = inline;
        self
    }

    /// Sets whether modules that use `<ucontext.h>` get the runtime's functions or the system's (the
    /// default).
    ///
    /// ```
    /// use stackswitch::jit::{Jit, Ucontext};
    ///
    /// let jit = Jit::builder().ucontext(Ucontext::Runtime).build()?;
    /// jit.add_ir("again", "
    ///     declare i32 @getcontext(ptr)
    ///     define i32 @main() {
    ///       %context = alloca [968 x i8], align 16
    ///       %result = call i32 @getcontext(ptr %context)
    ///       ret i32 %result
    ///     }")?;
    /// // SAFETY: `main` has the type of C's and does what C's may do.
    /// assert_eq!(unsafe { jit.run_main("main", &["again"]) }?, 0);
    /// # Ok::<(), stackswitch::jit::Error>(())
    /// ```
    #[must_use]
    pub fn ucontext(mut self, ucontext: Ucontext) -> Self {
        self.ucontext = ucontext;
        self
    }

    /// Sets the size in bytes from which optimised code keeps a local variable on the heap, if it is
    /// needed while the context may be suspended. The default is 0, which means never. Such a variable is
    /// not copied when the context is displaced, but the context cannot be cloned. `docs/passes.md` says
    /// when this pays, and where it is not done.
    ///
    /// ```
    /// use stackswitch::jit::{Jit, State};
    ///
    /// let jit = Jit::builder().heap_threshold(4096).build()?;
    /// jit.add_ir("sums.ll", "
    ///     declare i64 @llvm.stackswitch.suspend.i64(i64)
    ///     declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
    ///     define i64 @body(ptr %arg, i64 %first) {
    ///       %buffer = alloca [65536 x i8], align 8
    ///       call void @llvm.memset.p0.i64(ptr %buffer, i8 1, i64 65536, i1 false)
    ///       %at = getelementptr i8, ptr %buffer, i64 %first
    ///       %next = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
    ///       %one = load i8, ptr %at
    ///       %sum = zext i8 %one to i64
    ///       ret i64 %sum
    ///     }")?;
    /// // SAFETY: the function is a body of this type; it reads a byte of its buffer.
    /// let mut sums = unsafe { jit.coroutine::<i64, i64>("body", std::ptr::null_mut())? };
    /// assert_eq!(sums.resume(500)?, State::Yielded(500));
    /// assert_eq!(sums.resume(0)?, State::Returned(1));
    /// # Ok::<(), stackswitch::jit::Error>(())
    /// ```
    #[must_use]
    pub fn heap_threshold(mut self, bytes: u32) -> Self {
        self.settings.heap_threshold = bytes;
        self
    }

    /// Sets where variables are that other code may access while their context is suspended. A module's
    /// own flag `stackswitch-pointers` overrides it.
    #[must_use]
    pub fn pointers(mut self, pointers: Pointers) -> Self {
        self.settings.pointers = pointers;
        self
    }

    /// Sets whether optimised code keeps the frame of a context in that of its creator, where that is
    /// possible (the default), or gives every context a stack.
    #[must_use]
    pub fn stackless(mut self, stackless: bool) -> Self {
        self.settings.stackless = stackless;
        self
    }

    /// Sets whether compiled functions are listed in `/tmp/perf-PID.map`, where `perf` looks for the names
    /// of code made at run time. The default is no. The file stays when the process ends, as `perf` reads
    /// it later.
    #[must_use]
    pub fn perf_map(mut self, write: bool) -> Self {
        self.perf_map = write;
        self
    }

    /// Sets whether a module may define a symbol that another one has defined, as a line of a REPL does.
    /// The default is no. Modules that are added and symbols that are looked up later are bound to the last
    /// definition. Code that is linked already keeps calling the definition that it was linked with, and
    /// functions that were looked up stay valid. Remove a module to free a definition that is no longer
    /// used; the definition before it then counts again.
    ///
    /// ```
    /// use stackswitch::jit::Jit;
    ///
    /// let mut jit = Jit::builder().redefine(true).build()?;
    /// jit.add_ir("1", "define i64 @f() { ret i64 1 }")?;
    /// jit.add_ir("2", "declare i64 @f()  define i64 @g() { %r = call i64 @f()  ret i64 %r }")?;
    /// let third = jit.add_ir("3", "define i64 @f() { ret i64 3 }")?;
    /// let [f, g] = ["f", "g"].map(|name| jit.function::<unsafe extern "C" fn() -> i64>(name));
    /// // SAFETY: the functions return constants.
    /// assert_eq!(unsafe { (f?(), g?()) }, (3, 1));
    /// // SAFETY: nothing uses the third module.
    /// unsafe { jit.remove(third)? };
    /// let f = jit.function::<unsafe extern "C" fn() -> i64>("f")?;
    /// // SAFETY: as above.
    /// assert_eq!(unsafe { f() }, 1);
    /// # Ok::<(), stackswitch::jit::Error>(())
    /// ```
    #[must_use]
    pub fn redefine(mut self, redefine: bool) -> Self {
        self.redefine = redefine;
        self
    }

    /// Binds a name to an address in this program: of a function with C's calling convention, or of a
    /// variable. The address must stay valid as long as the JIT's code may use it. It replaces a symbol of
    /// the process with that name.
    ///
    /// ```
    /// use stackswitch::jit::Jit;
    ///
    /// extern "C" fn add(a: i64, b: i64) -> i64 {
    ///     a + b
    /// }
    /// let jit = Jit::builder().symbol("host_add", add as *const ()).build()?;
    /// jit.add_ir("sum.ll", "
    ///     declare i64 @host_add(i64, i64)
    ///     define i64 @sum(i64 %x) { %r = call i64 @host_add(i64 %x, i64 2)  ret i64 %r }")?;
    /// let sum = jit.function::<unsafe extern "C" fn(i64) -> i64>("sum")?;
    /// // SAFETY: the host's function has the type that the IR declares.
    /// assert_eq!(unsafe { sum(40) }, 42);
    /// # Ok::<(), stackswitch::jit::Error>(())
    /// ```
    #[must_use]
    pub fn symbol(mut self, name: &str, address: *const ()) -> Self {
        self.symbols.push((name.to_owned(), address));
        self
    }

    /// Sets over how many mapped regions, 1 to 64, `spawn` with a null base spreads the contexts of the
    /// thread that builds the JIT. The setting is the thread's, from then on, as by
    /// `stackswitch_set_default_regions` of the C header.
    #[must_use]
    pub fn default_regions(mut self, count: usize) -> Self {
        self.regions = Some(count);
        self
    }

    /// Makes the JIT, for this machine's CPU.
    ///
    /// # Errors
    /// [`Error::Llvm`] if LLVM was built without this machine's target or cannot set up its JIT,
    /// [`Error::PerfMap`] if that file was asked for and cannot be made, [`Error::Regions`] for a
    /// number of regions that cannot be had, [`Error::Duplicate`] for a symbol that is bound twice,
    /// [`Error::EmptyName`] for a symbol with an empty name.
    pub fn build(self) -> Result<Jit, Error> {
        Target::initialize_native(&InitializationConfig::default()).map_err(Error::Llvm)?;
        let machine = host_machine(self.level)?;
        let perf_map = if self.perf_map {
            let file = perf_map::path();
            Some(perf_map::open().map_err(|error| Error::PerfMap { file, error })?)
        } else {
            None
        };
        let session =
            Session::new(host_machine(self.level)?, Watch::new(perf_map)).map_err(Error::Llvm)?;
        let modules = self.define_symbols(&session)?;
        if let Some(count) = self.regions {
            if !(1..=64).contains(&count) {
                return Err(Error::Regions(count));
            }
            // SAFETY: the function has no conditions.
            let before = unsafe { abi::stackswitch_set_default_regions(count) };
            if before == 0 {
                return Err(Error::Regions(count));
            }
        }
        let names = if self.redefine { Names::Again } else { Names::Once };
        let Self { level, settings, ucontext, .. } = self;
        Ok(Jit {
            program: Program::new(),
            has_end_functions: Cell::new(false),
            session,
            machine,
            level,
            settings,
            ucontext,
            names,
            modules: modules.into(),
            bodies: RefCell::default(),
        })
    }

    /// Binds the symbols of the runtime, of the JIT and of the host, and returns a table with them.
    fn define_symbols(&self, session: &Session) -> Result<Modules, Error> {
        let own = [
            (inline::WORDS, inlined::resident()),
            (inline::PLAIN, inlined::plain()),
            (thread_locals::GET_ADDRESS, thread_locals::address as *const ()),
        ];
        let host = self.symbols.iter().map(|(name, address)| (name.as_str(), *address));
        let replaced = abi::replacements().iter().map(|symbol| (symbol.name, symbol.address));
        let symbols: Vec<_> = observe::symbols().chain(replaced).chain(own).chain(host).collect();
        let mut modules = Modules::default();
        for name in symbols.iter().map(|(name, _)| *name).chain(program_end::SYMBOLS) {
            if name.is_empty() {
                return Err(Error::EmptyName);
            }
            modules.add_host(name)?;
        }
        session.define(symbols.into_iter()).map_err(Error::Llvm)?;
        Ok(modules)
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
