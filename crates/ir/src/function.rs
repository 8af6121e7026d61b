//! Functions: linkage, body, parameters, and the calls of them.

use std::collections::HashSet;
use std::ffi::CString;

use inkwell::llvm_sys::LLVMLinkage;
use inkwell::llvm_sys::core::*;
use inkwell::llvm_sys::prelude::*;

use crate::text::name_bytes;
use crate::wrappers::{Call, Function, Instruction, Module, Type, Value};

// SAFETY: these are functions of `cpp/debug_info.cc` and `cpp/linkage.cc`, with the types that they
// have there.
unsafe extern "C" {
    fn stackswitch_ir_describe(made: LLVMValueRef, like: LLVMValueRef);
    fn stackswitch_ir_is_exact(symbol: LLVMValueRef) -> bool;
    fn stackswitch_ir_is_interposable(symbol: LLVMValueRef) -> bool;
}

/// Whether other modules see a new function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linkage {
    /// They see it under its name.
    External,
    /// They do not see it.
    Local,
}

impl<'m> Function<'m> {
    /// Adds a function without a body. LLVM appends a number to the name if it is taken.
    pub fn add(module: Module<'m>, name: &str, ty: Type<'m>, linkage: Linkage) -> Self {
        let name: Vec<u8> = name.bytes().filter(|&b| b != 0).collect();
        // A name without zero bytes always makes a C string.
        let name = CString::new(name).unwrap_or_default();
        // SAFETY: the module is live and the type is a function type of its context.
        unsafe {
            let raw = LLVMAddFunction(module.raw(), name.as_ptr(), ty.raw());
            if linkage == Linkage::Local {
                LLVMSetLinkage(raw, LLVMLinkage::LLVMInternalLinkage);
            }
            Function::new(Value::new(raw))
        }
    }

    /// Its name, as the bytes that it is.
    pub fn name_bytes(self) -> &'m [u8] {
        // SAFETY: nothing in this crate renames a function.
        unsafe { name_bytes(self.value()) }
    }

    /// Its name. Bytes that are not UTF-8 are replaced.
    pub fn name(self) -> String {
        String::from_utf8_lossy(self.name_bytes()).into_owned()
    }

    /// Adds debug information: a function that the compiler made, in the file and at the line of
    /// `like`. Does nothing if `like` has no debug information.
    pub fn describe_like(self, like: Function<'m>) {
        // SAFETY: both are live functions of one module.
        unsafe { stackswitch_ir_describe(self.value().raw(), like.value().raw()) }
    }

    /// Its function type.
    pub fn ty(self) -> Type<'m> {
        // SAFETY: the function is live.
        Type::new(unsafe { LLVMGlobalGetValueType(self.value().raw()) })
    }

    /// Whether it has no body in this module.
    pub fn is_declaration(self) -> bool {
        // SAFETY: the function is live.
        unsafe { LLVMIsDeclaration(self.value().raw()) != 0 }
    }

    /// Whether other modules cannot see it.
    pub fn is_local(self) -> bool {
        // SAFETY: the function is live.
        let linkage = unsafe { LLVMGetLinkage(self.value().raw()) };
        matches!(linkage, LLVMLinkage::LLVMInternalLinkage | LLVMLinkage::LLVMPrivateLinkage)
    }

    /// Whether its body in this module is the one that will run: neither the linker nor the loader
    /// can put another one in its place.
    pub fn is_exact(self) -> bool {
        !self.is_declaration() && self.has_exact_definition()
    }

    /// Whether a copy of its body in this module may run instead of it: only a function that does
    /// the same can be put in its place.
    pub fn may_be_copied(self) -> bool {
        !self.is_declaration() && !self.is_interposable()
    }

    /// Whether its definition in this module is the one that the program uses.
    pub(crate) fn has_exact_definition(self) -> bool {
        // SAFETY: the function is live; an alias, about which `value.rs` asks, is a symbol too.
        unsafe { stackswitch_ir_is_exact(self.value().raw()) }
    }

    /// Whether a definition that does something else can take its place when the program is linked
    /// or loaded. This is LLVM's notion: weak symbols, and `-fsemantic-interposition`.
    pub(crate) fn is_interposable(self) -> bool {
        // SAFETY: the function is live; an alias, about which `value.rs` asks, is a symbol too.
        unsafe { stackswitch_ir_is_interposable(self.value().raw()) }
    }

    /// Whether it calls anything that may return more than once, see [`Call::may_return_twice`].
    pub fn calls_what_returns_twice(self) -> bool {
        self.walk().filter_map(Instruction::call).any(Call::may_return_twice)
    }

    /// Its calling convention, as LLVM numbers it; 0 is C's.
    pub fn calling_convention(self) -> u32 {
        // SAFETY: the function is live.
        unsafe { LLVMGetFunctionCallConv(self.value().raw()) }
    }

    /// The calls of it, in the module's order, and whether it is also used in another way.
    pub fn uses(self) -> (Vec<Call<'m>>, bool) {
        let (mut calls, mut otherwise_used) = (Vec::new(), false);
        // A call that has the function as callee and as argument has two uses of it.
        let mut seen = HashSet::new();
        // SAFETY: the function is live; the list of uses is not changed while it is walked.
        let mut next = unsafe { LLVMGetFirstUse(self.value().raw()) };
        while !next.is_null() {
            // SAFETY: `next` is a use of the live function.
            let user = Value::new(unsafe { LLVMGetUser(next) });
            match Call::from_value(user) {
                Some(call) if call.callee() == self.value() => {
                    otherwise_used |= call.args().contains(&self.value());
                    if seen.insert(call) {
                        calls.push(call);
                    }
                }
                _ => otherwise_used = true,
            }
            // SAFETY: `next` is a use of the live function.
            next = unsafe { LLVMGetNextUse(next) };
        }
        // LLVM lists the latest use first.
        calls.reverse();
        (calls, otherwise_used)
    }

    /// Whether it names a personality function: it can have code that handles exceptions.
    pub fn has_personality(self) -> bool {
        // SAFETY: the function is live.
        unsafe { LLVMHasPersonalityFn(self.value().raw()) != 0 }
    }

    /// Whether it names a garbage collector.
    pub fn has_collector(self) -> bool {
        // SAFETY: the function is live.
        unsafe { !LLVMGetGC(self.value().raw()).is_null() }
    }

    /// Whether nothing uses it.
    pub fn is_unused(self) -> bool {
        self.value().is_unused()
    }

    /// Makes every use of it a use of `other`.
    pub fn replace_all_uses_with(self, other: Function<'m>) {
        // SAFETY: both are live, of one module, and pointers to functions.
        unsafe { LLVMReplaceAllUsesWith(self.value().raw(), other.value().raw()) }
    }

    /// Removes it from its module. Nothing may use it, and no copy of this wrapper may be used
    /// afterwards.
    pub fn erase(self) {
        // SAFETY: the function is live and, as the caller sees to, unused.
        unsafe { LLVMDeleteFunction(self.value().raw()) }
    }

    /// Its parameters.
    pub fn params(self) -> Vec<Value<'m>> {
        // SAFETY: the function is live; indices are below the count.
        unsafe {
            (0..LLVMCountParams(self.value().raw()))
                .map(|i| Value::new(LLVMGetParam(self.value().raw(), i)))
                .collect()
        }
    }
}
