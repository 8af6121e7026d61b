//! Inline assembly.

use inkwell::llvm_sys::LLVMInlineAsmDialect;
use inkwell::llvm_sys::core::*;

use super::{Type, Value};

/// A piece of inline assembly, in AT&T syntax. It has side effects and wants a stack that is aligned
/// as for a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assembly {
    /// The instructions, as LLVM's templates are written.
    pub text: String,
    /// Outputs, inputs and clobbers.
    pub constraints: String,
    /// Whether an exception may come out of it.
    pub throws: bool,
}

impl Assembly {
    /// As something that a call of this type can call.
    pub fn value<'m>(&self, ty: Type<'m>) -> Value<'m> {
        // SAFETY: the type is a function type that fits the constraints, as the passes see to;
        // lengths are those of the texts.
        Value::new(unsafe {
            LLVMGetInlineAsm(
                ty.raw(),
                self.text.as_ptr().cast(),
                self.text.len(),
                self.constraints.as_ptr().cast(),
                self.constraints.len(),
                1,
                1,
                LLVMInlineAsmDialect::LLVMInlineAsmDialectATT,
                self.throws.into(),
            )
        })
    }
}
