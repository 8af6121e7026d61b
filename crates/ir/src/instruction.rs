//! Instructions: what they do, their operands, and removing them.

use inkwell::llvm_sys::LLVMOpcode;
use inkwell::llvm_sys::core::*;

use crate::types::TypeKind;
use crate::wrappers::{Instruction, Value};

impl<'m> Instruction<'m> {
    /// The operation.
    pub(crate) fn opcode(self) -> LLVMOpcode {
        // SAFETY: the instruction is live.
        unsafe { LLVMGetInstructionOpcode(self.value().raw()) }
    }

    /// The operand number `index`, which must be below their count.
    pub(crate) fn operand(self, index: u32) -> Value<'m> {
        // SAFETY: the instruction is live and has that operand.
        Value::new(unsafe { LLVMGetOperand(self.value().raw(), index) })
    }

    /// All operands.
    pub fn operands(self) -> Vec<Value<'m>> {
        // SAFETY: the instruction is live.
        let count = unsafe { LLVMGetNumOperands(self.value().raw()) } as u32;
        (0..count).map(|i| self.operand(i)).collect()
    }

    /// Makes each operand that is `old` be `new`. Both must be pointers.
    pub fn replace_operand(self, old: Value<'m>, new: Value<'m>) {
        for (index, operand) in self.operands().into_iter().enumerate() {
            if operand == old {
                // SAFETY: the instruction is live and has that operand, which is a pointer too.
                unsafe { LLVMSetOperand(self.value().raw(), index as u32, new.raw()) }
            }
        }
    }

    /// The address and the value, if it is a store.
    pub fn stored(self) -> Option<(Value<'m>, Value<'m>)> {
        (self.opcode() == LLVMOpcode::LLVMStore).then(|| (self.operand(1), self.operand(0)))
    }

    /// The address, if it is a load that is not volatile.
    pub fn loaded(self) -> Option<Value<'m>> {
        self.is_plain_load().then(|| self.operand(0))
    }

    /// Whether it is a load that is not volatile.
    pub(crate) fn is_plain_load(self) -> bool {
        self.opcode() == LLVMOpcode::LLVMLoad && !self.is_volatile()
    }

    /// Whether it is a store that is not volatile.
    pub(crate) fn is_plain_store(self) -> bool {
        self.opcode() == LLVMOpcode::LLVMStore && !self.is_volatile()
    }

    fn is_volatile(self) -> bool {
        // SAFETY: the instruction is live and a load or a store.
        unsafe { LLVMGetVolatile(self.value().raw()) != 0 }
    }

    /// Whether it writes to memory and is not a call.
    pub fn writes(self) -> bool {
        use LLVMOpcode::{LLVMAtomicCmpXchg, LLVMAtomicRMW, LLVMStore, LLVMVAArg};
        matches!(self.opcode(), LLVMStore | LLVMAtomicRMW | LLVMAtomicCmpXchg | LLVMVAArg)
    }

    /// Whether it jumps to an address, or to a place that assembly chooses.
    pub fn is_computed_jump(self) -> bool {
        matches!(self.opcode(), LLVMOpcode::LLVMIndirectBr | LLVMOpcode::LLVMCallBr)
    }

    /// Whether it is a part of exception handling by funclets, as Windows has it.
    pub fn is_funclet(self) -> bool {
        use LLVMOpcode::{LLVMCatchPad, LLVMCatchSwitch, LLVMCleanupPad};
        matches!(self.opcode(), LLVMCatchPad | LLVMCleanupPad | LLVMCatchSwitch)
    }

    /// Whether it leaves its function: it returns, or resumes unwinding after a cleanup.
    pub fn leaves_function(self) -> bool {
        matches!(self.opcode(), LLVMOpcode::LLVMRet | LLVMOpcode::LLVMResume)
    }

    /// Whether it is integer or address arithmetic, or a PHI node.
    pub fn is_arithmetic_or_phi(self) -> bool {
        use LLVMOpcode::*;
        matches!(
            self.opcode(),
            LLVMAdd
                | LLVMSub
                | LLVMMul
                | LLVMUDiv
                | LLVMSDiv
                | LLVMURem
                | LLVMSRem
                | LLVMShl
                | LLVMLShr
                | LLVMAShr
                | LLVMAnd
                | LLVMOr
                | LLVMXor
                | LLVMTrunc
                | LLVMZExt
                | LLVMSExt
                | LLVMPtrToInt
                | LLVMIntToPtr
                | LLVMGetElementPtr
                | LLVMPHI
        )
    }

    /// Whether its result may be an address computed from an operand, rather than read from memory.
    pub fn may_forward_address(self) -> bool {
        let is_number = matches!(
            self.value().ty().kind(),
            TypeKind::Void | TypeKind::Integer(_) | TypeKind::Float(_)
        );
        self.opcode() != LLVMOpcode::LLVMLoad && !is_number
    }

    /// Makes every use of its result a use of `value`, which has the same type, and erases it. No
    /// copy of this wrapper may be used afterwards.
    pub fn replace_with(self, value: Value<'m>) {
        // SAFETY: the instruction is live, and the value has its type.
        unsafe { LLVMReplaceAllUsesWith(self.value().raw(), value.raw()) }
        self.erase();
    }

    /// Removes it from its function. Nothing may use its result, and no copy of this wrapper may be
    /// used afterwards.
    pub fn erase(self) {
        // SAFETY: the instruction is live and, as the caller sees to, unused.
        unsafe { LLVMInstructionEraseFromParent(self.value().raw()) }
    }
}
