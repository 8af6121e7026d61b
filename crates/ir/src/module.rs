//! Modules: their functions, variables, flags and target.

use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char};

use inkwell::llvm_sys::LLVMModuleFlagBehavior::LLVMModuleFlagBehaviorOverride;
use inkwell::llvm_sys::core::*;
use inkwell::llvm_sys::prelude::LLVMModuleRef;
use inkwell::llvm_sys::target::{LLVMGetModuleDataLayout, LLVMPointerSize};

use crate::wrappers::{Function, Module, Type, Value};

// SAFETY: this is a function of `cpp/module_flags.cc`, with the types that it has there.
unsafe extern "C" {
    fn stackswitch_ir_remove_flag(module: LLVMModuleRef, name: *const c_char, length: usize);
}

impl<'m> Module<'m> {
    /// The functions whose name starts with `prefix`, in the module's order.
    pub fn functions_with_prefix(self, prefix: &str) -> Vec<Function<'m>> {
        let mut functions = self.functions();
        functions.retain(|function| function.name_bytes().starts_with(prefix.as_bytes()));
        functions
    }

    /// All functions, declared and defined, in the module's order.
    pub fn functions(self) -> Vec<Function<'m>> {
        let mut found = Vec::new();
        // SAFETY: the module is live.
        let mut next = unsafe { LLVMGetFirstFunction(self.raw()) };
        while !next.is_null() {
            found.push(Function::new(Value::new(next)));
            // SAFETY: `next` is a function of the live module.
            next = unsafe { LLVMGetNextFunction(next) };
        }
        found
    }

    /// The position of each function and each instruction in the module's order.
    pub fn positions(self) -> HashMap<Value<'m>, usize> {
        let mut positions = HashMap::new();
        for function in self.functions() {
            positions.insert(function.value(), positions.len());
            for instruction in function.instructions() {
                positions.insert(instruction.value(), positions.len());
            }
        }
        positions
    }

    /// The function called `name`, if there is one.
    pub fn function(self, name: &str) -> Option<Function<'m>> {
        let name = CString::new(name).ok()?;
        // SAFETY: the module is live, the name ends with a zero.
        let raw = unsafe { LLVMGetNamedFunction(self.raw(), name.as_ptr()) };
        (!raw.is_null()).then(|| Function::new(Value::new(raw)))
    }

    /// Whether a variable, an alias or an ifunc is called `name`.
    pub fn has_other_symbol(self, name: &str) -> bool {
        let Ok(c_name) = CString::new(name) else { return false };
        // SAFETY: the module is live, the name ends with a zero and its length is right.
        unsafe {
            !LLVMGetNamedGlobal(self.raw(), c_name.as_ptr()).is_null()
                || !LLVMGetNamedGlobalAlias(self.raw(), c_name.as_ptr(), name.len()).is_null()
                || !LLVMGetNamedGlobalIFunc(self.raw(), c_name.as_ptr(), name.len()).is_null()
        }
    }

    /// The variable called `name`, which another module defines. It is declared if it is not yet.
    /// `None` where the name is that of a function, an alias or an ifunc.
    pub fn external_variable(self, name: &str, ty: Type<'m>) -> Option<Value<'m>> {
        let c_name = CString::new(name).ok()?;
        // SAFETY: the module and the type are live, the name ends with a zero.
        unsafe {
            let found = LLVMGetNamedGlobal(self.raw(), c_name.as_ptr());
            if !found.is_null() {
                return Some(Value::new(found));
            }
            if self.function(name).is_some() || self.has_other_symbol(name) {
                return None;
            }
            Some(Value::new(LLVMAddGlobal(self.raw(), ty.raw(), c_name.as_ptr())))
        }
    }

    /// The target triple; empty if the module has none.
    pub fn triple(self) -> String {
        // SAFETY: the module is live and keeps the text, which ends with a zero.
        let text = unsafe { CStr::from_ptr(LLVMGetTarget(self.raw())) };
        text.to_string_lossy().into_owned()
    }

    /// The value of the module flag `name`, if it is an integer.
    pub fn flag(self, name: &str) -> Option<u64> {
        // SAFETY: the module is live and the name's length is right; metadata that wraps a value
        // has that value as its first operand.
        unsafe {
            let flag = LLVMGetModuleFlag(self.raw(), name.as_ptr().cast(), name.len());
            if flag.is_null() {
                return None;
            }
            let flag = LLVMMetadataAsValue(self.context(), flag);
            if LLVMIsAValueAsMetadata(flag).is_null() {
                return None;
            }
            Value::new(LLVMGetOperand(flag, 0)).as_integer()
        }
    }

    /// Sets the module flag `name` to 1. Linking with other modules keeps the 1. Returns whether
    /// the flag had another value or none before.
    pub fn set_flag(self, name: &str) -> bool {
        if self.flag(name) == Some(1) {
            return false;
        }
        // SAFETY: module and context are live and the name's length is right.
        unsafe {
            let one = LLVMConstInt(LLVMInt32TypeInContext(self.context()), 1, 0);
            LLVMAddModuleFlag(
                self.raw(),
                LLVMModuleFlagBehaviorOverride,
                name.as_ptr().cast(),
                name.len(),
                LLVMValueAsMetadata(one),
            );
        }
        true
    }

    /// Removes the module flag `name`, if there is one.
    pub fn remove_flag(self, name: &str) {
        // SAFETY: the module is live and the name's length is right.
        unsafe { stackswitch_ir_remove_flag(self.raw(), name.as_ptr().cast(), name.len()) };
    }

    /// Appends assembly that belongs to no function.
    pub fn append_assembly(self, text: &str) {
        // SAFETY: the module is live and the text's length is right.
        unsafe { LLVMAppendModuleInlineAsm(self.raw(), text.as_ptr().cast(), text.len()) };
    }

    /// Bytes of a pointer.
    pub fn pointer_size(self) -> u32 {
        // SAFETY: the module is live and owns the data layout.
        unsafe { LLVMPointerSize(LLVMGetModuleDataLayout(self.raw())) }
    }
}
