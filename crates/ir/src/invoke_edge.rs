//! The edge that control takes from an invoke whose callee has returned.

use inkwell::llvm_sys::core::*;
use inkwell::llvm_sys::debuginfo::*;
use inkwell::llvm_sys::prelude::*;

use crate::wrappers::Module;

/// The instruction to insert code before that runs right after an invoke has returned and at no
/// other time. If the edge's end has other predecessors, a new block on the edge is made for it.
/// `None` for a `callbr`.
///
/// # Safety
/// `invoke` must be a live terminator that calls.
pub(crate) unsafe fn after_invoke(
    module: Module<'_>,
    invoke: LLVMValueRef,
) -> Option<LLVMValueRef> {
    // SAFETY: the caller vouches for the instruction, whose blocks are live; the builder is freed
    // once.
    unsafe {
        if LLVMIsAInvokeInst(invoke).is_null() {
            return None;
        }
        let from = LLVMGetInstructionParent(invoke);
        let to = LLVMGetNormalDest(invoke);
        if predecessors(to) == 1 {
            return Some(first_after_phis(to));
        }
        let block = LLVMInsertBasicBlockInContext(module.context(), to, c"".as_ptr());
        let builder = LLVMCreateBuilderInContext(module.context());
        LLVMPositionBuilderAtEnd(builder, block);
        let branch = LLVMBuildBr(builder, to);
        LLVMInstructionSetDebugLoc(branch, LLVMInstructionGetDebugLoc(invoke));
        LLVMSetNormalDest(invoke, block);
        replace_incoming(builder, to, from, block);
        LLVMDisposeBuilder(builder);
        Some(branch)
    }
}

/// How many terminators go to a block.
///
/// # Safety
/// The block must be live.
unsafe fn predecessors(block: LLVMBasicBlockRef) -> usize {
    // SAFETY: the caller vouches for the block; its uses are live as long as nothing changes.
    unsafe {
        let uses = LLVMGetFirstUse(LLVMBasicBlockAsValue(block));
        std::iter::successors((!uses.is_null()).then_some(uses), |&previous| {
            let next = LLVMGetNextUse(previous);
            (!next.is_null()).then_some(next)
        })
        .filter(|&block_use| !LLVMIsATerminatorInst(LLVMGetUser(block_use)).is_null())
        .count()
    }
}

/// The first instruction of a block that is not a PHI node.
///
/// # Safety
/// The block must be live and have a terminator.
unsafe fn first_after_phis(block: LLVMBasicBlockRef) -> LLVMValueRef {
    // SAFETY: the caller vouches for the block; its terminator is not a PHI node.
    unsafe {
        let mut instruction = LLVMGetFirstInstruction(block);
        while !LLVMIsAPHINode(instruction).is_null() {
            instruction = LLVMGetNextInstruction(instruction);
        }
        instruction
    }
}

/// Replaces the predecessor `old` by `new` in the PHI nodes of `block`. LLVM's C interface cannot
/// change a PHI node, so each is made again.
///
/// # Safety
/// The builder and the blocks must be live and of one function.
unsafe fn replace_incoming(
    builder: LLVMBuilderRef,
    block: LLVMBasicBlockRef,
    old: LLVMBasicBlockRef,
    new: LLVMBasicBlockRef,
) {
    // SAFETY: the caller vouches for all; each PHI node is erased once, when nothing uses it.
    unsafe {
        let mut instruction = LLVMGetFirstInstruction(block);
        while !LLVMIsAPHINode(instruction).is_null() {
            let next = LLVMGetNextInstruction(instruction);
            LLVMPositionBuilderBefore(builder, instruction);
            let phi = LLVMBuildPhi(builder, LLVMTypeOf(instruction), c"".as_ptr());
            LLVMInstructionSetDebugLoc(phi, LLVMInstructionGetDebugLoc(instruction));
            for i in 0..LLVMCountIncoming(instruction) {
                let from = LLVMGetIncomingBlock(instruction, i);
                let mut from = if from == old { new } else { from };
                let mut value = LLVMGetIncomingValue(instruction, i);
                LLVMAddIncoming(phi, &mut value, &mut from, 1);
            }
            LLVMReplaceAllUsesWith(instruction, phi);
            LLVMInstructionEraseFromParent(instruction);
            instruction = next;
        }
    }
}
