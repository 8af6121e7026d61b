//! The functions of a module that can be bodies of contexts. Traces name contexts by them.

use std::ffi::CString;

use inkwell::{
    llvm_sys::core::{LLVMAddAlias2, LLVMGlobalGetValueType},
    module::{Linkage, Module},
    types::BasicMetadataTypeEnum,
    values::{AsValueRef, FunctionValue},
};

use crate::module_id::ModuleId;

/// A function that can be the body of a context.
pub(crate) struct Body {
    pub(crate) module: ModuleId,
    /// Its name for the linker.
    pub(crate) symbol: String,
    /// Its name in the module.
    pub(crate) name: String,
}

/// Adds the functions of a module that can be bodies of contexts to `bodies`. An internal function gets
/// an exported alias, so that its address can be looked up. The module must be optimised already: the
/// alias would keep the optimiser from removing the function.
pub(crate) fn name_bodies(id: ModuleId, module: &Module<'_>, bodies: &mut Vec<Body>) {
    let found: Vec<FunctionValue<'_>> =
        module.get_functions().filter(|f| f.count_basic_blocks() > 0 && can_be_body(*f)).collect();
    for (number, function) in found.into_iter().enumerate() {
        let name = function.get_name().to_string_lossy().into_owned();
        if !matches!(function.get_linkage(), Linkage::Internal | Linkage::Private) {
            bodies.push(Body { module: id, symbol: name.clone(), name });
            continue;
        }
        let symbol = format!("__stackswitch_body_{id}_{number}");
        let Ok(c_symbol) = CString::new(symbol.as_str()) else { continue };
        // SAFETY: module and function are alive, and the alias has the function's type.
        unsafe {
            let value = function.as_value_ref();
            let ty = LLVMGlobalGetValueType(value);
            LLVMAddAlias2(module.as_mut_ptr(), ty, 0, value, c_symbol.as_ptr());
        }
        bodies.push(Body { module: id, symbol, name });
    }
}

/// Whether a function has the parameters of a body: a pointer and the first value.
fn can_be_body(function: FunctionValue<'_>) -> bool {
    let ty = function.get_type();
    matches!(ty.get_param_types().as_slice(), [BasicMetadataTypeEnum::PointerType(_), _])
        && !ty.is_var_arg()
}
