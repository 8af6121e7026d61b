//! PHI nodes.

use inkwell::llvm_sys::core::*;

use crate::builder::Builder;
use crate::wrappers::{Instruction, Module, Phi, Type, Value};

impl<'m> Phi<'m> {
    /// A new PHI node at the start of a block, whose first instruction is `first`. It must be given
    /// a value for each predecessor of the block, by [`Phi::add_incoming`].
    pub fn before(module: Module<'m>, first: Instruction<'m>, ty: Type<'m>) -> Self {
        let builder = Builder::before_instruction(module, first);
        // SAFETY: the builder is at the start of a block.
        Phi::new(Value::new(unsafe { LLVMBuildPhi(builder.raw(), ty.raw(), c"".as_ptr()) }))
    }

    /// Gives it `value` for control that comes from the block with the terminator `end`.
    pub fn add_incoming(self, value: Value<'m>, end: Instruction<'m>) {
        // SAFETY: all are live and of one function; the value has the node's type.
        unsafe {
            let mut from = end.block();
            LLVMAddIncoming(self.value().raw(), &mut value.raw(), &mut from, 1);
        }
    }
}
