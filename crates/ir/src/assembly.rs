//! Inline assembly.

use inkwell::llvm_sys::LLVMInlineAsmDialect;
use inkwell::llvm_sys::core::*;

use crate::wrappers::{Type, Value};

/// A piece of inline assembly. On x86 it is in AT&T syntax.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assembly {
    /// The instructions, as a template of LLVM's.
    pub text: String,
    /// Outputs, inputs and clobbers, as LLVM writes them.
    pub constraints: String,
    /// Whether it does more than compute its outputs, and needs a stack that is aligned as for a
    /// call.
    pub has_effects: bool,
    /// Whether an exception may come out of it.
    pub throws: bool,
}

impl Assembly {
    /// The assembly as the callee of a call of type `ty`, which must fit the constraints.
    pub fn value<'m>(&self, ty: Type<'m>) -> Value<'m> {
        // SAFETY: the type is a function type that fits the constraints; lengths are those of the
        // texts.
        Value::new(unsafe {
            LLVMGetInlineAsm(
                ty.raw(),
                self.text.as_ptr().cast(),
                self.text.len(),
                self.constraints.as_ptr().cast(),
                self.constraints.len(),
                self.has_effects.into(),
                self.has_effects.into(),
                LLVMInlineAsmDialect::LLVMInlineAsmDialectATT,
                self.throws.into(),
            )
        })
    }
}
