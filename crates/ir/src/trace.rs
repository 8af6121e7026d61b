//! Where a value comes from, and where it goes.
//!
//! The passes run before LLVM has put local variables into registers, so a pointer that a program
//! keeps in a variable is followed through it where the variable holds nothing else.

use std::collections::HashSet;

use inkwell::llvm_sys::core::*;
use inkwell::llvm_sys::{LLVMIntPredicate, LLVMOpcode};

use super::{Call, Function, Instruction, Value};

/// How many uses of a value, or steps back from one, are looked at.
const MAX_STEPS: usize = 64;

impl<'m> Value<'m> {
    /// The instruction that it is, if it is one.
    pub fn as_instruction(self) -> Option<Instruction<'m>> {
        // SAFETY: the value belongs to a live module.
        let raw = unsafe { LLVMIsAInstruction(self.raw) };
        (!raw.is_null()).then(|| Instruction::new(self))
    }

    /// The instructions that use it; `None` where there are too many, or others use it.
    fn users(self) -> Option<Vec<Instruction<'m>>> {
        let mut users = Vec::new();
        // SAFETY: the value belongs to a live module, whose uses are not changed meanwhile.
        let mut next = unsafe { LLVMGetFirstUse(self.raw) };
        while !next.is_null() {
            // SAFETY: `next` is a use of a live value.
            let user = Value::new(unsafe { LLVMGetUser(next) });
            users.push(user.as_instruction()?);
            if users.len() > MAX_STEPS {
                return None;
            }
            // SAFETY: as above.
            next = unsafe { LLVMGetNextUse(next) };
        }
        Some(users)
    }

    /// The value that it is a copy of: through casts, and through memory that is written once.
    pub fn origin(self) -> Value<'m> {
        let mut value = self;
        for _ in 0..MAX_STEPS {
            let Some(instruction) = value.as_instruction() else { break };
            value = match instruction.opcode() {
                LLVMOpcode::LLVMBitCast | LLVMOpcode::LLVMFreeze => instruction.operand(0),
                LLVMOpcode::LLVMLoad if instruction.is_plain_load() => {
                    match instruction.operand(0).only_stored() {
                        Some(stored) if stored.ty() == value.ty() => stored,
                        _ => break,
                    }
                }
                _ => break,
            };
        }
        value
    }

    /// What is stored in this variable, if that happens in one place and nothing else knows its
    /// address.
    pub fn only_stored(self) -> Option<Value<'m>> {
        // SAFETY: the value belongs to a live module.
        if unsafe { LLVMIsAAllocaInst(self.raw).is_null() } {
            return None;
        }
        let mut stored = None;
        for user in self.users()? {
            if user.is_plain_load() || is_lifetime_mark(user) {
                continue;
            }
            if !user.is_plain_store() || user.operand(1) != self || user.operand(0) == self {
                return None;
            }
            if stored.replace(user.operand(0)).is_some() {
                return None;
            }
        }
        stored
    }

    /// The value that a variable holds from which this was loaded, where the variable is this
    /// module's own and is written in one place.
    pub fn stored_globally(self) -> Option<Value<'m>> {
        let load = self.as_instruction().filter(|i| i.is_plain_load())?;
        let global = load.operand(0);
        // SAFETY: the value belongs to a live module.
        if unsafe { LLVMIsAGlobalVariable(global.raw).is_null() } || !Function(global).is_local() {
            return None;
        }
        let mut stored = None;
        for user in global.users()? {
            if user.is_plain_store() && user.operand(1) == global && user.operand(0) != global {
                if stored.replace(user.operand(0)).is_some() {
                    return None;
                }
            } else if !user.is_plain_load() {
                return None;
            }
        }
        stored
    }

    /// The local variable that this is certainly or possibly an address in.
    pub fn local_variable(self) -> Option<Instruction<'m>> {
        let (mut seen, mut open) = (HashSet::new(), vec![self]);
        while let Some(value) = open.pop() {
            let value = value.origin();
            if !seen.insert(value) || seen.len() > MAX_STEPS {
                continue;
            }
            let Some(instruction) = value.as_instruction() else { continue };
            match instruction.opcode() {
                LLVMOpcode::LLVMAlloca => return Some(instruction),
                LLVMOpcode::LLVMGetElementPtr | LLVMOpcode::LLVMAddrSpaceCast => {
                    open.push(instruction.operand(0));
                }
                LLVMOpcode::LLVMPHI => open.extend(instruction.operands()),
                LLVMOpcode::LLVMSelect => {
                    open.extend([instruction.operand(1), instruction.operand(2)]);
                }
                _ => {}
            }
        }
        None
    }

    /// The object that an address is in, as far as it can be followed.
    pub fn object(self) -> Value<'m> {
        let mut value = self.origin();
        for _ in 0..MAX_STEPS {
            match value.as_instruction() {
                Some(at) if at.opcode() == LLVMOpcode::LLVMGetElementPtr => {
                    value = at.operand(0).origin();
                }
                _ => break,
            }
        }
        value
    }
}

/// What is done with a pointer that is nothing but given to calls and compared with null.
#[derive(Clone, Debug, Default)]
pub struct PointerUses<'m> {
    /// The calls that are given it, with the index of the argument.
    pub given: Vec<(Call<'m>, usize)>,
    /// The comparisons, with what they give if it is not null.
    pub compared: Vec<(Instruction<'m>, bool)>,
}

impl<'m> Instruction<'m> {
    /// What is done with its latest result, a pointer, if that is nothing else. A variable that
    /// keeps it is followed.
    pub fn pointer_uses(self) -> Option<PointerUses<'m>> {
        let mut found = PointerUses::default();
        for user in self.value().users()? {
            if user.is_plain_store() && user.operand(0) == self.value() {
                let variable = user.operand(1);
                if variable.only_stored() != Some(self.value()) {
                    return None;
                }
                for load in variable.users()?.into_iter().filter(|u| u.is_plain_load()) {
                    // In a loop the variable may still hold the result of an earlier turn.
                    if self.reaches(load, Some(user)) {
                        return None;
                    }
                    for copy in load.value().users()? {
                        if load.reaches(self, Some(copy)) {
                            return None;
                        }
                        found.add(copy, load.value())?;
                    }
                }
            } else {
                found.add(user, self.value())?;
            }
        }
        Some(found)
    }

    /// What it gives if a value is not null, if it compares that with null.
    fn compares_with_null(self, value: Value<'m>) -> Option<bool> {
        if self.opcode() != LLVMOpcode::LLVMICmp {
            return None;
        }
        let other = if self.operand(0) == value { self.operand(1) } else { self.operand(0) };
        // SAFETY: the instruction is live and compares.
        let predicate = unsafe { LLVMGetICmpPredicate(self.value().raw) };
        match predicate {
            _ if !other.is_null() => None,
            LLVMIntPredicate::LLVMIntEQ => Some(false),
            LLVMIntPredicate::LLVMIntNE => Some(true),
            _ => None,
        }
    }
}

impl<'m> PointerUses<'m> {
    /// Adds a use of the pointer; `None` where it is used in another way.
    fn add(&mut self, user: Instruction<'m>, value: Value<'m>) -> Option<()> {
        if let Some(otherwise) = user.compares_with_null(value) {
            self.compared.push((user, otherwise));
            return Some(());
        }
        let call = user.call()?;
        if call.callee() == value {
            return None;
        }
        let before = self.given.len();
        for (index, arg) in call.args().into_iter().enumerate() {
            if arg == value && !self.given.contains(&(call, index)) {
                self.given.push((call, index));
            }
        }
        // Uses in operand bundles are of no known meaning; a second use of a call is found already.
        (self.given.len() > before || call.args().contains(&value)).then_some(())
    }
}

/// Whether it only says how long a variable is needed.
fn is_lifetime_mark(instruction: Instruction<'_>) -> bool {
    instruction
        .call()
        .and_then(|call| call.callee().as_function())
        .is_some_and(|callee| callee.name_bytes().starts_with(b"llvm.lifetime."))
}
