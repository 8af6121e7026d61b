//! Copies of a value: which value a value is a copy of, and what is done with a pointer.
//!
//! The passes run before LLVM has put local variables into registers. A value that a program keeps
//! in a variable is therefore followed through the variable, if nothing else is stored there.

use std::collections::HashSet;

use inkwell::llvm_sys::core::*;
use inkwell::llvm_sys::{LLVMIntPredicate, LLVMOpcode};

use crate::wrappers::{Call, Function, Instruction, Value};

/// How many uses of a value, or steps from copy to original, are looked at.
const MAX_STEPS: usize = 64;

impl<'m> Value<'m> {
    /// The value that it is a copy of, through casts and through variables that are written once. A
    /// value that is no copy is its own origin.
    pub fn origin(self) -> Value<'m> {
        let mut value = self;
        for _ in 0..MAX_STEPS {
            let Some(instruction) = value.as_instruction() else { break };
            value = match instruction.opcode() {
                LLVMOpcode::LLVMBitCast | LLVMOpcode::LLVMFreeze => instruction.operand(0),
                LLVMOpcode::LLVMLoad if instruction.is_plain_load() => {
                    match instruction.operand(0).single_stored_value() {
                        Some(stored) if stored.ty() == value.ty() => stored,
                        _ => break,
                    }
                }
                _ => break,
            };
        }
        value
    }

    /// The value that is stored in this local variable, if one instruction stores to it and its
    /// address does not escape.
    pub fn single_stored_value(self) -> Option<Value<'m>> {
        // SAFETY: the value belongs to a live module.
        if unsafe { LLVMIsAAllocaInst(self.raw()).is_null() } {
            return None;
        }
        let mut stored = None;
        for user in self.users_up_to(MAX_STEPS)? {
            if user.is_plain_load() || user.lifetime().is_some() {
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

    /// The value that is stored in the global variable that this was loaded from, if no other module
    /// sees the variable and one instruction stores to it.
    pub fn single_global_value(self) -> Option<Value<'m>> {
        let load = self.as_instruction().filter(|i| i.is_plain_load())?;
        let global = load.operand(0);
        // SAFETY: the value belongs to a live module.
        if unsafe { LLVMIsAGlobalVariable(global.raw()).is_null() }
            || !Function::new(global).is_local()
        {
            return None;
        }
        let mut stored = None;
        for user in global.users_up_to(MAX_STEPS)? {
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

    /// A local variable that this may be an address in. `None` if none was found.
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

    /// The address that this one is computed from, as far back as it can be followed.
    pub fn base_object(self) -> Value<'m> {
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

/// The uses of a pointer that is only passed to calls and compared with null.
#[derive(Clone, Debug, Default)]
pub struct PointerUses<'m> {
    /// The calls that it is passed to, with the index of the argument.
    pub arguments: Vec<(Call<'m>, usize)>,
    /// The comparisons with null, with their results if it is not null.
    pub null_checks: Vec<(Instruction<'m>, bool)>,
}

impl<'m> Instruction<'m> {
    /// The uses of its latest result, a pointer, through a variable that keeps it too. `None` if it
    /// is used in any other way.
    pub fn pointer_uses(self) -> Option<PointerUses<'m>> {
        let mut found = PointerUses::default();
        for user in self.value().users_up_to(MAX_STEPS)? {
            if user.is_plain_store() && user.operand(0) == self.value() {
                let variable = user.operand(1);
                if variable.single_stored_value() != Some(self.value()) {
                    return None;
                }
                for load in
                    variable.users_up_to(MAX_STEPS)?.into_iter().filter(|u| u.is_plain_load())
                {
                    // In a loop the variable may still hold the result of an earlier iteration.
                    if self.reaches(load, Some(user)) {
                        return None;
                    }
                    for copy in load.value().users_up_to(MAX_STEPS)? {
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

    /// Erases the variables' stores and loads that only copy its result, a pointer, and that nothing
    /// else uses. A load that stays may be declared not to give null.
    pub fn forget_copies(self) {
        let stores = self.value().all_users().unwrap_or_default();
        for store in stores.into_iter().filter(|user| user.is_plain_store()) {
            let variable = store.operand(1);
            if variable.single_stored_value() != Some(self.value()) {
                continue;
            }
            let loads = variable.users_up_to(MAX_STEPS).unwrap_or_default();
            let mut is_read = false;
            for load in loads.into_iter().filter(|user| user.is_plain_load()) {
                match load.value().is_unused() {
                    true => load.erase(),
                    false => is_read = true,
                }
            }
            if !is_read {
                store.erase();
            }
        }
    }

    /// If it compares `value` with null: its result if `value` is not null.
    fn compares_with_null(self, value: Value<'m>) -> Option<bool> {
        if self.opcode() != LLVMOpcode::LLVMICmp {
            return None;
        }
        let other = if self.operand(0) == value { self.operand(1) } else { self.operand(0) };
        // SAFETY: the instruction is live and compares.
        let predicate = unsafe { LLVMGetICmpPredicate(self.value().raw()) };
        match predicate {
            _ if !other.is_null() => None,
            LLVMIntPredicate::LLVMIntEQ => Some(false),
            LLVMIntPredicate::LLVMIntNE => Some(true),
            _ => None,
        }
    }
}

impl<'m> PointerUses<'m> {
    /// Adds a use of the pointer. `None` if it is neither a call nor a comparison with null.
    fn add(&mut self, user: Instruction<'m>, value: Value<'m>) -> Option<()> {
        if let Some(result) = user.compares_with_null(value) {
            self.null_checks.push((user, result));
            return Some(());
        }
        let call = user.call()?;
        if call.callee() == value {
            return None;
        }
        let before = self.arguments.len();
        for (index, arg) in call.args().into_iter().enumerate() {
            if arg == value && !self.arguments.contains(&(call, index)) {
                self.arguments.push((call, index));
            }
        }
        // A use in an operand bundle may mean anything. A second use by one call is there already.
        (self.arguments.len() > before || call.args().contains(&value)).then_some(())
    }
}
