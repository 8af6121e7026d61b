//! Calls: what is called, with which arguments, and under which conditions.

use inkwell::llvm_sys::LLVMTailCallKind;
use inkwell::llvm_sys::core::*;
use stackswitch_abi::intrinsics;

use crate::attributes::AttributePlace;
use crate::wrappers::{Call, Type, Value};

/// Functions of C that return twice. Compilers give them LLVM's attribute, but for `swapcontext`. IR
/// that was written by hand may lack it.
const RETURN_TWICE: [&[u8]; 12] = [
    b"setjmp",
    b"_setjmp",
    b"sigsetjmp",
    b"__sigsetjmp",
    b"savectx",
    b"vfork",
    b"getcontext",
    b"swapcontext",
    b"stackswitch_ucontext_getcontext",
    b"stackswitch_ucontext_getcontext_sigmask",
    b"stackswitch_ucontext_swapcontext",
    b"stackswitch_ucontext_swapcontext_sigmask",
];

/// Intrinsics of LLVM's to which control comes back by a jump from elsewhere. They lack the
/// attribute.
const RETURN_BY_JUMP: [&[u8]; 2] = [b"llvm.eh.sjlj.setjmp", b"llvm.eh.sjlj.setup.dispatch"];

/// Whether a call ends its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallKind {
    /// A plain call.
    Call,
    /// An invoke or a `callbr`, which ends its block.
    Terminator,
}

impl<'m> Call<'m> {
    /// Whether it is a plain call.
    pub fn kind(self) -> CallKind {
        // SAFETY: the call is live.
        if unsafe { LLVMIsACallInst(self.value().raw()).is_null() } {
            CallKind::Terminator
        } else {
            CallKind::Call
        }
    }

    /// Whether it is an invoke.
    pub fn is_invoke(self) -> bool {
        // SAFETY: the call is live.
        unsafe { !LLVMIsAInvokeInst(self.value().raw()).is_null() }
    }

    /// The value that is called.
    pub fn callee(self) -> Value<'m> {
        // SAFETY: the call is live.
        Value::new(unsafe { LLVMGetCalledValue(self.value().raw()) })
    }

    /// Whether it calls an intrinsic of LLVM's that calls nothing in the program and never throws.
    pub fn is_leaf_intrinsic(self) -> bool {
        self.callee().as_function().is_some_and(|callee| {
            // SAFETY: the function is live.
            let is_intrinsic = unsafe { LLVMGetIntrinsicID(callee.value().raw()) } != 0;
            let has = |name| callee.attribute(AttributePlace::Function, name).is_some();
            is_intrinsic && has("nocallback") && has("nounwind")
        })
    }

    /// Whether it calls inline assembly.
    pub fn is_assembly(self) -> bool {
        // SAFETY: the callee is live.
        unsafe { !LLVMIsAInlineAsm(self.callee().raw()).is_null() }
    }

    /// Whether it must become a jump (`musttail`).
    pub fn is_musttail(self) -> bool {
        self.tail_kind() == LLVMTailCallKind::LLVMTailCallKindMustTail
    }

    /// The function type that it is called with. The callee may have another one.
    pub fn function_type(self) -> Type<'m> {
        // SAFETY: the call is live.
        Type::new(unsafe { LLVMGetCalledFunctionType(self.value().raw()) })
    }

    /// The arguments.
    pub fn args(self) -> Vec<Value<'m>> {
        let raw = self.value().raw();
        // SAFETY: the call is live; its arguments are its first operands.
        unsafe {
            (0..LLVMGetNumArgOperands(raw)).map(|i| Value::new(LLVMGetOperand(raw, i))).collect()
        }
    }

    /// The calling convention, as LLVM numbers it; 0 is C's.
    pub fn calling_convention(self) -> u32 {
        // SAFETY: the call is live.
        unsafe { LLVMGetInstructionCallConv(self.value().raw()) }
    }

    /// Sets the calling convention.
    pub fn set_calling_convention(self, convention: u32) {
        // SAFETY: the call is live.
        unsafe { LLVMSetInstructionCallConv(self.value().raw(), convention) }
    }

    /// Whether it may, must or must not become a jump.
    pub(crate) fn tail_kind(self) -> LLVMTailCallKind {
        if self.kind() == CallKind::Terminator {
            return LLVMTailCallKind::LLVMTailCallKindNone;
        }
        // SAFETY: the call is live and a plain call.
        unsafe { LLVMGetTailCallKind(self.value().raw()) }
    }

    /// Whether it is marked as a tail call: it does not access local variables of the caller.
    pub fn is_tail(self) -> bool {
        self.tail_kind() == LLVMTailCallKind::LLVMTailCallKindTail
    }

    /// Whether control may come back from it more than once, as from `setjmp`. The blocks of the
    /// function then do not show every order in which control gets to its instructions.
    pub fn may_return_twice(self) -> bool {
        if self.has_attribute(AttributePlace::Function, "returns_twice") {
            return true;
        }
        let Some(callee) = self.callee().as_function() else { return false };
        let name = callee.name_bytes();
        if RETURN_BY_JUMP.contains(&name) {
            return true;
        }
        // An operation of ours has the attribute only after it has been lowered.
        let operation = std::str::from_utf8(name).ok().and_then(intrinsics::named_operation);
        operation.is_some_and(|intrinsic| intrinsic.properties.captures)
            || (callee.is_declaration() && RETURN_TWICE.contains(&name))
    }

    /// Whether it has operand bundles.
    pub fn has_bundles(self) -> bool {
        // SAFETY: the call is live.
        unsafe { LLVMGetNumOperandBundles(self.value().raw()) != 0 }
    }

    /// Makes it call `callee`, which must have the function type of the call. Everything else of
    /// the call stays as it is.
    pub fn set_callee(self, callee: Value<'m>) {
        // SAFETY: the callee is the last operand of every kind of call, and has the right type.
        unsafe {
            let last = LLVMGetNumOperands(self.value().raw()) as u32 - 1;
            LLVMSetOperand(self.value().raw(), last, callee.raw());
        }
    }

    /// Replaces the argument number `index`, from 0, by a value of the same type.
    pub fn set_arg(self, index: u32, value: Value<'m>) {
        // SAFETY: the call is live and has such an argument.
        unsafe { LLVMSetOperand(self.value().raw(), index, value.raw()) }
    }

    /// Removes the markers by which a plain call may or must become a jump: control comes back to
    /// the instruction after it.
    pub fn forbid_jump(self) {
        // SAFETY: the call is live and a plain call.
        unsafe {
            LLVMSetTailCallKind(self.value().raw(), LLVMTailCallKind::LLVMTailCallKindNone);
        }
    }
}
