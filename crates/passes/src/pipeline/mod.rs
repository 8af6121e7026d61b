//! The passes as LLVM runs them: in process here, in `opt`, `clang` and `lld` through the plugin.
//!
//! `stackswitch-from-ucontext`, which has to be asked for, `stackswitch-verify`, `stackswitch-opt` and
//! `stackswitch-lower` run at the start of the default pipelines, `stackswitch-slices`,
//! `stackswitch-slice-size`, `stackswitch-inline` and `stackswitch-check` at their end. Those that
//! verify, lower and check are required, so that they run at `-O0` too, and each is available by
//! its name.

mod plugin;
mod session;

pub use plugin::{PluginInfo, plugin_info};

use std::ffi::{CString, c_char, c_int, c_void};

use inkwell::llvm_sys::prelude::*;
use inkwell::llvm_sys::target_machine::LLVMTargetMachineRef;
use inkwell::module::Module;
use inkwell::targets::TargetMachine;

pub use crate::diagnostics::Remark;

use crate::diagnostics::Diagnostic;
use crate::from_ucontext::{self, Outcome, SignalMask};
use crate::slices;
use crate::{check, inline, lower, opt, verify};
use stackswitch_ir as ir;

/// Why a pipeline did not run to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The module uses the intrinsics wrongly. It must not be compiled further.
    #[error("{}", lines(.0))]
    Rejected(Vec<Diagnostic>),
    /// The pipeline's text is wrong, as LLVM words it.
    #[error("wrong pass pipeline: {0}")]
    Pipeline(String),
    /// Another pass reported errors, as LLVM words them.
    #[error("{0}")]
    Llvm(String),
}

/// One diagnostic a line.
fn lines(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(Diagnostic::to_string).collect::<Vec<_>>().join("\n")
}

/// What the passes had to say besides errors, in the order in which they said it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// What is doubtful in the module.
    pub warnings: Vec<Diagnostic>,
    /// What was done about a use of an intrinsic, or why it was not.
    pub remarks: Vec<Remark>,
}

/// Runs a pipeline of LLVM's new pass manager over a module, with the passes of this crate
/// registered by name and in the default pipelines.
///
/// `pipeline` is what `opt -passes=` takes, such as `"default<O2>"` or
/// `"stackswitch-verify,stackswitch-lower"`. `target` tells the optimiser what it compiles for. The
/// module must be valid IR; loading it is what checks that.
///
/// Fails with [`Error::Rejected`] where the module uses the intrinsics wrongly, with
/// [`Error::Pipeline`] where the text is no pipeline, and with [`Error::Llvm`] for what other passes
/// report. After an error of the first or the last kind the module is valid IR, but how far the
/// passes went is not defined. Warnings and remarks go to the diagnostic handler of the module's
/// context.
pub fn run(
    module: &Module<'_>,
    target: Option<&TargetMachine>,
    pipeline: &str,
) -> Result<(), Error> {
    run_collecting(module, target, pipeline, false).map(|_| ())
}

/// As [`run`], but the warnings and remarks of this crate's passes are the result, and do not go to
/// the context.
///
/// # Errors
/// As [`run`].
pub fn observe(
    module: &Module<'_>,
    target: Option<&TargetMachine>,
    pipeline: &str,
) -> Result<Observed, Error> {
    run_collecting(module, target, pipeline, true).map(Option::unwrap_or_default)
}

fn run_collecting(
    module: &Module<'_>,
    target: Option<&TargetMachine>,
    pipeline: &str,
    observe: bool,
) -> Result<Option<Observed>, Error> {
    let Ok(text) = CString::new(pipeline) else {
        return Err(Error::Pipeline("the text contains a zero byte".into()));
    };
    let target = target.map_or(std::ptr::null_mut(), TargetMachine::as_mut_ptr);
    let mut message = std::ptr::null_mut();
    let collecting = session::Collecting::start(observe);
    // SAFETY: the module and the target machine live as long as their borrows, the text ends with a
    // zero, and the passes are static.
    let status = unsafe {
        stackswitch_shim_run(module.as_mut_ptr(), target, text.as_ptr(), &PASSES, &mut message)
    };
    let collected = collecting.finish();
    // SAFETY: the shim leaves null or a message that is ours.
    let message = unsafe { ir::take_message(message) };
    match status {
        1 => Err(Error::Pipeline(message)),
        _ if !collected.errors.is_empty() => Err(Error::Rejected(collected.errors)),
        0 => Ok(collected.observed),
        _ => Err(Error::Llvm(message)),
    }
}

/// The passes as the shim takes them.
#[repr(C)]
struct Passes {
    from_ucontext: extern "C" fn(LLVMModuleRef) -> bool,
    from_ucontext_with_mask: extern "C" fn(LLVMModuleRef) -> bool,
    from_ucontext_where_asked: extern "C" fn(LLVMModuleRef) -> bool,
    verify: extern "C" fn(LLVMModuleRef) -> bool,
    optimise: extern "C" fn(LLVMModuleRef) -> bool,
    lower: extern "C" fn(LLVMModuleRef) -> bool,
    check: extern "C" fn(LLVMModuleRef) -> bool,
    inline: extern "C" fn(LLVMModuleRef, &Listener),
    slices: extern "C" fn(LLVMModuleRef, &Listener),
    slice_size: extern "C" fn(LLVMModuleRef) -> bool,
    optimise_again: extern "C" fn(LLVMModuleRef) -> bool,
    rejected: extern "C" fn() -> bool,
}

/// Who wants to know which functions a pass has changed.
#[repr(C)]
struct Listener {
    changed: extern "C" fn(&Listener, LLVMValueRef),
}

impl Listener {
    fn hear(&self, changed: Vec<ir::Function<'_>>) {
        for function in changed {
            (self.changed)(self, function.value().raw());
        }
    }
}

static PASSES: Passes = Passes {
    from_ucontext: from_ucontext_pass,
    from_ucontext_with_mask: from_ucontext_with_mask_pass,
    from_ucontext_where_asked: from_ucontext_where_asked_pass,
    verify: verify_pass,
    optimise: optimise_pass,
    lower: lower_pass,
    check: check_pass,
    inline: inline_pass,
    slices: slices_pass,
    slice_size: slice_size_pass,
    optimise_again: optimise_again_pass,
    rejected: session::any_rejected,
};

// SAFETY: these are the functions of `shim.cc`, with the types that they have there.
unsafe extern "C" {
    fn stackswitch_shim_plugin_api_version() -> u32;
    fn stackswitch_shim_heap_threshold() -> u32;
    fn stackswitch_shim_register(pass_builder: *mut c_void, passes: *const Passes);
    fn stackswitch_shim_report(about: LLVMValueRef, severity: u32, text: *const c_char);
    fn stackswitch_shim_remark(
        about: LLVMValueRef,
        taken: bool,
        name: *const c_char,
        text: *const c_char,
    );
    fn stackswitch_shim_analysis(about: LLVMValueRef, name: *const c_char, text: *const c_char);
    fn stackswitch_shim_run(
        module: LLVMModuleRef,
        target: LLVMTargetMachineRef,
        pipeline: *const c_char,
        passes: *const Passes,
        error: *mut *mut c_char,
    ) -> c_int;
}

/// `stackswitch-from-ucontext`
extern "C" fn from_ucontext_pass(module: LLVMModuleRef) -> bool {
    // SAFETY: as in `verify_pass`.
    replace_ucontext(unsafe { ir::Module::from_raw(module) }, SignalMask::Thread)
}

/// `stackswitch-from-ucontext<sigmask>`
extern "C" fn from_ucontext_with_mask_pass(module: LLVMModuleRef) -> bool {
    // SAFETY: as in `verify_pass`.
    replace_ucontext(unsafe { ir::Module::from_raw(module) }, SignalMask::Context)
}

/// One of the two, in a module that has the flag.
extern "C" fn from_ucontext_where_asked_pass(module: LLVMModuleRef) -> bool {
    // SAFETY: as in `verify_pass`.
    let module = unsafe { ir::Module::from_raw(module) };
    SignalMask::asked_for(module).is_some_and(|mask| replace_ucontext(module, mask))
}

fn replace_ucontext(module: ir::Module<'_>, mask: SignalMask) -> bool {
    match from_ucontext::replace(module, mask, &|remark| {
        session::remark(from_ucontext::FLAG, remark)
    }) {
        Outcome::Done(changed) => changed,
        Outcome::Refused(warnings) => {
            session::judge(module, warnings);
            false
        }
    }
}

/// `stackswitch-verify`
extern "C" fn verify_pass(module: LLVMModuleRef) -> bool {
    // SAFETY: LLVM's pass manager hands over a live module that nothing else works on meanwhile.
    let module = unsafe { ir::Module::from_raw(module) };
    session::judge(module, verify::examine(module));
    false
}

/// `stackswitch-opt`
extern "C" fn optimise_pass(module: LLVMModuleRef) -> bool {
    // SAFETY: as in `verify_pass`.
    let module = unsafe { ir::Module::from_raw(module) };
    !session::is_rejected(module)
        && opt::optimise(module, &|remark| session::remark("stackswitch-opt", remark))
}

/// `stackswitch-opt` once more, after inlining. Why something was not done has been said before.
extern "C" fn optimise_again_pass(module: LLVMModuleRef) -> bool {
    // SAFETY: as in `verify_pass`.
    let module = unsafe { ir::Module::from_raw(module) };
    let tell = |remark: &crate::remark::Remark<'_>| {
        if remark.taken {
            session::remark("stackswitch-opt-again", remark);
        }
    };
    !session::is_rejected(module) && opt::optimise(module, &tell)
}

/// `stackswitch-lower`
extern "C" fn lower_pass(module: LLVMModuleRef) -> bool {
    // SAFETY: as in `verify_pass`.
    let module = unsafe { ir::Module::from_raw(module) };
    if session::is_rejected(module) {
        return false;
    }
    match lower::lower(module) {
        Ok(changed) => changed,
        Err(findings) => {
            session::judge(module, findings);
            false
        }
    }
}

/// `stackswitch-check`
extern "C" fn check_pass(module: LLVMModuleRef) -> bool {
    // SAFETY: as in `verify_pass`.
    let module = unsafe { ir::Module::from_raw(module) };
    if !session::is_rejected(module) {
        session::judge(module, check::leftovers(module));
    }
    false
}

/// `stackswitch-inline`
extern "C" fn inline_pass(module: LLVMModuleRef, listener: &Listener) {
    // SAFETY: as in `verify_pass`.
    let module = unsafe { ir::Module::from_raw(module) };
    if !session::is_rejected(module) {
        let tell = |remark: &_| session::remark("stackswitch-inline", remark);
        listener.hear(inline::inline(module, &tell));
    }
}

/// `stackswitch-slices`
extern "C" fn slices_pass(module: LLVMModuleRef, listener: &Listener) {
    // SAFETY: as in `verify_pass`.
    let module = unsafe { ir::Module::from_raw(module) };
    // SAFETY: the function has no conditions.
    let asked = || u64::from(unsafe { stackswitch_shim_heap_threshold() });
    let threshold = module.flag(slices::HEAP_FLAG).unwrap_or_else(asked);
    let tell = |remark: &_| session::remark("stackswitch-slices", remark);
    if !session::is_rejected(module) {
        listener.hear(slices::shrink(module, threshold, &tell));
    }
}

/// `stackswitch-slice-size`
extern "C" fn slice_size_pass(module: LLVMModuleRef) -> bool {
    // SAFETY: as in `verify_pass`.
    let module = unsafe { ir::Module::from_raw(module) };
    !session::is_rejected(module) && slices::measure(module, &session::analysis)
}
