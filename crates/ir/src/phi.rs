//! Phi nodes.

use inkwell::llvm_sys::core::*;

use super::{Instruction, Module, Type, Value};

/// A value that depends on where control has come from.
#[derive(Clone, Copy, Debug)]
pub struct Phi<'m>(Value<'m>);

impl<'m> Phi<'m> {
    /// A new one at the start of a block, whose first instruction is `first`. It has to be told of
    /// all ways there.
    pub fn before(module: Module<'m>, first: Instruction<'m>, ty: Type<'m>) -> Self {
        let builder = super::Builder::before_instruction(module, first);
        // SAFETY: the builder stands where a phi node may be.
        Phi(Value::new(unsafe { LLVMBuildPhi(builder.raw(), ty.raw(), c"".as_ptr()) }))
    }

    /// As a value.
    pub fn value(self) -> Value<'m> {
        self.0
    }

    /// Tells what it is where control comes from the block that ends with `end`.
    pub fn add(self, value: Value<'m>, end: Instruction<'m>) {
        // SAFETY: all are live and of one function; the value has the node's type.
        unsafe {
            let mut from = LLVMGetInstructionParent(end.value().raw());
            LLVMAddIncoming(self.0.raw(), &mut value.raw(), &mut from, 1);
        }
    }
}
