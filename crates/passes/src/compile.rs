//! The passes as a library, for compilers that build a module and generate its code themselves.
//!
//! [`lower`] verifies a module and turns its intrinsics into calls of the runtime. LLVM's own
//! optimisations are the caller's pipeline, or part of [`lower`] with [`Options::llvm`].
//! The program is then linked with `libstackswitch_rt`.
//!
//! ```
//! use inkwell::{
//!     context::Context,
//!     targets::{CodeModel, FileType, InitializationConfig, RelocMode, Target, TargetMachine},
//! };
//! use stackswitch::{Options, OptLevel, reader};
//!
//! let context = Context::create();
//! let module = reader::parse(&context, "echo.ll", b"
//!     declare i64 @llvm.stackswitch.suspend.i64(i64)
//!     define i64 @echo(ptr %arg, i64 %first) {
//!       %next = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
//!       ret i64 %next
//!     }")?;
//!
//! Target::initialize_native(&InitializationConfig::default())?;
//! let triple = TargetMachine::get_default_triple();
//! let machine = Target::from_triple(&triple)
//!     .map_err(|e| e.to_string())?
//!     .create_target_machine(
//!         &triple, "", "", OptLevel::O2.codegen(), RelocMode::PIC, CodeModel::Default,
//!     )
//!     .ok_or("no code for this machine")?;
//!
//! let options = Options::new().opt_level(OptLevel::O2).llvm(true).target(&machine);
//! let report = stackswitch::lower(&module, &options)?;
//! assert_eq!(report.operation("suspend").unwrap().found, 1);
//! assert!(report.symbols.contains(&"stackswitch_suspend_i64".to_owned())
//!     || report.operation("suspend").unwrap().in_place == 1);
//!
//! let object = machine
//!     .write_to_memory_buffer(&module, FileType::Object)
//!     .map_err(|e| e.to_string())?;
//! assert!(object.as_slice().starts_with(b"\x7fELF"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::BTreeSet;

use inkwell::{module::Module, targets::TargetMachine};

use crate::diagnostics::{Diagnostic, Remark};
use crate::pointers::Pointers;
use crate::{inline, level::OptLevel, pipeline, reader, settings::Settings, verify};
use stackswitch_abi::intrinsics::{Intrinsic, RUNTIME_PREFIX, TABLE};
use stackswitch_ir as ir;

/// Why a module could not be lowered. It must not be compiled further.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// LLVM's verifier refused the module. It has not been changed.
    #[error(transparent)]
    Broken(reader::Error),
    /// The module uses the intrinsics wrongly, or another pass reported errors.
    #[error(transparent)]
    Passes(#[from] pipeline::Error),
}

/// Options of [`lower`]. The default verifies, optimises and lowers the intrinsics at
/// [`OptLevel::O2`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'t> {
    level: OptLevel,
    llvm: bool,
    in_place: Option<bool>,
    heap_threshold: u32,
    pointers: Pointers,
    pointers_later: bool,
    stackful: bool,
    target: Option<&'t TargetMachine>,
}

impl<'t> Options<'t> {
    /// [`OptLevel::O2`], without LLVM's own optimisations, and with every switch a call.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how much to optimise. At [`OptLevel::O0`] each use of an intrinsic becomes a call of the
    /// runtime. At the others `stackswitch-opt` first replaces contexts and switches by something
    /// cheaper.
    #[must_use]
    pub fn opt_level(mut self, level: OptLevel) -> Self {
        self.level = level;
        self
    }

    /// Sets whether LLVM's default pipeline of the level runs too. The default is no, for callers with
    /// a pipeline of their own.
    #[must_use]
    pub fn llvm(mut self, llvm: bool) -> Self {
        self.llvm = llvm;
        self
    }

    /// Sets whether calls of switches become in-place switches, on targets that have them. This must
    /// come after all optimisations. So by default it happens only with [`Options::llvm`], at the
    /// levels above [`OptLevel::O0`]. With a pipeline of your own, call [`lower`] before it, and
    /// again after it with this set.
    #[must_use]
    pub fn in_place(mut self, in_place: bool) -> Self {
        self.in_place = Some(in_place);
        self
    }

    /// Puts local variables of at least so many bytes that are live across a switch on the heap. The
    /// default, 0, puts none there. As [`Options::in_place`] this must come after all optimisations,
    /// and it happens above [`OptLevel::O0`] only. With a pipeline of your own, set it when you call
    /// [`lower`] again. A module's own flag `stackswitch-heap-threshold` overrides it.
    #[must_use]
    pub fn heap_threshold(mut self, bytes: u32) -> Self {
        self.heap_threshold = bytes;
        self
    }

    /// Sets where variables are that other code may access while their context is suspended. A module's
    /// own flag `stackswitch-pointers` overrides it, and a function's own attribute of that name overrides
    /// both. The default is [`Pointers::Sliced`].
    #[must_use]
    pub fn pointers(mut self, pointers: Pointers) -> Self {
        self.pointers = pointers;
        self
    }

    /// Sets whether variables stay in their frames for now. LLVM optimises a variable that has moved
    /// less, and inlines its function no more. So with a pipeline of your own, set this when you call
    /// [`lower`] before it, and call [`lower`] again after it. The default is no.
    #[must_use]
    pub fn pointers_later(mut self, later: bool) -> Self {
        self.pointers_later = later;
        self
    }

    /// Sets whether contexts that only their creator knows may become stackless. The default is yes.
    #[must_use]
    pub fn stackless(mut self, stackless: bool) -> Self {
        self.stackful = !stackless;
        self
    }

    /// Sets the machine that the module is compiled for. A module without a target triple or a data
    /// layout gets the machine's. By default the module's own are used.
    #[must_use]
    pub fn target(mut self, machine: &'t TargetMachine) -> Self {
        self.target = Some(machine);
        self
    }

    /// The passes to run, as text.
    fn pipeline(&self) -> String {
        let mut passes = Vec::new();
        let optimised = self.level != OptLevel::O0;
        if self.llvm {
            passes.push(self.level.pipeline());
            if self.in_place == Some(true) && !optimised {
                passes.push("stackswitch-inline");
            }
        } else {
            passes.push("stackswitch-verify");
            passes.extend(optimised.then_some("stackswitch-opt"));
            passes.push("stackswitch-lower");
            passes.extend((!self.pointers_later).then_some("stackswitch-pointers"));
            passes.extend((optimised && self.heap_threshold != 0).then_some("stackswitch-slices"));
            passes.extend((self.in_place == Some(true)).then_some("stackswitch-inline"));
            passes.push("stackswitch-check");
        }
        passes.join(",")
    }
}

/// What became of a module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// What became of the uses of each intrinsic that the module used, in the order of the table.
    pub operations: Vec<Operation>,
    /// The symbols of the runtime that the module now needs, by name. If there are any, the program
    /// must be linked with `libstackswitch_rt`.
    pub symbols: Vec<String>,
    /// Doubtful uses of intrinsics in the module.
    pub warnings: Vec<Diagnostic>,
    /// Each decision of the passes, taken or refused, with its reason.
    pub remarks: Vec<Remark>,
}

impl Report {
    /// What became of an intrinsic, by its name without the prefix and without a suffix. `None` if
    /// the module did not use it.
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.iter().find(|o| o.intrinsic.name == name)
    }
}

/// What became of the uses of one intrinsic. LLVM's own passes may copy and remove calls, so the
/// numbers need not add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// The intrinsic.
    pub intrinsic: &'static Intrinsic,
    /// How many uses the module had, by the intrinsic's or the runtime's name.
    pub found: usize,
    /// How many calls of the runtime it has now.
    pub calls: usize,
    /// How many became in-place switches. Their slow path calls the runtime.
    pub in_place: usize,
}

/// Verifies a module and lowers its intrinsics, as the options say. Lowering a module again changes
/// only what the options ask for besides.
///
/// The result says what became of each use. It holds the warnings and remarks; they do not go to the
/// diagnostic handler of the LLVM context.
///
/// # Errors
/// [`Error::Broken`] if the module is not valid IR, [`Error::Passes`] if it uses the intrinsics
/// wrongly; it lists every mistake.
pub fn lower(module: &Module<'_>, options: &Options<'_>) -> Result<Report, Error> {
    check(module)?;
    if let Some(machine) = options.target {
        adopt_target(module, machine);
    }
    let in_place = options.in_place != Some(false);
    let (stackless, heap_threshold) = (!options.stackful, options.heap_threshold);
    let pointers = options.pointers;
    Settings { in_place, stackless, heap_threshold, runs_here: false, pointers }.apply(module);
    let before = uses(module);
    // SAFETY: `check` has asked LLVM's verifier; what was changed since is valid too.
    let observed =
        unsafe { pipeline::observe_verified(module, options.target, &options.pipeline()) }?;
    let after = uses(module);
    let operations = TABLE
        .iter()
        .enumerate()
        .filter(|(i, _)| before[*i] + after[*i] > 0)
        .map(|(i, intrinsic)| Operation {
            intrinsic,
            found: before[i],
            calls: after[i],
            in_place: observed
                .remarks
                .iter()
                .filter(|r| r.name == inline::REMARK && r.taken && r.operation == Some(intrinsic))
                .count(),
        })
        .collect();
    let symbols = runtime_symbols(module);
    Ok(Report { operations, symbols, warnings: observed.warnings, remarks: observed.remarks })
}

/// Whether a module is valid IR.
pub(crate) fn check(module: &Module<'_>) -> Result<(), Error> {
    module.verify().map_err(|text| {
        let name = module.get_name().to_string_lossy();
        Error::Broken(reader::Error::broken(&name, &text.to_string()))
    })
}

/// Gives a module without a target that of the machine.
fn adopt_target(module: &Module<'_>, machine: &TargetMachine) {
    if module.get_triple().as_str().is_empty() {
        module.set_triple(&machine.get_triple());
    }
    if module.get_data_layout().as_str().is_empty() {
        module.set_data_layout(&machine.get_target_data().get_data_layout());
    }
}

/// The uses of each intrinsic, in the order of the table.
fn uses(module: &Module<'_>) -> Vec<usize> {
    let mut counts = vec![0; TABLE.len()];
    for site in verify::analyse(view(module)).sites {
        if let Some(i) = TABLE.iter().position(|i| i == site.intrinsic) {
            counts[i] += 1;
        }
    }
    counts
}

/// The symbols of the runtime that the module refers to.
fn runtime_symbols(module: &Module<'_>) -> Vec<String> {
    let mut names: BTreeSet<String> = view(module)
        .functions_with_prefix(RUNTIME_PREFIX)
        .into_iter()
        .filter(|f| f.is_declaration() && !f.is_unused())
        .map(|f| f.name())
        .collect();
    names.extend(module.get_global(inline::WORDS).map(|_| inline::WORDS.to_owned()));
    names.into_iter().collect()
}

/// The module as the passes see it.
pub(crate) fn view<'m>(module: &'m Module<'_>) -> ir::Module<'m> {
    // SAFETY: the module lives as long as the borrow; inkwell's modules are not shared between
    // threads, and nothing changes it while the view is used.
    unsafe { ir::Module::from_raw(module.as_mut_ptr()) }
}
