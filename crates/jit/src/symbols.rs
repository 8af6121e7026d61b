//! The symbols that a module of IR defines and uses.

use std::collections::HashMap;

use inkwell::{
    llvm_sys::{LLVMLinkage, core::*, prelude::LLVMValueRef},
    module::Module,
};

use stackswitch_ir as ir;

use crate::signature::Signature;

/// LLVM puts this before the name of a thread-local variable to name the variable's control, which is the
/// symbol that objects share. See [`thread_locals`](crate::thread_locals).
pub(crate) const THREAD_LOCAL_CONTROL: &str = "__emutls_v.";

/// How a module refers to a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The module defines the symbol, and no other module may.
    Defines,
    /// The module has a weak definition, which another definition replaces.
    Offers,
    /// The module uses the symbol.
    Uses,
}

/// A symbol that a module shares with other modules.
#[derive(Debug)]
pub(crate) struct Symbol {
    /// Its name.
    pub(crate) name: String,
    /// How the module refers to it.
    pub(crate) role: Role,
    /// Its type, if it is a function of IR that is defined here.
    pub(crate) signature: Option<Signature>,
    /// Whether it is a thread-local variable.
    pub(crate) thread_local: bool,
}

/// The symbols of a module that other modules can see, and the symbols of others that it uses.
pub(crate) fn list(module: &Module<'_>) -> Vec<Symbol> {
    let mut found: Vec<Symbol> = values(module)
        .filter_map(|value| Some((role(value)?, value)))
        .map(|(role, value)| {
            let thread_local = is_thread_local(value);
            Symbol { name: name(value), role, signature: None, thread_local }
        })
        .collect();
    // SAFETY: the module is borrowed, and nothing changes it while the view exists.
    let view = unsafe { ir::Module::from_raw(module.as_mut_ptr()) };
    for symbol in found.iter_mut().filter(|s| s.role != Role::Uses) {
        symbol.signature = view.function(&symbol.name).map(Signature::new);
    }
    found
}

/// Renames symbols of a module.
pub(crate) fn rename(module: &Module<'_>, names: &HashMap<String, String>) {
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

/// A thread-local variable that has another name besides its own, if there is one: an alias that other
/// modules can see. LLVM's emulation of thread-local variables has no aliases.
pub(crate) fn thread_local_alias(module: &Module<'_>) -> Option<String> {
    let is_alias = |value: &LLVMValueRef| {
        // SAFETY: the value is a live global.
        unsafe { !LLVMIsAGlobalAlias(*value).is_null() }
    };
    let shared = |value: &LLVMValueRef| role(*value).is_some_and(|role| role != Role::Uses);
    let found = values(module).find(|v| is_alias(v) && shared(v) && is_thread_local(*v));
    found.map(name)
}

fn is_thread_local(value: LLVMValueRef) -> bool {
    // SAFETY: the value is a live global; LLVM asks for a variable or an alias.
    unsafe { LLVMIsAFunction(value).is_null() && LLVMIsThreadLocal(value) != 0 }
}

/// All functions, variables, aliases and resolvers.
fn values(module: &Module<'_>) -> impl Iterator<Item = LLVMValueRef> {
    let module = module.as_mut_ptr();
    // SAFETY: the module is alive, and each value is asked for the next one of its own kind.
    let chain = |first: LLVMValueRef, next: unsafe extern "C" fn(LLVMValueRef) -> LLVMValueRef| {
        std::iter::successors((!first.is_null()).then_some(first), move |&value| {
            // SAFETY: the value is a live global, and `next` is the function for its kind.
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

/// How the module refers to a global; `None` if the global is internal or unused.
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
