//! Where the address of a local variable gets to other code.

use std::collections::HashSet;

use inkwell::llvm_sys::LLVMOpcode;

use crate::attributes::AttributePlace;
use crate::wrappers::{Call, Instruction, Value};

/// How many uses are looked at before the address counts as given to other code.
const MAX_USES: usize = 1024;

/// The way in which an address gets to other code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposure<'m> {
    /// This call has the address while other code may run.
    Given(Instruction<'m>),
    /// From this instruction on other code may know the address: it is stored, or the callee keeps it.
    Kept(Instruction<'m>),
}

/// The code that has an address while a call with the address as an argument runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// No code: the operation copies the bytes and forgets the address.
    Nothing,
    /// The callee alone. Attributes say whether it keeps the address.
    Callee,
    /// The callee, and other code that runs meanwhile.
    OtherCode,
}

impl<'m> Value<'m> {
    /// The way in which this address of a local variable gets to other code, if it does.
    /// `reach` tells of a call's argument number which code has it. Uses are followed through casts,
    /// address computations, PHI nodes and selects.
    pub fn exposure(self, reach: &dyn Fn(Call<'m>, usize) -> Reach) -> Option<Exposure<'m>> {
        let (mut seen, mut open, mut looked_at) = (HashSet::new(), vec![self], 0);
        let mut kept = None;
        while let Some(address) = open.pop() {
            if !seen.insert(address) {
                continue;
            }
            let Some(users) = address.all_users() else {
                return self.as_instruction().map(Exposure::Given);
            };
            for user in users {
                looked_at += 1;
                if looked_at > MAX_USES {
                    return Some(Exposure::Given(user));
                }
                match effect(user, address, reach) {
                    Effect::None => {}
                    Effect::Follow => open.push(user.value()),
                    Effect::Given => return Some(Exposure::Given(user)),
                    Effect::Kept => kept = Some(Exposure::Kept(user)),
                }
            }
        }
        kept
    }
}

/// The effect of one use of an address.
enum Effect {
    None,
    /// The result is an address in the same variable.
    Follow,
    Given,
    Kept,
}

/// The effect of `user`, which has `address` as an operand.
fn effect<'m>(
    user: Instruction<'m>,
    address: Value<'m>,
    reach: &dyn Fn(Call<'m>, usize) -> Reach,
) -> Effect {
    use LLVMOpcode::*;
    match user.opcode() {
        // A function that returns the address of its variable has ended, and so has the variable.
        LLVMLoad | LLVMICmp | LLVMRet => Effect::None,
        LLVMStore if user.operand(0) != address => Effect::None,
        LLVMAtomicRMW if user.operand(1) != address => Effect::None,
        LLVMAtomicCmpXchg if user.operand(1) != address && user.operand(2) != address => {
            Effect::None
        }
        LLVMGetElementPtr | LLVMBitCast | LLVMAddrSpaceCast | LLVMFreeze | LLVMPHI | LLVMSelect => {
            Effect::Follow
        }
        _ => match user.call() {
            Some(call) => effect_of_call(call, address, reach),
            None => Effect::Kept,
        },
    }
}

fn effect_of_call<'m>(
    call: Call<'m>,
    address: Value<'m>,
    reach: &dyn Fn(Call<'m>, usize) -> Reach,
) -> Effect {
    if call.instruction().lifetime().is_some() {
        return Effect::None;
    }
    let args = call.args();
    let is_copied = |index: usize| call.has_attribute(AttributePlace::Param(index as u32), "byval");
    let passed: Vec<Reach> = (0..args.len())
        .filter(|&index| args[index] == address && !is_copied(index))
        .map(|index| reach(call, index))
        .collect();
    if passed.contains(&Reach::OtherCode) {
        return Effect::Given;
    }
    if passed.iter().all(|&reach| reach == Reach::Nothing) && !call.has_bundles() {
        return Effect::None;
    }
    if call.may_capture(address) {
        Effect::Kept
    } else if call.returns_argument(address) {
        Effect::Follow
    } else {
        Effect::None
    }
}
