//! Numbers on instructions: they stay with them through LLVM's passes, and copies have them too.

use inkwell::llvm_sys::core::*;
use inkwell::llvm_sys::prelude::*;

use super::{Instruction, Module, Type, Value};

/// The kind of metadata that holds the number.
const KIND: &str = "stackswitch.use";

impl<'m> Instruction<'m> {
    /// Gives it a number.
    pub fn mark(self, module: Module<'m>, number: u64) {
        let number = Value::integer(Type::size(module), number);
        // SAFETY: module, instruction and constant are live and of one context; the list has one
        // entry.
        unsafe {
            let mut operand = LLVMValueAsMetadata(number.raw());
            let node = LLVMMDNodeInContext2(module.context(), &mut operand, 1);
            let node = LLVMMetadataAsValue(module.context(), node);
            LLVMSetMetadata(self.value().raw(), self.kind(), node);
        }
    }

    /// Takes its number away.
    pub fn unmark(self) {
        // SAFETY: the instruction is live; null takes metadata away.
        unsafe { LLVMSetMetadata(self.value().raw(), self.kind(), std::ptr::null_mut()) }
    }

    /// Its number, if it has one.
    pub fn number(self) -> Option<u64> {
        // SAFETY: the instruction is live; a node of this kind may be anybody's, so its operands
        // are counted before they are fetched.
        unsafe {
            let node = LLVMGetMetadata(self.value().raw(), self.kind());
            if node.is_null() || LLVMGetMDNodeNumOperands(node) != 1 {
                return None;
            }
            let mut operand = std::ptr::null_mut();
            LLVMGetMDNodeOperands(node, &mut operand);
            if operand.is_null() { None } else { Value::new(operand).as_integer() }
        }
    }

    fn kind(self) -> u32 {
        // SAFETY: the instruction is live, and the name's length is right.
        unsafe {
            let context: LLVMContextRef = LLVMGetTypeContext(LLVMTypeOf(self.value().raw()));
            LLVMGetMDKindIDInContext(context, KIND.as_ptr().cast(), KIND.len() as u32)
        }
    }
}
