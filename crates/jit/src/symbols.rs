//! What a module of IR defines and uses, by name.

use std::collections::HashMap;

use inkwell::{
    llvm_sys::{LLVMLinkage, core::*, prelude::LLVMValueRef},
    module::Module,
};

use super::signature::Signature;
use stackswitch_ir as ir;

/// What a module has to do with a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It defines it, and nobody else may.
    Defines,
    /// It has a definition that gives way to others.
    Offers,
    /// It uses it.
    Uses,
}

/// A symbol that a module shares with others.
#[derive(Debug)]
pub(super) struct Symbol {
    /// Its name.
    pub(super) name: String,
    /// What the module has to do with it.
    pub(super) role: Role,
    /// Its type, where it is a function of IR that is defined here.
    pub(super) signature: Option<Signature>,
}

/// The symbols of a module that others can see, and those of others that it uses.
pub(super) fn list(module: &Module<'_>) -> Vec<Symbol> {
    let mut found: Vec<Symbol> = values(module)
        .filter_map(|value| Some((role(value)?, value)))
        .map(|(role, value)| Symbol { name: name(value), role, signature: None })
        .collect();
    // SAFETY: the module is borrowed, and nothing changes it meanwhile.
    let view = unsafe { ir::Module::from_raw(module.as_mut_ptr()) };
    for symbol in found.iter_mut().filter(|s| s.role != Role::Uses) {
        symbol.signature = view.function(&symbol.name).map(Signature::of);
    }
    found
}

/// Gives symbols other names.
pub(super) fn rename(module: &Module<'_>, names: &HashMap<String, String>) {
    if names.is_empty() {
        return;
    }
    let found: Vec<LLVMValueRef> = values(module).filter(|&v| role(v).is_some()).collect();
    for value in found {
        if let Some(new) = names.get(&name(value)) {
            // SAFETY: the value is a live global, and the length is the name's.
            unsafe { LLVMSetValueName2(value, new.as_ptr().cast(), new.len()) };
        }
    }
}

/// All functions, variables, aliases and resolvers.
fn values(module: &Module<'_>) -> impl Iterator<Item = LLVMValueRef> {
    let module = module.as_mut_ptr();
    // SAFETY: the module is alive, and each value is asked for the next one of its own kind.
    let chain = |first: LLVMValueRef, next: unsafe extern "C" fn(LLVMValueRef) -> LLVMValueRef| {
        std::iter::successors((!first.is_null()).then_some(first), move |&value| {
            // SAFETY: as above.
            let after = unsafe { next(value) };
            (!after.is_null()).then_some(after)
        })
    };
    // SAFETY: the module is alive.
    unsafe {
        chain(LLVMGetFirstFunction(module), LLVMGetNextFunction)
            .chain(chain(LLVMGetFirstGlobal(module), LLVMGetNextGlobal))
            .chain(chain(LLVMGetFirstGlobalAlias(module), LLVMGetNextGlobalAlias))
            .chain(chain(LLVMGetFirstGlobalIFunc(module), LLVMGetNextGlobalIFunc))
    }
}

fn name(value: LLVMValueRef) -> String {
    let mut length = 0;
    // SAFETY: the value is a live global, whose name has that length.
    let bytes = unsafe {
        let start = LLVMGetValueName2(value, &raw mut length);
        std::slice::from_raw_parts(start.cast::<u8>(), length)
    };
    String::from_utf8_lossy(bytes).into_owned()
}

/// What the module has to do with a global; `None` where others have nothing to do with it.
fn role(value: LLVMValueRef) -> Option<Role> {
    use LLVMLinkage::*;
    // SAFETY: the value is a live global.
    let (linkage, declared, unused) = unsafe {
        (LLVMGetLinkage(value), LLVMIsDeclaration(value) != 0, LLVMGetFirstUse(value).is_null())
    };
    let used = || (!unused && !name(value).starts_with("llvm.")).then_some(Role::Uses);
    match linkage {
        LLVMInternalLinkage | LLVMPrivateLinkage | LLVMAppendingLinkage => None,
        LLVMAvailableExternallyLinkage => used(),
        _ if declared => used(),
        LLVMWeakAnyLinkage
        | LLVMWeakODRLinkage
        | LLVMLinkOnceAnyLinkage
        | LLVMLinkOnceODRLinkage
        | LLVMCommonLinkage => Some(Role::Offers),
        _ => Some(Role::Defines),
    }
}
