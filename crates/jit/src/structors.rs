//! Turns the lists of constructors and destructors of a module into one function each, so that they can
//! be run for that module alone.

use inkwell::{
    builder::BuilderError,
    llvm_sys::core::{
        LLVMConstIntGetZExtValue, LLVMGetNumOperands, LLVMGetOperand, LLVMIsAConstantInt,
        LLVMIsNull,
    },
    module::{Linkage, Module},
    values::{AsValueRef, PointerValue},
};

/// Removes the list of constructors from a module and adds a function of that name which calls them, the
/// lowest priority first. False if there are none.
pub(crate) fn constructors(module: &Module<'_>, name: &str) -> Result<bool, BuilderError> {
    take(module, "llvm.global_ctors", name, false)
}

/// The same for destructors, the highest priority first.
pub(crate) fn destructors(module: &Module<'_>, name: &str) -> Result<bool, BuilderError> {
    take(module, "llvm.global_dtors", name, true)
}

fn take(
    module: &Module<'_>,
    list: &str,
    name: &str,
    descending: bool,
) -> Result<bool, BuilderError> {
    let Some(global) = module.get_global(list) else { return Ok(false) };
    let mut entries = Vec::new();
    if let Some(initializer) = global.get_initializer() {
        let initializer = initializer.as_value_ref();
        // SAFETY: the index of an operand is below their number. LLVM's verifier has checked that the
        // entries are structures of a number, a function and a pointer.
        unsafe {
            for i in 0..LLVMGetNumOperands(initializer).unsigned_abs() {
                let entry = LLVMGetOperand(initializer, i);
                // A null function ends the list.
                if LLVMGetNumOperands(entry) < 2 || LLVMIsNull(LLVMGetOperand(entry, 1)) != 0 {
                    continue;
                }
                let priority = LLVMIsAConstantInt(LLVMGetOperand(entry, 0));
                let priority =
                    if priority.is_null() { 65535 } else { LLVMConstIntGetZExtValue(priority) };
                entries.push((priority, PointerValue::new(LLVMGetOperand(entry, 1))));
            }
        }
    }
    // SAFETY: LLVM allows no use of the list in a module.
    unsafe { global.delete() };
    if entries.is_empty() {
        return Ok(false);
    }
    entries.sort_by_key(|&(priority, _)| priority);
    if descending {
        entries.reverse();
    }
    let context = module.get_context();
    let ty = context.void_type().fn_type(&[], false);
    let function = module.add_function(name, ty, Some(Linkage::External));
    let builder = context.create_builder();
    builder.position_at_end(context.append_basic_block(function, "entry"));
    for (_, entry) in entries {
        builder.build_indirect_call(ty, entry, &[], "")?;
    }
    builder.build_return(None)?;
    Ok(true)
}
