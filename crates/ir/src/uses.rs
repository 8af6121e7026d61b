//! The instructions that use a value.

use std::collections::HashSet;

use inkwell::llvm_sys::LLVMOpcode;
use inkwell::llvm_sys::core::*;

use crate::wrappers::{Instruction, Value};

impl<'m> Value<'m> {
    /// All instructions that use it, each once. `None` if anything else uses it.
    pub fn all_users(self) -> Option<Vec<Instruction<'m>>> {
        self.users_up_to(usize::MAX)
    }

    /// The instructions that use it, each once. `None` if it has more than `limit` uses, or if
    /// anything else uses it.
    pub(crate) fn users_up_to(self, limit: usize) -> Option<Vec<Instruction<'m>>> {
        let (mut users, mut seen, mut uses) = (Vec::new(), HashSet::new(), 0);
        // SAFETY: the value is live, and its uses are not changed meanwhile.
        let mut next = unsafe { LLVMGetFirstUse(self.raw()) };
        while !next.is_null() {
            uses += 1;
            if uses > limit {
                return None;
            }
            // SAFETY: `next` is a use of a live value.
            let user = Value::new(unsafe { LLVMGetUser(next) }).as_instruction()?;
            if seen.insert(user) {
                users.push(user);
            }
            // SAFETY: `next` is a use of a live value.
            next = unsafe { LLVMGetNextUse(next) };
        }
        Some(users)
    }
}

impl<'m> Instruction<'m> {
    /// Whether its result is used outside of `block`, the instructions of its own block, or by a
    /// PHI node, which needs its operands at the end of another block.
    pub fn is_needed_outside(self, block: &HashSet<Instruction<'m>>) -> bool {
        self.value().all_users().is_none_or(|users| {
            users.iter().any(|i| !block.contains(i) || i.opcode() == LLVMOpcode::LLVMPHI)
        })
    }
}
