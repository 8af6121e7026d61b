//! The wrapper types: each is one pointer of LLVM's and the lifetime of the module's borrow.
//!
//! Only constructors and conversions are here. What a wrapper can do is in the modules named after
//! the subject.

use std::marker::PhantomData;

use inkwell::llvm_sys::LLVMOpcode;
use inkwell::llvm_sys::core::*;
use inkwell::llvm_sys::prelude::*;

/// A module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Module<'m> {
    raw: LLVMModuleRef,
    borrow: PhantomData<&'m ()>,
}

impl Module<'_> {
    /// Wraps a module of LLVM's.
    ///
    /// # Safety
    /// `raw` must be a live module. During `'m` nothing may change it but the wrappers that are
    /// made from the result.
    pub unsafe fn from_raw(raw: LLVMModuleRef) -> Self {
        Module { raw, borrow: PhantomData }
    }

    /// LLVM's pointer.
    pub fn raw(self) -> LLVMModuleRef {
        self.raw
    }

    /// The LLVM context that owns the module's types.
    pub fn context(self) -> LLVMContextRef {
        // SAFETY: `from_raw` was given a live module.
        unsafe { LLVMGetModuleContext(self.raw) }
    }
}

/// A type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Type<'m> {
    raw: LLVMTypeRef,
    borrow: PhantomData<&'m ()>,
}

impl Type<'_> {
    /// Wraps a type of a live LLVM context.
    pub(crate) fn new(raw: LLVMTypeRef) -> Self {
        Type { raw, borrow: PhantomData }
    }

    /// Wraps a type of LLVM's.
    ///
    /// # Safety
    /// `raw` must be a type of an LLVM context that is alive during `'m`.
    pub unsafe fn from_raw(raw: LLVMTypeRef) -> Self {
        Type::new(raw)
    }

    /// LLVM's pointer.
    pub fn raw(self) -> LLVMTypeRef {
        self.raw
    }

    /// The LLVM context that owns the type.
    pub fn context(self) -> LLVMContextRef {
        // SAFETY: the type is live.
        unsafe { LLVMGetTypeContext(self.raw) }
    }
}

/// Any value: a constant, a parameter, a function, the result of an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Value<'m> {
    raw: LLVMValueRef,
    borrow: PhantomData<&'m ()>,
}

impl<'m> Value<'m> {
    /// Wraps a value of a live module.
    pub(crate) fn new(raw: LLVMValueRef) -> Self {
        Value { raw, borrow: PhantomData }
    }

    /// Wraps a value of LLVM's.
    ///
    /// # Safety
    /// `raw` must be a value of a module, or a constant of an LLVM context, that is alive during
    /// `'m`.
    pub unsafe fn from_raw(raw: LLVMValueRef) -> Self {
        Value::new(raw)
    }

    /// LLVM's pointer.
    pub fn raw(self) -> LLVMValueRef {
        self.raw
    }

    /// Its type.
    pub fn ty(self) -> Type<'m> {
        // SAFETY: the value is live.
        Type::new(unsafe { LLVMTypeOf(self.raw) })
    }

    /// The instruction that it is the result of, if it is one.
    pub fn as_instruction(self) -> Option<Instruction<'m>> {
        // SAFETY: the value is live.
        let raw = unsafe { LLVMIsAInstruction(self.raw) };
        (!raw.is_null()).then(|| Instruction::new(self))
    }
}

/// A function, declared or defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Function<'m>(Value<'m>);

impl<'m> Function<'m> {
    /// Wraps a value that is a function.
    pub(crate) fn new(value: Value<'m>) -> Self {
        Function(value)
    }

    /// Wraps a function of LLVM's.
    ///
    /// # Safety
    /// `raw` must be a function of a module that is alive during `'m`.
    pub unsafe fn from_raw(raw: LLVMValueRef) -> Self {
        Function(Value::new(raw))
    }

    /// Its address, as a value.
    pub fn value(self) -> Value<'m> {
        self.0
    }
}

/// An instruction of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Instruction<'m>(Value<'m>);

impl<'m> Instruction<'m> {
    /// Wraps a value that is an instruction in a block of a function.
    pub(crate) fn new(value: Value<'m>) -> Self {
        Instruction(value)
    }

    /// Its result, as a value.
    pub fn value(self) -> Value<'m> {
        self.0
    }

    /// The call that it is, if it is one.
    pub fn call(self) -> Option<Call<'m>> {
        Call::from_value(self.0)
    }

    /// The function that it is in.
    pub fn function(self) -> Function<'m> {
        // SAFETY: the instruction is live and in a block of a function.
        Function(Value::new(unsafe { LLVMGetBasicBlockParent(self.block()) }))
    }

    /// The block that it is in.
    pub(crate) fn block(self) -> LLVMBasicBlockRef {
        // SAFETY: the instruction is live and in a block.
        unsafe { LLVMGetInstructionParent(self.0.raw) }
    }
}

/// A call, an invoke or a `callbr`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Call<'m>(Value<'m>);

impl<'m> Call<'m> {
    /// Wraps a value that is a call.
    pub(crate) fn new(value: Value<'m>) -> Self {
        Call(value)
    }

    /// The call that a value is the result of, if it is one.
    pub(crate) fn from_value(value: Value<'m>) -> Option<Self> {
        let raw = value.raw;
        // SAFETY: the value is live; the opcode is asked of instructions only.
        let is_call = unsafe {
            !LLVMIsACallInst(raw).is_null()
                || !LLVMIsAInvokeInst(raw).is_null()
                || (!LLVMIsAInstruction(raw).is_null()
                    && LLVMGetInstructionOpcode(raw) == LLVMOpcode::LLVMCallBr)
        };
        is_call.then_some(Call(value))
    }

    /// Its result, as a value.
    pub fn value(self) -> Value<'m> {
        self.0
    }

    /// The call as an instruction.
    pub fn instruction(self) -> Instruction<'m> {
        Instruction(self.0)
    }

    /// The function that it is in.
    pub fn caller(self) -> Function<'m> {
        self.instruction().function()
    }
}

/// A PHI node: a value that depends on the block that control comes from.
#[derive(Clone, Copy, Debug)]
pub struct Phi<'m>(Value<'m>);

impl<'m> Phi<'m> {
    /// Wraps a value that is a PHI node.
    pub(crate) fn new(value: Value<'m>) -> Self {
        Phi(value)
    }

    /// Its result, as a value.
    pub fn value(self) -> Value<'m> {
        self.0
    }
}
