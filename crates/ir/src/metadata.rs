//! Metadata that the passes leave: bounds on calls and functions, and numbers on instructions.

use inkwell::llvm_sys::core::*;
use inkwell::llvm_sys::prelude::*;

use crate::wrappers::{Call, Function, Instruction, Module, Type, Value};

/// The text that stands for "no bound".
const UNBOUNDED: &str = "unbounded";

/// The kind of metadata that holds the number of a use.
const USE_NUMBER: &str = "stackswitch.use";

impl<'m> Instruction<'m> {
    /// Whether it has metadata of the kind `name`.
    pub fn has_metadata(self, module: Module<'m>, name: &str) -> bool {
        // SAFETY: the instruction is live.
        unsafe { !LLVMGetMetadata(self.value().raw(), kind(module.context(), name)).is_null() }
    }

    /// Gives it metadata of the kind `name` with a bound, or `"unbounded"` for `None`. Returns
    /// whether that changed anything.
    pub fn set_metadata(self, module: Module<'m>, name: &str, bound: Option<u64>) -> bool {
        let kind = kind(module.context(), name);
        let node = bound_node(module, bound);
        // SAFETY: the instruction is live and in the node's context.
        unsafe {
            let old = LLVMGetMetadata(self.value().raw(), kind);
            if !old.is_null() && LLVMValueAsMetadata(old) == node {
                return false;
            }
            LLVMSetMetadata(self.value().raw(), kind, LLVMMetadataAsValue(module.context(), node));
        }
        true
    }
}

impl<'m> Call<'m> {
    /// As [`Instruction::set_metadata`].
    pub fn set_metadata(self, module: Module<'m>, name: &str, bound: Option<u64>) -> bool {
        self.instruction().set_metadata(module, name, bound)
    }
}

impl<'m> Function<'m> {
    /// Gives the function such metadata, as [`Instruction::set_metadata`] does.
    pub fn set_metadata(self, module: Module<'m>, name: &str, bound: Option<u64>) -> bool {
        let kind = kind(module.context(), name);
        let node = bound_node(module, bound);
        // SAFETY: the function is live and in the node's context; the list is as long as LLVM says
        // and is freed once.
        unsafe {
            let mut count = 0;
            let entries = LLVMGlobalCopyAllMetadata(self.value().raw(), &mut count);
            let found = (0..count as u32).any(|i| {
                LLVMValueMetadataEntriesGetKind(entries, i) == kind
                    && LLVMValueMetadataEntriesGetMetadata(entries, i) == node
            });
            LLVMDisposeValueMetadataEntries(entries);
            if found {
                return false;
            }
            LLVMGlobalSetMetadata(self.value().raw(), kind, node);
        }
        true
    }
}

impl<'m> Instruction<'m> {
    /// Gives it a number. LLVM's passes keep the number when they change or copy an instruction.
    pub fn set_use_number(self, module: Module<'m>, number: u64) {
        let number = Value::integer(Type::size(module), number);
        // SAFETY: module, instruction and constant are live and of one context; the list has one
        // entry.
        unsafe {
            let mut operand = LLVMValueAsMetadata(number.raw());
            let node = LLVMMDNodeInContext2(module.context(), &mut operand, 1);
            let node = LLVMMetadataAsValue(module.context(), node);
            LLVMSetMetadata(self.value().raw(), self.use_number_kind(), node);
        }
    }

    /// Removes its number.
    pub fn clear_use_number(self) {
        // SAFETY: the instruction is live; null removes metadata.
        unsafe {
            let none = std::ptr::null_mut();
            LLVMSetMetadata(self.value().raw(), self.use_number_kind(), none);
        }
    }

    /// Its number, if it has one.
    pub fn use_number(self) -> Option<u64> {
        // SAFETY: the instruction is live. Anybody may have made a node of this kind, so its
        // operands are counted before they are read.
        unsafe {
            let node = LLVMGetMetadata(self.value().raw(), self.use_number_kind());
            if node.is_null() || LLVMGetMDNodeNumOperands(node) != 1 {
                return None;
            }
            let mut operand = std::ptr::null_mut();
            LLVMGetMDNodeOperands(node, &mut operand);
            if operand.is_null() { None } else { Value::new(operand).as_integer() }
        }
    }

    fn use_number_kind(self) -> u32 {
        kind(self.value().ty().context(), USE_NUMBER)
    }
}

/// LLVM's number for a kind of metadata.
fn kind(context: LLVMContextRef, name: &str) -> u32 {
    // SAFETY: the context is live and the name's length is right.
    unsafe { LLVMGetMDKindIDInContext(context, name.as_ptr().cast(), name.len() as u32) }
}

/// A node that holds a bound, or the text for none.
fn bound_node(module: Module<'_>, bound: Option<u64>) -> LLVMMetadataRef {
    // SAFETY: the context is live; lengths are those of the text and the list.
    unsafe {
        let context = module.context();
        let mut part = match (bound, Type::integer(module, 64)) {
            (Some(bound), Some(ty)) => LLVMValueAsMetadata(Value::integer(ty, bound).raw()),
            _ => LLVMMDStringInContext2(context, UNBOUNDED.as_ptr().cast(), UNBOUNDED.len()),
        };
        LLVMMDNodeInContext2(context, &raw mut part, 1)
    }
}
