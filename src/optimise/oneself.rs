//! The running context, where it is known: asking for it again, and switching to it.
//!
//! A context keeps its handle, but a clone of it goes on from the same switch with another one. So
//! what is known holds up to the next call that may switch.

use std::collections::HashSet;

use super::nosuspend::Facts;
use super::{Remark, forget};
use crate::ir::{CallKind, Function, Instruction, Value};
use crate::verify::{Index, Site};

/// What is known at one place of a function.
#[derive(Clone, Debug, Default)]
struct Known<'m> {
    /// The handle of the running context.
    current: Option<Value<'m>>,
    /// Copies of it.
    copies: HashSet<Value<'m>>,
    /// Variables that hold it.
    variables: HashSet<Value<'m>>,
}

impl<'m> Known<'m> {
    fn is_current(&self, value: Value<'m>) -> bool {
        self.current == Some(value) || self.copies.contains(&value)
    }
}

/// Works on one function. Returns whether anything changed.
pub(super) fn run<'m>(
    function: Function<'m>,
    index: &mut Index<'_, 'm>,
    facts: &Facts<'m>,
    tell: &mut dyn FnMut(Remark<'m>),
) -> bool {
    let mut changed = false;
    let blocks = function.blocks();
    let mut ends: Vec<Option<Known<'m>>> = vec![None; blocks.len()];
    for (i, block) in blocks.iter().enumerate() {
        let before = block.only_predecessor.and_then(|p| ends[p].clone());
        let mut known = before.unwrap_or_default();
        for &instruction in &block.instructions {
            changed |= step(instruction, &mut known, index, facts, tell);
        }
        ends[i] = Some(known);
    }
    changed
}

fn step<'m>(
    instruction: Instruction<'m>,
    known: &mut Known<'m>,
    index: &mut Index<'_, 'm>,
    facts: &Facts<'m>,
    tell: &mut dyn FnMut(Remark<'m>),
) -> bool {
    if let Some((address, value)) = instruction.stored() {
        if known.is_current(value) && address.only_stored() == Some(value) {
            known.variables.insert(address);
        }
        return false;
    }
    if let Some(address) = instruction.loaded() {
        if known.variables.contains(&address) {
            known.copies.insert(instruction.value());
        }
        return false;
    }
    let Some(call) = instruction.call() else { return false };
    if let Some(&site) = index.get(&call).filter(|_| call.kind() == CallKind::Call) {
        match (site.intrinsic.name, known.current) {
            ("current", Some(current)) => {
                tell(taken(site, "CurrentKnown", "the running context is known here already"));
                forget(index, site);
                call.fold(current);
                return true;
            }
            ("current", None) => {
                known.current = Some(instruction.value());
                return false;
            }
            // The form through memory has another shape.
            ("swap", _) if site.value_type.is_some() => {
                let args = call.args();
                if known.is_current(args[0]) {
                    tell(taken(
                        site,
                        "SwapToOneself",
                        "a switch to the running context is its value",
                    ));
                    forget(index, site);
                    call.fold(args[1]);
                    return true;
                }
                let target = args[0].origin().as_instruction().and_then(|i| i.call());
                if target.and_then(|t| index.get(&t)).is_some_and(|t| t.intrinsic.name == "current")
                {
                    let text = "this may not be a switch to the running context: another may \
                                have run since its handle was asked for, and have cloned it";
                    tell(Remark {
                        at: instruction,
                        taken: false,
                        name: "SwapToOneself",
                        text: text.to_owned(),
                    });
                }
            }
            _ => {}
        }
    }
    if facts.may_switch(call, index) {
        *known = Known::default();
    }
    false
}

fn taken<'m>(site: &Site<'m>, name: &'static str, text: &str) -> Remark<'m> {
    Remark { at: site.call.instruction(), taken: true, name, text: text.to_owned() }
}
