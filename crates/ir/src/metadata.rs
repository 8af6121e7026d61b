//! Metadata that the passes leave.

use inkwell::llvm_sys::core::*;
use inkwell::llvm_sys::prelude::*;

use super::{Call, Function, Module, Type, Value};

/// What a number that has no bound is written as.
const UNBOUNDED: &str = "unbounded";

impl<'m> Call<'m> {
    /// Gives the call metadata that holds a number, or `"unbounded"` for none. Returns whether that
    /// is new.
    pub fn set_metadata(self, module: Module<'m>, name: &str, number: Option<u64>) -> bool {
        let kind = kind(module, name);
        let node = node(module, number);
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

impl<'m> Function<'m> {
    /// Gives the function such metadata. Returns whether that is new.
    pub fn set_metadata(self, module: Module<'m>, name: &str, number: Option<u64>) -> bool {
        let kind = kind(module, name);
        let node = node(module, number);
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

/// LLVM's number for a kind of metadata.
fn kind(module: Module<'_>, name: &str) -> u32 {
    // SAFETY: the context is live and the name's length is right.
    unsafe { LLVMGetMDKindIDInContext(module.context(), name.as_ptr().cast(), name.len() as u32) }
}

/// A node that holds a number, or the word for none.
fn node(module: Module<'_>, number: Option<u64>) -> LLVMMetadataRef {
    // SAFETY: the context is live; lengths are those of the text and the list.
    unsafe {
        let context = module.context();
        let mut part = match (number, Type::integer(module, 64)) {
            (Some(number), Some(ty)) => LLVMValueAsMetadata(Value::integer(ty, number).raw()),
            _ => LLVMMDStringInContext2(context, UNBOUNDED.as_ptr().cast(), UNBOUNDED.len()),
        };
        LLVMMDNodeInContext2(context, &raw mut part, 1)
    }
}
