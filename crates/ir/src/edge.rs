//! The edge on which an invoke goes on when its callee has returned.

use inkwell::llvm_sys::core::*;
use inkwell::llvm_sys::debuginfo::*;
use inkwell::llvm_sys::prelude::*;

use super::Module;

/// The instruction before which stands what is to happen right after an invoke has returned, and
/// nowhere else: the first of a new block on that edge where the edge's end has other
/// predecessors. Nothing for a `callbr`.
///
/// # Safety
/// `invoke` must be a live terminator that calls.
pub(super) unsafe fn after_invoke(
    module: Module<'_>,
    invoke: LLVMValueRef,
) -> Option<LLVMValueRef> {
    // SAFETY: the caller vouches for the instruction; its blocks are those of its function.
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
        .filter(|&one| !LLVMIsATerminatorInst(LLVMGetUser(one)).is_null())
        .count()
    }
}

/// # Safety
/// The block must be live and have a terminator.
unsafe fn first_after_phis(block: LLVMBasicBlockRef) -> LLVMValueRef {
    // SAFETY: the caller vouches for the block; its terminator is no phi.
    unsafe {
        let mut instruction = LLVMGetFirstInstruction(block);
        while !LLVMIsAPHINode(instruction).is_null() {
            instruction = LLVMGetNextInstruction(instruction);
        }
        instruction
    }
}

/// Lets the phis of `block` know that control now comes from `new` where it came from `old`. LLVM's
/// C interface cannot change a phi, so each is made again.
///
/// # Safety
/// The builder and the blocks must be live and of one function.
unsafe fn replace_incoming(
    builder: LLVMBuilderRef,
    block: LLVMBasicBlockRef,
    old: LLVMBasicBlockRef,
    new: LLVMBasicBlockRef,
) {
    // SAFETY: the caller vouches for all; each phi is erased once, when nothing uses it.
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
