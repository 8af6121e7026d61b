//! Returns of functions that always switch.
//!
//! A CPU predicts a return by the calls before it. Behind a `swapcontext` the latest call is one of the
//! context that was left, so the return of a function that has switched is mispredicted unless both
//! contexts have called it from the same place. A jump is predicted by the jumps before it. So a function
//! that switches whenever it is called returns by a jump. So do functions that always call such a
//! function: the latest call is not theirs either.
//!
//! A function that only sometimes switches returns as ever. Without a switch its return is predicted,
//! and a jump would leave the entry of its call for the return of its caller.

use std::collections::HashSet;

use stackswitch_ir::{AttributePlace, Call, Function, Instruction, Module};

use super::eligibility::FunctionFacts;
use crate::cpu::JumpReturn;

/// LLVM's number of the code model in which a jump may not reach every function.
const LARGE_CODE_MODEL: u64 = 4;

/// The calling conventions of functions that may return by a jump: C's, and what LLVM makes of it for
/// functions that only the module calls.
const CONVENTIONS: [u32; 2] = [0, 8];

/// Makes functions that always make one of the switches return by a jump. Returns them.
pub(super) fn jump_back<'m>(
    module: Module<'m>,
    how: JumpReturn,
    switches: &HashSet<Call<'m>>,
) -> Vec<Function<'m>> {
    let is_marked = |function: &Function<'_>| {
        function.attribute(AttributePlace::Function, how.attribute).is_some()
    };
    // The attribute is there if the pass has run before, or if the program defines the symbol itself.
    if module.functions().iter().any(is_marked)
        || module.flag("Code Model") == Some(LARGE_CODE_MODEL)
    {
        return Vec::new();
    }
    let mut changed: HashSet<Function<'m>> = HashSet::new();
    let mut waiting: Vec<Function<'m>> = switches.iter().map(|call| call.caller()).collect();
    while let Some(function) = waiting.pop() {
        let switches_by = |instruction: &Instruction<'m>| {
            instruction.call().is_some_and(|call| {
                switches.contains(&call)
                    || call.callee().as_function().is_some_and(|f| changed.contains(&f))
            })
        };
        if changed.contains(&function)
            || !CONVENTIONS.contains(&function.calling_convention())
            || FunctionFacts::of(module, function).obstacle().is_some()
            || !always(function, switches_by)
        {
            continue;
        }
        function.add_attribute(module, AttributePlace::Function, how.attribute, 0);
        changed.insert(function);
        waiting.extend(function.uses().0.into_iter().map(|call| call.caller()));
    }
    if !changed.is_empty() {
        module.append_assembly(how.assembly);
    }
    changed.into_iter().collect()
}

/// Whether control meets one of these instructions on each way from the start of a function to where it
/// leaves, and there is such a way.
fn always<'m>(function: Function<'m>, meets: impl Fn(&Instruction<'m>) -> bool) -> bool {
    let blocks = function.blocks();
    let leaves = |i: &usize| blocks[*i].instructions.last().is_some_and(|l| l.leaves_function());
    let mut waiting: Vec<usize> = (0..blocks.len()).filter(leaves).collect();
    if waiting.is_empty() {
        return false;
    }
    let mut seen: HashSet<usize> = waiting.iter().copied().collect();
    while let Some(i) = waiting.pop() {
        if blocks[i].instructions.iter().any(&meets) {
            continue;
        }
        if i == 0 {
            return false;
        }
        waiting
            .extend(blocks[i].predecessors.iter().copied().filter(|&before| seen.insert(before)));
    }
    true
}
