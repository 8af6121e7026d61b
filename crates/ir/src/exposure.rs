//! Where the address of a local variable gets to other code.

use std::cell::Cell;
use std::collections::HashSet;

use inkwell::llvm_sys::LLVMOpcode;

use crate::attributes::AttributePlace;
use crate::wrappers::{Call, Instruction, Value};

/// How many uses are looked at, in all functions together, before the address counts as given to other code.
const MAX_USES: usize = 1024;

/// How deep calls are followed into functions of the module that keep nothing of an address.
const MAX_DEPTH: usize = 4;

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

/// How far the uses of an address are followed.
#[derive(Clone, Copy)]
struct Limits<'c> {
    /// So many calls more.
    depth: usize,
    /// So many uses more.
    uses: &'c Cell<usize>,
}

impl Limits<'_> {
    /// Counts a use. Returns whether it may still be looked at.
    fn take_use(self) -> bool {
        let left = self.uses.get();
        self.uses.set(left.saturating_sub(1));
        left != 0
    }

    /// The limits in a function that is called; `None` if calls are followed no deeper.
    fn deeper(self) -> Option<Self> {
        Some(Limits { depth: self.depth.checked_sub(1)?, ..self })
    }
}

impl<'m> Value<'m> {
    /// The way in which this address of a local variable gets to other code, if it does.
    /// `reach` tells of a call's argument number which code has it. Uses are followed through casts,
    /// address computations, PHI nodes and selects.
    pub fn exposure(self, reach: &dyn Fn(Call<'m>, usize) -> Reach) -> Option<Exposure<'m>> {
        // A function that returns the address of its variable has ended, and so has the variable.
        self.exposure_at(reach, Limits { depth: MAX_DEPTH, uses: &Cell::new(MAX_USES) }).0
    }

    /// The same for an address that may be an argument, and whether its function may return it.
    fn exposure_at(
        self,
        reach: &dyn Fn(Call<'m>, usize) -> Reach,
        limits: Limits<'_>,
    ) -> (Option<Exposure<'m>>, bool) {
        let mut is_returned = false;
        let (mut seen, mut open) = (HashSet::new(), vec![self]);
        let mut kept = None;
        while let Some(address) = open.pop() {
            if !seen.insert(address) {
                continue;
            }
            let Some(users) = address.all_users() else {
                let at = address.as_instruction().or_else(|| self.as_instruction());
                return (at.map(Exposure::Given), true);
            };
            for user in users {
                if !limits.take_use() {
                    return (Some(Exposure::Given(user)), true);
                }
                match effect(user, address, reach, limits) {
                    Effect::None => {}
                    Effect::Follow => open.push(user.value()),
                    Effect::Returned => is_returned = true,
                    Effect::Given => return (Some(Exposure::Given(user)), true),
                    Effect::Kept => kept = Some(Exposure::Kept(user)),
                }
            }
        }
        (kept, is_returned)
    }
}

/// The effect of one use of an address.
enum Effect {
    None,
    /// The result is an address in the same variable.
    Follow,
    /// The function returns the address.
    Returned,
    Given,
    Kept,
}

/// The effect of `user`, which has `address` as an operand.
fn effect<'m>(
    user: Instruction<'m>,
    address: Value<'m>,
    reach: &dyn Fn(Call<'m>, usize) -> Reach,
    limits: Limits<'_>,
) -> Effect {
    use LLVMOpcode::*;
    match user.opcode() {
        LLVMRet => Effect::Returned,
        LLVMLoad | LLVMICmp => Effect::None,
        LLVMStore if user.operand(0) != address => Effect::None,
        LLVMAtomicRMW if user.operand(1) != address => Effect::None,
        LLVMAtomicCmpXchg if user.operand(1) != address && user.operand(2) != address => {
            Effect::None
        }
        LLVMGetElementPtr | LLVMBitCast | LLVMAddrSpaceCast | LLVMFreeze | LLVMPHI | LLVMSelect => {
            Effect::Follow
        }
        _ => match user.call() {
            Some(call) => effect_of_call(call, address, reach, limits),
            None => Effect::Kept,
        },
    }
}

fn effect_of_call<'m>(
    call: Call<'m>,
    address: Value<'m>,
    reach: &dyn Fn(Call<'m>, usize) -> Reach,
    limits: Limits<'_>,
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
        effect_of_body(call, address, reach, limits).unwrap_or(Effect::Kept)
    } else if call.returns_argument(address) {
        Effect::Follow
    } else {
        Effect::None
    }
}

/// The effect of a call of a function whose body is known, if the function keeps nothing of the address.
/// LLVM's attributes say less: they are missing at -O0, and a volatile access counts as a capture there.
fn effect_of_body<'m>(
    call: Call<'m>,
    address: Value<'m>,
    reach: &dyn Fn(Call<'m>, usize) -> Reach,
    limits: Limits<'_>,
) -> Option<Effect> {
    let callee = call.callee().as_function()?;
    let deeper = limits.deeper()?;
    // The assembly of a naked function uses arguments that no instruction names.
    let is_naked = callee.attribute(AttributePlace::Function, "naked").is_some();
    if call.has_bundles() || !callee.is_exact() || is_naked {
        return None;
    }
    let (args, params) = (call.args(), callee.params());
    let mut effect = Effect::None;
    for index in (0..args.len()).filter(|&index| args[index] == address) {
        // What variable arguments point to is read in ways that uses do not show.
        let param = params.get(index)?;
        param.all_users()?;
        match param.exposure_at(reach, deeper) {
            (Some(_), _) => return None,
            (None, true) => effect = Effect::Follow,
            (None, false) => {}
        }
    }
    Some(effect)
}
