//! The passes as a library, for compilers that have a module in their hands and generate code
//! themselves.
//!
//! [`lower`] verifies a module and turns the intrinsics in it into calls of the runtime. By itself it
//! leaves LLVM's own optimisations to the caller's pipeline; [`Options::llvm`] has it run them too.
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

/// What [`lower`] does besides what it must.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'t> {
    level: OptLevel,
    llvm: bool,
    in_place: Option<bool>,
    heap_threshold: u32,
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
    /// runtime; at the others `stackswitch-opt` first replaces what can be had for less.
    #[must_use]
    pub fn opt_level(mut self, level: OptLevel) -> Self {
        self.level = level;
        self
    }

    /// Sets whether LLVM's default pipeline of the level runs too (it does not unless told). Leave it
    /// out where a pipeline of your own comes after.
    #[must_use]
    pub fn llvm(mut self, llvm: bool) -> Self {
        self.llvm = llvm;
        self
    }

    /// Sets whether the resident switch is put in place, where the target has it. That must come after
    /// all optimisations. So unless told it is done with [`Options::llvm`] at the levels above
    /// [`OptLevel::O0`]. With a pipeline of your own, call [`lower`] before it, and again with
    /// this set after it.
    #[must_use]
    pub fn in_place(mut self, in_place: bool) -> Self {
        self.in_place = Some(in_place);
        self
    }

    /// Sets from how many bytes on a local variable is on the heap where a context may be suspended
    /// while the variable is needed; 0, as it is unless told, for none. As for
    /// [`Options::in_place`], that must come after all optimisations, and it is done above
    /// [`OptLevel::O0`] only: with a pipeline of your own, set it when you call [`lower`] again. A
    /// module's own flag `stackswitch-heap-threshold` goes before it.
    #[must_use]
    pub fn heap_threshold(mut self, bytes: u32) -> Self {
        self.heap_threshold = bytes;
        self
    }

    /// Sets whether contexts that only their creator knows may lose their stacks (they may unless
    /// told).
    #[must_use]
    pub fn stackless(mut self, stackless: bool) -> Self {
        self.stackful = !stackless;
        self
    }

    /// Sets what is compiled for. A module without a target triple and a data layout gets those of
    /// the machine. Without a machine, the module's own are what counts.
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
    /// The symbols of the runtime that the module now needs, by name: link `libstackswitch_rt` if
    /// there are any.
    pub symbols: Vec<String>,
    /// What is doubtful in the module.
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
    /// How many uses the module had, by the intrinsic's or the runtime's names.
    pub found: usize,
    /// How many calls of the runtime it has now.
    pub calls: usize,
    /// How many switches were put in place. Those call the runtime where something must be copied.
    pub in_place: usize,
}

/// Verifies a module and lowers the intrinsics in it. A module that has been lowered stays as it is,
/// but for what the options ask for.
///
/// The result says what became of each use. Warnings and remarks are in it, and do not go to the
/// diagnostic handler of the context.
///
/// # Errors
/// [`Error::Broken`] if the module is not valid IR, [`Error::Passes`] if it uses the intrinsics
/// wrongly, with all that is wrong.
pub fn lower(module: &Module<'_>, options: &Options<'_>) -> Result<Report, Error> {
    check(module)?;
    if let Some(machine) = options.target {
        adopt_target(module, machine);
    }
    let in_place = options.in_place != Some(false);
    let (stackless, heap_threshold) = (!options.stackful, options.heap_threshold);
    Settings { in_place, stackless, heap_threshold }.apply(module);
    let before = uses(module);
    let observed = pipeline::observe(module, options.target, &options.pipeline())?;
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

/// What the module leaves to the runtime.
fn runtime_symbols(module: &Module<'_>) -> Vec<String> {
    let mut names: BTreeSet<String> = view(module)
        .functions(RUNTIME_PREFIX)
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
