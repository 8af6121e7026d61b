//! Instructions: where they are, and in which order control gets to them.

use std::collections::{HashMap, HashSet};

use inkwell::llvm_sys::LLVMOpcode;
use inkwell::llvm_sys::core::*;
use inkwell::llvm_sys::debuginfo::*;
use inkwell::llvm_sys::prelude::*;

use super::{Call, Function, Module, Type, Value, copy_text};
use crate::Location;

/// An instruction of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Instruction<'m>(Value<'m>);

/// How many blocks a question about the order looks at before it is given up.
const MAX_BLOCKS: usize = 1024;

impl<'m> Instruction<'m> {
    /// Wraps a value that is an instruction in a function.
    pub(super) fn new(value: Value<'m>) -> Self {
        Instruction(value)
    }

    /// As a value: its result.
    pub fn value(self) -> Value<'m> {
        self.0
    }

    /// The call that it is, if it is one.
    pub fn call(self) -> Option<Call<'m>> {
        Call::from_raw(self.0.raw())
    }

    /// The function that it is in.
    pub fn function(self) -> Function<'m> {
        // SAFETY: the instruction is live and in a function.
        Function(Value::new(unsafe { LLVMGetBasicBlockParent(self.block()) }))
    }

    /// Where the source says so, if there is debug information.
    pub fn location(self) -> Option<Location> {
        // SAFETY: the instruction is live; each piece of metadata is asked for what it has, and
        // LLVM keeps the text.
        unsafe {
            let location = LLVMInstructionGetDebugLoc(self.0.raw());
            if location.is_null() {
                return None;
            }
            let file = LLVMDIScopeGetFile(LLVMDILocationGetScope(location));
            if file.is_null() {
                return None;
            }
            let mut length = 0;
            let name = LLVMDIFileGetFilename(file, &mut length);
            Some(Location {
                file: copy_text(name, length as usize),
                line: LLVMDILocationGetLine(location),
                column: LLVMDILocationGetColumn(location),
            })
        }
    }

    /// Puts a value that is there already where the result was used, and removes the instruction,
    /// which must not be used again.
    pub fn fold(self, value: Value<'m>) {
        // SAFETY: the instruction is live, and the value has its type.
        unsafe { LLVMReplaceAllUsesWith(self.0.raw(), value.raw()) }
        self.erase();
    }

    /// Removes it. Its result is not used, and it must not be used again.
    pub fn erase(self) {
        // SAFETY: the instruction is live, and nothing uses it.
        unsafe { LLVMInstructionEraseFromParent(self.0.raw()) }
    }

    /// The address and the value, if it is a store.
    pub fn stored(self) -> Option<(Value<'m>, Value<'m>)> {
        (self.opcode() == LLVMOpcode::LLVMStore).then(|| (self.operand(1), self.operand(0)))
    }

    /// Whether it writes to memory and is no call.
    pub fn writes(self) -> bool {
        use LLVMOpcode::{LLVMAtomicCmpXchg, LLVMAtomicRMW, LLVMStore, LLVMVAArg};
        matches!(self.opcode(), LLVMStore | LLVMAtomicRMW | LLVMAtomicCmpXchg | LLVMVAArg)
    }

    /// The address, if it is a load.
    pub fn loaded(self) -> Option<Value<'m>> {
        self.is_plain_load().then(|| self.operand(0))
    }

    /// Whether it makes a local variable.
    pub fn is_alloca(self) -> bool {
        self.opcode() == LLVMOpcode::LLVMAlloca
    }

    /// Bytes of the local variable that it makes, if it makes one of a known size once a call.
    pub fn variable_size(self, module: Module<'m>) -> Option<u64> {
        // SAFETY: the instruction is live and, as the opcode says, makes a variable; the entry
        // block is that of its function.
        let (ty, is_entry) = unsafe {
            if !self.is_alloca() {
                return None;
            }
            let entry = LLVMGetEntryBasicBlock(self.function().value().raw());
            (Type::new(LLVMGetAllocatedType(self.0.raw())), entry == self.block())
        };
        let count = self.operand(0).as_integer().filter(|_| is_entry && ty.is_storable())?;
        ty.alloc_size(module).checked_mul(count)
    }

    /// Whether it is a jump to an address, or to a place that assembly chooses.
    pub fn is_computed_jump(self) -> bool {
        matches!(self.opcode(), LLVMOpcode::LLVMIndirectBr | LLVMOpcode::LLVMCallBr)
    }

    /// Whether it is a plain load.
    pub(super) fn is_plain_load(self) -> bool {
        // SAFETY: the instruction is live and a load where that is asked.
        self.opcode() == LLVMOpcode::LLVMLoad && unsafe { LLVMGetVolatile(self.0.raw()) == 0 }
    }

    /// Whether it is a plain store.
    pub(super) fn is_plain_store(self) -> bool {
        // SAFETY: the instruction is live and a store where that is asked.
        self.opcode() == LLVMOpcode::LLVMStore && unsafe { LLVMGetVolatile(self.0.raw()) == 0 }
    }

    /// What it does.
    pub(super) fn opcode(self) -> LLVMOpcode {
        // SAFETY: the instruction is live.
        unsafe { LLVMGetInstructionOpcode(self.0.raw()) }
    }

    /// An operand. The index must be below their count.
    pub(super) fn operand(self, index: u32) -> Value<'m> {
        // SAFETY: the instruction is live and the caller keeps to the count.
        Value::new(unsafe { LLVMGetOperand(self.0.raw(), index) })
    }

    /// All operands.
    pub fn operands(self) -> Vec<Value<'m>> {
        // SAFETY: the instruction is live.
        let count = unsafe { LLVMGetNumOperands(self.0.raw()) } as u32;
        (0..count).map(|i| self.operand(i)).collect()
    }

    pub(super) fn block(self) -> LLVMBasicBlockRef {
        // SAFETY: the instruction is live and in a block.
        unsafe { LLVMGetInstructionParent(self.0.raw()) }
    }

    fn next(self) -> Option<Self> {
        // SAFETY: the instruction is live and in a block.
        let raw = unsafe { LLVMGetNextInstruction(self.0.raw()) };
        (!raw.is_null()).then(|| Instruction(Value::new(raw)))
    }

    /// Whether control may get from right after it to `to` without passing `barrier`. Where that
    /// would take long to find out the answer is yes.
    pub fn reaches(self, to: Self, barrier: Option<Self>) -> bool {
        match scan(self.next(), to, barrier) {
            Scan::Found => true,
            Scan::Stopped => false,
            Scan::End => search(successors(self.block()), to, barrier),
        }
    }

    /// Whether control may get from the function's start to it without passing `barrier`, as in
    /// [`Instruction::reaches`].
    pub fn is_reached_without(self, barrier: Self) -> bool {
        // SAFETY: the function has a body, since it has an instruction.
        let entry = unsafe { LLVMGetEntryBasicBlock(self.function().value().raw()) };
        search(vec![entry], self, Some(barrier))
    }
}

/// How a look along a block ends.
enum Scan {
    /// At what was looked for.
    Found,
    /// At the barrier.
    Stopped,
    /// At the block's end.
    End,
}

/// Looks along a block.
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

/// Looks along blocks and what follows them.
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
    (!raw.is_null()).then(|| Instruction(Value::new(raw)))
}

fn successors(block: LLVMBasicBlockRef) -> Vec<LLVMBasicBlockRef> {
    // SAFETY: the block is one of a live function and ends with a terminator.
    unsafe {
        let end = LLVMGetBasicBlockTerminator(block);
        (0..LLVMGetNumSuccessors(end)).map(|i| LLVMGetSuccessor(end, i)).collect()
    }
}

impl<'m> Function<'m> {
    /// Its instructions, block by block, as a list that stays while the function is changed.
    pub fn instructions(self) -> Vec<Instruction<'m>> {
        self.walk().collect()
    }

    /// Its instructions, block by block. None may be added or erased meanwhile.
    pub fn walk(self) -> impl Iterator<Item = Instruction<'m>> {
        let some = |block: LLVMBasicBlockRef| (!block.is_null()).then_some(block);
        // SAFETY: the function is live.
        let entry = some(unsafe { LLVMGetFirstBasicBlock(self.0.raw()) });
        let blocks = std::iter::successors(entry, move |&block| {
            // SAFETY: the block is one of the live function, whose list is not changed meanwhile.
            some(unsafe { LLVMGetNextBasicBlock(block) })
        });
        blocks.flat_map(|block| std::iter::successors(first(block), |i| i.next()))
    }

    /// Its blocks.
    pub fn blocks(self) -> Vec<Block<'m>> {
        let mut found = Vec::new();
        // SAFETY: the function is live, and nothing is changed while its list is walked.
        let mut block = unsafe { LLVMGetFirstBasicBlock(self.0.raw()) };
        while !block.is_null() {
            found.push(block);
            // SAFETY: as above.
            block = unsafe { LLVMGetNextBasicBlock(block) };
        }
        let mut predecessors: HashMap<LLVMBasicBlockRef, Vec<usize>> = HashMap::new();
        for (i, &block) in found.iter().enumerate() {
            for next in successors(block) {
                predecessors.entry(next).or_default().push(i);
            }
        }
        found
            .into_iter()
            .map(|block| Block {
                instructions: std::iter::successors(first(block), |i| i.next()).collect(),
                predecessors: predecessors.remove(&block).unwrap_or_default(),
            })
            .collect()
    }
}

/// A block of a function.
#[derive(Clone, Debug)]
pub struct Block<'m> {
    /// Its instructions, in order.
    pub instructions: Vec<Instruction<'m>>,
    /// The blocks that control may come from, by their places in the function.
    pub predecessors: Vec<usize>,
}
