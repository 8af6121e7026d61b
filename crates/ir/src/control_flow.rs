//! The order in which control gets to instructions.

use std::collections::{HashMap, HashSet};

use inkwell::llvm_sys::LLVMOpcode;
use inkwell::llvm_sys::core::*;
use inkwell::llvm_sys::prelude::*;

use crate::wrappers::{Function, Instruction, Value};

/// How many blocks a question about the order looks at before the answer is "maybe".
const MAX_BLOCKS: usize = 1024;

/// A block of a function.
#[derive(Clone, Debug)]
pub struct Block<'m> {
    /// Its instructions, in order. The last one is the terminator.
    pub instructions: Vec<Instruction<'m>>,
    /// The blocks that control may come from, as indices into [`Function::blocks`].
    pub predecessors: Vec<usize>,
}

impl<'m> Function<'m> {
    /// Its instructions, block by block. The list stays as it is when the function is changed.
    pub fn instructions(self) -> Vec<Instruction<'m>> {
        self.walk().collect()
    }

    /// Its instructions, block by block. None may be added or erased during the walk.
    pub fn walk(self) -> impl Iterator<Item = Instruction<'m>> {
        self.raw_blocks().flat_map(instructions_of)
    }

    /// Its blocks, in order. The lists stay as they are when the function is changed.
    pub fn blocks(self) -> Vec<Block<'m>> {
        let blocks: Vec<LLVMBasicBlockRef> = self.raw_blocks().collect();
        let mut predecessors: HashMap<LLVMBasicBlockRef, Vec<usize>> = HashMap::new();
        for (i, &block) in blocks.iter().enumerate() {
            for next in successors(block) {
                predecessors.entry(next).or_default().push(i);
            }
        }
        blocks
            .into_iter()
            .map(|block| Block {
                instructions: instructions_of(block).collect(),
                predecessors: predecessors.remove(&block).unwrap_or_default(),
            })
            .collect()
    }

    /// Its instructions from its start to the first place where control may take one of several
    /// ways, or has been before. None may be added or erased during the walk.
    pub fn walk_straight(self) -> impl Iterator<Item = Instruction<'m>> {
        let mut seen = HashSet::new();
        let follow = |&block: &LLVMBasicBlockRef| match successors(block)[..] {
            [next] => Some(next),
            _ => None,
        };
        std::iter::successors(self.raw_blocks().next(), follow)
            .take_while(move |&block| seen.insert(block))
            .flat_map(instructions_of)
    }

    /// Its blocks, as LLVM's pointers. None may be added or erased during the walk.
    fn raw_blocks(self) -> impl Iterator<Item = LLVMBasicBlockRef> {
        let non_null = |block: LLVMBasicBlockRef| (!block.is_null()).then_some(block);
        // SAFETY: the function is live.
        let entry = non_null(unsafe { LLVMGetFirstBasicBlock(self.value().raw()) });
        std::iter::successors(entry, move |&block| {
            // SAFETY: the block is one of the live function, whose list is not changed meanwhile.
            non_null(unsafe { LLVMGetNextBasicBlock(block) })
        })
    }
}

impl<'m> Instruction<'m> {
    /// The instruction after it in its block.
    fn next(self) -> Option<Self> {
        // SAFETY: the instruction is live and in a block.
        let raw = unsafe { LLVMGetNextInstruction(self.value().raw()) };
        (!raw.is_null()).then(|| Instruction::new(Value::new(raw)))
    }

    /// The instruction before it in its block.
    pub fn previous(self) -> Option<Self> {
        // SAFETY: the instruction is live and in a block.
        let raw = unsafe { LLVMGetPreviousInstruction(self.value().raw()) };
        (!raw.is_null()).then(|| Instruction::new(Value::new(raw)))
    }

    /// Whether control leaves its function here, by a return or by unwinding.
    pub fn is_exit(self) -> bool {
        // SAFETY: the instruction is live and in a block.
        let end = unsafe { LLVMGetBasicBlockTerminator(self.block()) };
        end == self.value().raw()
            && self.opcode() != LLVMOpcode::LLVMUnreachable
            && successors(self.block()).is_empty()
    }

    /// Whether control may get from right after it to `to` without passing `barrier`. The answer
    /// is yes where finding out would take long.
    pub fn reaches(self, to: Self, barrier: Option<Self>) -> bool {
        match scan(self.next(), to, barrier) {
            Scan::Found => true,
            Scan::Stopped => false,
            Scan::End => search(successors(self.block()), to, barrier),
        }
    }

    /// Whether control may get from the function's start to it without passing `barrier`. The
    /// answer is yes where finding out would take long.
    pub fn is_reached_without(self, barrier: Self) -> bool {
        // SAFETY: the function has a body, since it has an instruction.
        let entry = unsafe { LLVMGetEntryBasicBlock(self.function().value().raw()) };
        search(vec![entry], self, Some(barrier))
    }

    /// Whether it is in the first block of its function.
    pub fn is_in_entry(self) -> bool {
        // SAFETY: the function has a body, since it has an instruction.
        unsafe { LLVMGetEntryBasicBlock(self.function().value().raw()) == self.block() }
    }

    /// The terminators of the blocks for which a PHI node has `value`. `None` if it is not a PHI
    /// node.
    pub fn incoming_terminators(self, value: Value<'m>) -> Option<Vec<Instruction<'m>>> {
        if self.opcode() != LLVMOpcode::LLVMPHI {
            return None;
        }
        let operands = self.operands().into_iter().enumerate();
        let from_value = operands.filter(|&(_, operand)| operand == value);
        Some(
            from_value
                .map(|(index, _)| {
                    // SAFETY: a PHI node has a block for each operand, and in a module that LLVM
                    // accepts each block has a terminator.
                    Instruction::new(Value::new(unsafe {
                        let block = LLVMGetIncomingBlock(self.value().raw(), index as u32);
                        LLVMGetBasicBlockTerminator(block)
                    }))
                })
                .collect(),
        )
    }
}

/// How a look along a block ends.
enum Scan {
    /// At the instruction that was looked for.
    Found,
    /// At the barrier.
    Stopped,
    /// At the block's end.
    End,
}

/// Looks along a block for `to`, up to `barrier`.
fn scan<'m>(
    start: Option<Instruction<'m>>,
    to: Instruction<'m>,
    barrier: Option<Instruction<'m>>,
) -> Scan {
    let mut next = start;
    while let Some(instruction) = next {
        if instruction == to {
            return Scan::Found;
        }
        if Some(instruction) == barrier {
            return Scan::Stopped;
        }
        next = instruction.next();
    }
    Scan::End
}

/// Looks for `to` in `open` and in all blocks that control gets to from there, up to `barrier`.
fn search<'m>(
    mut open: Vec<LLVMBasicBlockRef>,
    to: Instruction<'m>,
    barrier: Option<Instruction<'m>>,
) -> bool {
    let mut seen = HashSet::new();
    while let Some(block) = open.pop() {
        if !seen.insert(block) {
            continue;
        }
        if seen.len() > MAX_BLOCKS {
            return true;
        }
        // Most blocks hold neither of the two.
        if block == to.block() || barrier.is_some_and(|b| b.block() == block) {
            match scan(first(block), to, barrier) {
                Scan::Found => return true,
                Scan::Stopped => continue,
                Scan::End => {}
            }
        }
        open.extend(successors(block));
    }
    false
}

fn first<'m>(block: LLVMBasicBlockRef) -> Option<Instruction<'m>> {
    // SAFETY: the block is one of a live function.
    let raw = unsafe { LLVMGetFirstInstruction(block) };
    (!raw.is_null()).then(|| Instruction::new(Value::new(raw)))
}

fn instructions_of<'m>(block: LLVMBasicBlockRef) -> impl Iterator<Item = Instruction<'m>> {
    std::iter::successors(first(block), |instruction| instruction.next())
}

/// The blocks that control may go to at the end of a block.
fn successors(block: LLVMBasicBlockRef) -> Vec<LLVMBasicBlockRef> {
    // SAFETY: the block is one of a live function; in a module that LLVM accepts it has a
    // terminator.
    unsafe {
        let end = LLVMGetBasicBlockTerminator(block);
        (0..LLVMGetNumSuccessors(end)).map(|i| LLVMGetSuccessor(end, i)).collect()
    }
}
