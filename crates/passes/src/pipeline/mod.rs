//! Runs pipelines of passes in process, and describes the passes to hosts such as `opt` and `clang`.
//!
//! [`PASSES`] lists the passes and where the default pipelines run them.

mod entry_points;
mod plugin;
mod session;
mod shim;
mod table;

pub use crate::diagnostics::Remark;
pub use plugin::{PluginInfo, plugin_info};
pub use session::Observed;
pub use table::{PASSES, Pass};

use std::ffi::CString;

use inkwell::module::Module;
use inkwell::targets::TargetMachine;
use stackswitch_ir::take_message;

use self::session::Collect;
use crate::diagnostics::Diagnostic;
use crate::reader;
use shim::stackswitch_shim_run;

/// Why a pipeline did not run to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// LLVM's verifier refused the module. It has not been changed.
    #[error("broken IR: {0}")]
    Broken(String),
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

/// Runs a pipeline of LLVM's new pass manager over a module. The passes of this crate are registered
/// by name, and in the default pipelines.
///
/// `pipeline` is what `opt -passes=` takes, such as `"default<O2>"` or
/// `"stackswitch-verify,stackswitch-lower"`. `target` tells the optimiser what it compiles for.
/// Warnings and remarks go to the diagnostic handler of the module's LLVM context.
///
/// # Errors
/// [`Error::Broken`] if the module is not valid IR, such as one with a block that does not end yet;
/// [`Error::Pipeline`] if the text is not a pipeline; [`Error::Rejected`] if the module uses the
/// intrinsics wrongly; [`Error::Llvm`] for errors of other passes. After the last two the module is
/// valid IR, but it is not defined how far the passes went.
pub fn run(
    module: &Module<'_>,
    target: Option<&TargetMachine>,
    pipeline: &str,
) -> Result<(), Error> {
    check(module)?;
    // SAFETY: LLVM's verifier has accepted the module.
    unsafe { run_collecting(module, target, pipeline, Collect::Errors) }.map(|_| ())
}

/// As [`run`], but warnings and remarks of this crate's passes are the result, and do not go to the
/// LLVM context.
///
/// # Errors
/// As [`run`].
pub fn observe(
    module: &Module<'_>,
    target: Option<&TargetMachine>,
    pipeline: &str,
) -> Result<Observed, Error> {
    check(module)?;
    // SAFETY: LLVM's verifier has accepted the module.
    unsafe { observe_verified(module, target, pipeline) }
}

/// As [`run`], but the warnings of this crate's passes are the result, and LLVM's verifier is not
/// asked again.
///
/// # Errors
/// As [`run`], but for [`Error::Broken`].
///
/// # Safety
/// LLVM's verifier must accept the module.
pub unsafe fn warnings_verified(
    module: &Module<'_>,
    target: Option<&TargetMachine>,
    pipeline: &str,
) -> Result<Vec<Diagnostic>, Error> {
    // SAFETY: the caller vouches for the module.
    let observed = unsafe { run_collecting(module, target, pipeline, Collect::Warnings) };
    observed.map(|observed| observed.warnings)
}

/// As [`observe`], without asking LLVM's verifier again.
///
/// # Safety
/// LLVM's verifier must accept the module.
pub(crate) unsafe fn observe_verified(
    module: &Module<'_>,
    target: Option<&TargetMachine>,
    pipeline: &str,
) -> Result<Observed, Error> {
    // SAFETY: the caller vouches for the module.
    unsafe { run_collecting(module, target, pipeline, Collect::All) }
}

/// Refuses a module that is not valid IR: LLVM's passes may do anything with it.
fn check(module: &Module<'_>) -> Result<(), Error> {
    module.verify().map_err(|text| Error::Broken(reader::one_line(&text.to_string())))
}

/// Runs a pipeline. The result is what was collected besides errors.
///
/// # Safety
/// LLVM's verifier must accept the module.
unsafe fn run_collecting(
    module: &Module<'_>,
    target: Option<&TargetMachine>,
    pipeline: &str,
    collect: Collect,
) -> Result<Observed, Error> {
    let Ok(text) = CString::new(pipeline) else {
        return Err(Error::Pipeline("the text contains a zero byte".into()));
    };
    let target = target.map_or(std::ptr::null_mut(), TargetMachine::as_mut_ptr);
    let mut message = std::ptr::null_mut();
    let collecting = session::Collecting::start(collect);
    // SAFETY: module and target machine live as long as their borrows, the module is valid IR, the
    // text ends with a zero, and the functions of the passes are static.
    let status = unsafe {
        let passes = &entry_points::PASSES;
        stackswitch_shim_run(module.as_mut_ptr(), target, text.as_ptr(), passes, &mut message)
    };
    let collected = collecting.finish();
    // SAFETY: the function leaves null or a message that is ours to free.
    let message = unsafe { take_message(message) };
    match status {
        1 => Err(Error::Pipeline(message)),
        _ if !collected.errors.is_empty() => Err(Error::Rejected(collected.errors)),
        0 => Ok(Observed {
            warnings: collected.warnings.unwrap_or_default(),
            remarks: collected.remarks.unwrap_or_default(),
        }),
        _ => Err(Error::Llvm(message)),
    }
}

#[cfg(test)]
mod tests {
    use inkwell::context::Context;

    use super::*;

    #[test]
    fn each_pass_of_the_table_is_registered_by_its_name() {
        let context = Context::create();
        for pass in PASSES {
            let module = context.create_module("empty");
            assert_eq!(run(&module, None, pass.name), Ok(()), "{}", pass.name);
        }
    }

    #[test]
    fn a_module_that_is_not_valid_is_refused() {
        let context = Context::create();
        let (module, builder) = (context.create_module("open"), context.create_builder());
        let i32 = context.i32_type();
        let function = module.add_function("f", i32.fn_type(&[], false), None);
        let block = context.append_basic_block(function, "entry");
        // A block that does not end yet; then one with a result of the wrong type.
        assert!(matches!(run(&module, None, "default<O2>"), Err(Error::Broken(_))));
        assert!(matches!(observe(&module, None, "default<O2>"), Err(Error::Broken(_))));
        builder.position_at_end(block);
        builder.build_return(Some(&context.i64_type().const_zero())).unwrap();
        let error = run(&module, None, "default<O2>").unwrap_err();
        assert_eq!(error.to_string().lines().count(), 1, "{error}");
        assert!(error.to_string().starts_with("broken IR: "), "{error}");
    }
}
